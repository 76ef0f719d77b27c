//! Which plugins the user trusts, though they lie where anybody may have put them.
//!
//! It stands in `trusted.toml`, in the directory of the configuration:
//!
//! ```toml
//! [[plugin]]
//! sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
//! path = "/home/me/shop/otto-app-shop"      # where it lay, for people
//! since = "2026-11-25T03:37:10Z"            # when it was trusted, for people
//! ```

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use miette::{Diagnostic, NamedSource, SourceSpan};
use otto_plugin::host::FileHash;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::replace::{Durability, make_private, replace};
use crate::places::Places;

/// How long another `otto` may take to change the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether that one is done.
const PAUSE: Duration = Duration::from_millis(20);

/// What stands at the beginning of the file.
const PREAMBLE: &str = "\
# The plugins that may be started though they lie in a project, by what is in them.
# `otto plugins trust` and `otto plugins untrust` write this file.

";

/// The file in which it stands. Nothing is kept in memory: each look is a new one.
#[derive(Clone, Debug)]
pub(crate) struct TrustFile {
    path: PathBuf,
    lock: PathBuf,
    /// How long another `otto` may take to change it.
    patience: Duration,
}

/// What the user trusts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trust {
    #[serde(default, rename = "plugin")]
    plugins: Vec<Trusted>,
}

/// A plugin that the user trusts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trusted {
    /// What is in it. This alone decides.
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    pub(crate) sha256: FileHash,
    /// Where it lay, for people.
    pub(crate) path: String,
    /// When it was trusted, for people.
    pub(crate) since: String,
}

/// Trust that cannot be read or changed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum TrustError {
    /// Others than the user can write to the file.
    #[error("others than you can write to {}: its owner is {owner}, and its mode {mode:04o}", path.display())]
    #[diagnostic(help("look at what stands in it; then run `chown $(id -u) {0}` and `chmod 600 {0}`", path.display()))]
    Exposed {
        path: PathBuf,
        owner: u32,
        mode: u32,
    },
    /// The file is not what it should be. It is left as it is.
    #[error("what you trust makes no sense: {message}")]
    #[diagnostic(help("correct the file, or remove it and trust your plugins anew"))]
    Invalid {
        message: String,
        #[source_code]
        file: NamedSource<Arc<str>>,
        #[label("here")]
        at: Option<SourceSpan>,
    },
    /// Another program holds the lock.
    #[error("another `otto` has been changing {} for {waited:?}", path.display())]
    #[diagnostic(help("wait for it, or end it"))]
    Locked { path: PathBuf, waited: Duration },
    /// The file cannot be read.
    #[error("what you trust, in {}, cannot be read", path.display())]
    #[diagnostic(help("make the file readable, or remove it and trust your plugins anew"))]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file cannot be written. It is as it was.
    #[error("what you trust, in {}, cannot be written", path.display())]
    #[diagnostic(help("make the directory writable, and see that there is room"))]
    Unwritable { path: PathBuf, source: io::Error },
}

impl Trust {
    /// Whether a file with these contents is trusted.
    pub(crate) fn has(&self, hash: FileHash) -> bool {
        self.plugins.iter().any(|it| it.sha256 == hash)
    }
}

impl TrustFile {
    pub(crate) fn of(places: &Places) -> Self {
        Self {
            path: places.config().join("trusted.toml"),
            lock: places.config().join("trusted.lock"),
            patience: PATIENCE,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it. Without the file, nothing is trusted.
    pub(crate) fn read(&self) -> Result<Trust, TrustError> {
        let unreadable = |source| TrustError::Unreadable {
            path: self.path.clone(),
            source,
        };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Trust::default()),
            Err(error) => return Err(unreadable(error)),
        };
        self.check(&file.metadata().map_err(unreadable)?)?;
        let text: Arc<str> = io::read_to_string(file).map_err(unreadable)?.into();
        toml::from_str(&text).map_err(|error| TrustError::Invalid {
            message: error.message().to_owned(),
            at: error.span().map(SourceSpan::from),
            file: NamedSource::new(self.path.to_string_lossy(), text),
        })
    }

    /// Trusts the file that lies at `path` and has this hash. Says whether that is new.
    pub(crate) fn add(&self, path: &Path, hash: FileHash) -> Result<bool, TrustError> {
        self.change(|trust| {
            let is_new = !trust.has(hash);
            if is_new {
                trust.plugins.push(Trusted {
                    sha256: hash,
                    path: path.to_string_lossy().into_owned(),
                    since: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
                });
            }
            is_new
        })
    }

    /// Trusts no longer what `which` says, and gives it.
    pub(crate) fn remove(
        &self,
        which: impl Fn(&Trusted) -> bool,
    ) -> Result<Vec<Trusted>, TrustError> {
        self.change(|trust| trust.plugins.extract_if(.., |it| which(it)).collect())
    }

    /// Changes it, while no other `otto` does. The file is written only if something is different.
    fn change<T>(&self, change: impl FnOnce(&mut Trust) -> T) -> Result<T, TrustError> {
        let unwritable = |source| TrustError::Unwritable {
            path: self.path.clone(),
            source,
        };
        // The lock is a file of its own, since the other one is replaced. It ends with `_lock`.
        let _lock = self.lock()?;
        let mut trust = self.read()?;
        let before = trust.plugins.clone();
        let result = change(&mut trust);
        if trust.plugins != before {
            let text =
                toml::to_string(&trust).map_err(|error| unwritable(io::Error::other(error)))?;
            let text = format!("{PREAMBLE}{text}");
            replace(&self.path, text.as_bytes(), Durability::Kept).map_err(unwritable)?;
        }
        Ok(result)
    }

    fn lock(&self) -> Result<File, TrustError> {
        let unwritable = |source| TrustError::Unwritable {
            path: self.lock.clone(),
            source,
        };
        if let Some(directory) = self.lock.parent() {
            make_private(directory).map_err(unwritable)?;
        }
        let mut open = OpenOptions::new();
        open.create(true).truncate(false).write(true).mode(0o600);
        let file = open.open(&self.lock).map_err(unwritable)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < self.patience => {
                    thread::sleep(PAUSE)
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(TrustError::Locked {
                        path: self.path.clone(),
                        waited: self.patience,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(unwritable(error)),
            }
        }
    }

    /// What others can write is not what the user has said.
    fn check(&self, metadata: &Metadata) -> Result<(), TrustError> {
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
        if owner == rustix::process::geteuid().as_raw() && mode & 0o022 == 0 {
            return Ok(());
        }
        Err(TrustError::Exposed {
            path: self.path.clone(),
            owner,
            mode,
        })
    }
}

fn write_hash<S: Serializer>(hash: &FileHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hash)
}

fn read_hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileHash, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests;
