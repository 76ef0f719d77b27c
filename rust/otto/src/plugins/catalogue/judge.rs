//! Which of the files that need trust have it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use otto_plugin::host::{FileHash, Found, HashError, PluginFile, Ranked, Standing};
use tokio::task;

use super::{Opening, TrustQuestion};
use crate::plugins::cache::Cache;
use crate::plugins::error::PluginsError;
use crate::plugins::trust::{Trust, TrustFile};
use crate::settings::TrustPolicy;

/// Decides about each file once, and only if that makes a difference.
pub(super) struct Judge<'a> {
    opening: &'a Opening<'a>,
    file: TrustFile,
    /// Read when it is needed first.
    trust: Option<Trust>,
    cache: &'a Cache,
    hashes: HashMap<PathBuf, Result<FileHash, HashError>>,
    decided: HashSet<PathBuf>,
    trusted: HashSet<PathBuf>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(opening: &'a Opening<'a>, file: TrustFile, cache: &'a Cache) -> Self {
        Self {
            opening,
            file,
            trust: None,
            cache,
            hashes: HashMap::new(),
            decided: HashSet::new(),
            trusted: HashSet::new(),
        }
    }

    /// Ranks what was found. The user is asked about the last file of each name first, and about an
    /// earlier one only if that one is not trusted.
    pub(super) async fn rank(&mut self, found: &Found) -> Result<Vec<Ranked>, PluginsError> {
        loop {
            let ranked = found.rank(|file| self.trusted.contains(&file.path));
            let undecided = ranked.chunk_by(|one, next| one.file.name == next.file.name);
            let undecided: Vec<_> = undecided
                .filter_map(|group| {
                    let last = group.iter().rfind(|it| {
                        it.standing == Standing::Untrusted && !self.decided.contains(&it.file.path)
                    });
                    let used = group.iter().find(|it| it.standing == Standing::Used);
                    last.map(|last| (&last.file, used.map(|used| used.file.path.clone())))
                })
                .collect();
            if undecided.is_empty() {
                return Ok(ranked);
            }
            for (file, instead) in undecided {
                if self.trusts(file, instead).await? {
                    self.trusted.insert(file.path.clone());
                }
                self.decided.insert(file.path.clone());
            }
        }
    }

    /// The hashes of the files that were decided about by what is in them.
    pub(super) fn hashes(self) -> HashMap<PathBuf, Result<FileHash, HashError>> {
        self.hashes
    }

    async fn trusts(
        &mut self,
        file: &PluginFile,
        instead: Option<PathBuf>,
    ) -> Result<bool, PluginsError> {
        if self.opening.policy == TrustPolicy::Always {
            return Ok(true);
        }
        let hash = self.hash(file).await;
        let known = hash.as_ref().ok().copied();
        self.hashes.insert(file.path.clone(), hash);
        let Some(hash) = known else {
            return Ok(false);
        };
        let trust = match self.trust.take() {
            Some(trust) => trust,
            None => self.file.read()?,
        };
        if self.trust.insert(trust).has(hash) {
            return Ok(true);
        }
        let (TrustPolicy::Ask, Some(ask)) = (self.opening.policy, self.opening.ask) else {
            return Ok(false);
        };
        let question = TrustQuestion {
            name: file.name.clone(),
            path: file.path.clone(),
            sha256: hash,
            instead,
        };
        if !ask(question).await {
            return Ok(false);
        }
        self.file.add(&file.path, hash)?;
        Ok(true)
    }

    async fn hash(&self, file: &PluginFile) -> Result<FileHash, HashError> {
        let Ok(identity) = file.identity else {
            return Err(HashError::Changed);
        };
        let kept = fs::canonicalize(&file.path)
            .ok()
            .and_then(|path| self.cache.read(&path, &identity)?.sha256);
        if let Some(hash) = kept {
            return Ok(hash);
        }
        let path = file.path.clone();
        task::spawn_blocking(move || FileHash::of(&path, &identity))
            .await
            .map_err(io::Error::from)?
    }
}
