//! The gems of an application: its Gemfile, those that it takes in, and the lock file.

use std::collections::{BTreeSet, VecDeque};

use crate::gemfile::{self, Evaluated, Gemfile};
use crate::lock::{self, Lock};
use crate::problem::{Problem, Reason, Remark, quoted};
use crate::source::Source;

/// No more Gemfiles than these are read for one application.
const GEMFILES_LIMIT: usize = 32;

/// What Bundler is told.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// `Gemfile`, or `gems.rb`.
    pub(crate) gemfile_name: &'static str,
    /// The lock file that belongs to it.
    pub(crate) lock_name: &'static str,
    /// With what the other Gemfiles say.
    pub(crate) gemfile: Gemfile,
    pub(crate) lock: Option<Lock>,
}

impl Bundle {
    /// Reads what there is. `None` if there is no Gemfile.
    pub(crate) fn read(
        source: &Source,
        remarks: &mut Vec<Remark>,
    ) -> Result<Option<Self>, Problem> {
        // Bundler prefers the newer name.
        for (gemfile_name, lock_name) in [("gems.rb", "gems.locked"), ("Gemfile", "Gemfile.lock")] {
            let Some(text) = source.read(gemfile_name)? else {
                continue;
            };
            let gemfile = with_others(source, gemfile::read(&text, gemfile_name)?)?;
            let lock = match source.read(lock_name)? {
                Some(text) => Some(lock::read(&text, lock_name)?),
                None => None,
            };
            let bundle = Self {
                gemfile_name,
                lock_name,
                gemfile,
                lock,
            };
            bundle.check(remarks)?;
            return Ok(Some(bundle));
        }
        Ok(None)
    }

    /// The names of the gems that the application runs with, as far as they are known.
    pub(crate) fn gems(&self) -> BTreeSet<String> {
        match &self.lock {
            Some(lock) => lock.gems.keys().cloned().collect(),
            None => {
                let asked = self.gemfile.gems.iter().filter(|gem| !gem.conditional);
                asked.map(|gem| gem.name.clone()).collect()
            }
        }
    }

    pub(crate) fn needs_git(&self) -> bool {
        self.gemfile.needs_git || self.lock.as_ref().is_some_and(|lock| lock.has_git)
    }

    /// Whether Bundler needs the sources of the application to install the gems.
    pub(crate) fn needs_sources(&self) -> bool {
        self.gemfile.needs_sources || self.lock.as_ref().is_some_and(|lock| lock.has_paths)
    }

    /// Looks for what Bundler would stumble over in the container.
    fn check(&self, remarks: &mut Vec<Remark>) -> Result<(), Problem> {
        let Some(lock) = &self.lock else {
            remarks.push(Remark::warning(
                format!(
                    "there is no {}, so the versions of the gems change from day to day",
                    quoted(self.lock_name)
                ),
                "run `bundle lock`, and commit the file that it writes",
            ));
            return Ok(());
        };
        let fits_linux = |platform: &String| platform == "ruby" || platform.contains("linux");
        if let Some(place) = &lock.platforms_place
            && !lock.platforms.iter().any(fits_linux)
        {
            return Err(Problem::invalid(
                format!(
                    "{} was written for {} only, and a container runs Linux",
                    quoted(self.lock_name),
                    quoted(&lock.platforms.join(", "))
                ),
                "run `bundle lock --add-platform x86_64-linux aarch64-linux`, and commit the file",
            )
            .at(place.clone()));
        }
        let missing = self
            .gemfile
            .gems
            .iter()
            .find(|gem| !gem.conditional && !lock.dependencies.contains(&gem.name));
        if let Some(gem) = missing {
            remarks.push(
                Remark::warning(
                    format!(
                        "{} asks for the gem {}, which {} does not have",
                        quoted(&gem.place.file),
                        quoted(&gem.name),
                        quoted(self.lock_name)
                    ),
                    "run `bundle lock`, and commit what it changes: Bundler refuses to install \
                     from files that disagree",
                )
                .at(gem.place.clone()),
            );
        }
        Ok(())
    }
}

/// Adds what the Gemfiles say that it takes in.
fn with_others(source: &Source, mut gemfile: Gemfile) -> Result<Gemfile, Problem> {
    let mut queue = VecDeque::from(std::mem::take(&mut gemfile.evaluated));
    let mut seen = BTreeSet::new();
    while let Some(next) = queue.pop_front() {
        if !seen.insert(next.path.clone()) {
            continue;
        }
        if seen.len() > GEMFILES_LIMIT {
            return Err(Problem::new(
                Reason::LimitExceeded,
                format!(
                    "{} Gemfiles are taken in, and the limit is {GEMFILES_LIMIT}",
                    seen.len()
                ),
                "write what they have in common into one",
            )
            .at(next.place));
        }
        let Some(text) = source
            .read(&next.path)
            .map_err(|problem| within(problem, &next))?
        else {
            if next.conditional {
                continue;
            }
            return Err(Problem::invalid(
                format!("there is no file {} to take in", quoted(&next.path)),
                "correct the path after `eval_gemfile`, which is relative to the application",
            )
            .at(next.place));
        };
        let other = gemfile::read(&text, &next.path).map_err(|problem| within(problem, &next))?;
        let in_doubt = next.conditional;
        gemfile.gems.extend(other.gems.into_iter().map(|mut gem| {
            gem.conditional |= in_doubt;
            gem
        }));
        if gemfile.ruby.is_none() && !in_doubt {
            gemfile.ruby = other.ruby;
        }
        gemfile.needs_git |= other.needs_git;
        queue.extend(other.evaluated.into_iter().map(|mut evaluated| {
            evaluated.conditional |= in_doubt;
            evaluated
        }));
    }
    Ok(gemfile)
}

/// A problem of a file that nobody would look at, had another one not named it.
fn within(problem: Problem, named: &Evaluated) -> Problem {
    let mut outer = Problem::new(
        problem.reason,
        format!("{} cannot be taken in", quoted(&named.path)),
        problem.help.clone(),
    )
    .at(named.place.clone());
    outer.causes.push(problem);
    outer
}
