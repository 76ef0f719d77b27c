//! Secrets of infrastructures, such as the key of a cloud account: kept encrypted, and handed to a
//! plugin for a build or a deploy only.
//!
//! There is one file for each infrastructure, `credentials/NAME.age` in the directory of the
//! configuration: [age](https://age-encryption.org) with a passphrase, which is asked for once a
//! command and kept nowhere. `age --decrypt` opens it as well. Inside is JSON:
//! `{"format": 1, "values": {"KEY": "VALUE"}}`.
//!
//! A value is shown by no command, and is in no error, log, argument, variable or cache.

mod command;
mod crypt;
mod error;
mod file;
mod input;
mod name;
mod passphrase;
mod secrets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::places::Places;
use crate::screen::Secret;

pub(crate) use command::{Command, PassphraseFd, run};
pub(crate) use error::CredentialsError;
pub(crate) use passphrase::passphrase;
pub(crate) use secrets::Secrets;

/// The credentials of a user. Several processes may use them at once.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    directory: PathBuf,
    /// How much work a passphrase takes, as age has it. `None`: about a second on this machine.
    work_factor: Option<u8>,
}

impl Credentials {
    /// Finds them. Nothing needs to be there yet.
    pub(crate) fn open(places: &Places) -> Self {
        Self {
            directory: places.config().join("credentials"),
            work_factor: None,
        }
    }

    /// The infrastructures that have credentials, sorted. It needs no passphrase.
    pub(crate) fn names(&self) -> Result<Vec<String>, CredentialsError> {
        file::names(&self.directory)
    }

    /// Whether an infrastructure has credentials.
    pub(crate) fn has(&self, infra: &str) -> Result<bool, CredentialsError> {
        file::exists(&self.directory, infra)
    }

    /// Reads what an infrastructure has. It blocks the thread for about a second, which is what makes
    /// guessing a passphrase slow.
    pub(crate) fn load(
        &self,
        infra: &str,
        passphrase: &Secret,
    ) -> Result<Secrets, CredentialsError> {
        match file::read(&self.directory, infra)? {
            Some(sealed) => crypt::open(infra, &sealed, passphrase),
            None => Err(self.unknown(infra)),
        }
    }

    /// Adds `new` to what an infrastructure has, in the place of values with the same key. With
    /// `replace`, or if it has nothing yet, `new` is all there is after it, and the passphrase is the
    /// one from now on. Either all of it is kept, or nothing is changed. It answers what is there now.
    ///
    /// It blocks the thread for about two seconds, and while another process does the same.
    pub(crate) fn save(
        &self,
        infra: &str,
        passphrase: &Secret,
        new: Secrets,
        replace: bool,
    ) -> Result<Secrets, CredentialsError> {
        let locked = file::lock(&self.directory)?;
        let mut secrets = match locked.read(infra)? {
            Some(sealed) if !replace => crypt::open(infra, &sealed, passphrase)?,
            _ => Secrets::default(),
        };
        secrets.merge(new);
        let sealed = crypt::seal(infra, &secrets, passphrase, self.work_factor)?;
        locked.write(infra, &sealed)?;
        Ok(secrets)
    }

    /// Removes all that an infrastructure has. It needs no passphrase.
    pub(crate) fn remove(&self, infra: &str) -> Result<(), CredentialsError> {
        match file::lock(&self.directory)?.remove(infra)? {
            true => Ok(()),
            false => Err(self.unknown(infra)),
        }
    }

    /// An infrastructure has no credentials: which ones have?
    fn unknown(&self, infra: &str) -> CredentialsError {
        CredentialsError::Unknown {
            infra: infra.to_owned(),
            known: self.names().unwrap_or_default(),
        }
    }
}
