//! Where a passphrase comes from: the person at the terminal, or an inherited descriptor.

use std::fs::File;
use std::io::{self, Read};

use zeroize::Zeroizing;

use super::error::CredentialsError;
use super::input::apart;
use crate::screen::{Screen, Secret};

/// The longest passphrase, in bytes.
const BYTES_MAX: usize = 4096;

/// Gives the passphrase of an infrastructure's credentials: the first line on the descriptor `fd`, if
/// it is given, and else what the person types.
pub(crate) async fn passphrase(
    screen: &Screen,
    infra: &str,
    fd: Option<i32>,
) -> Result<Secret, CredentialsError> {
    match fd {
        Some(fd) => from_descriptor(fd).await,
        None => ask(screen, infra, "Passphrase for the credentials").await,
    }
}

/// Gives the passphrase for credentials that are stored for the first time: a person types it twice.
pub(super) async fn new_passphrase(
    screen: &Screen,
    infra: &str,
    fd: Option<i32>,
) -> Result<Secret, CredentialsError> {
    let passphrase = match fd {
        Some(fd) => from_descriptor(fd).await?,
        None => {
            let first = ask(screen, infra, "New passphrase for the credentials").await?;
            if !first.expose().is_empty() {
                let second = ask(
                    screen,
                    infra,
                    "The same passphrase again, for the credentials",
                )
                .await?;
                if first != second {
                    return Err(CredentialsError::Differ);
                }
            }
            first
        }
    };
    match passphrase.expose().is_empty() {
        true => Err(CredentialsError::EmptyPassphrase),
        false => Ok(passphrase),
    }
}

async fn ask(screen: &Screen, infra: &str, what: &str) -> Result<Secret, CredentialsError> {
    if !screen.can_ask() {
        return Err(CredentialsError::NoPassphrase {
            infra: infra.to_owned(),
        });
    }
    Ok(screen.secret(&format!("{what} of {infra}")).await?)
}

async fn from_descriptor(fd: i32) -> Result<Secret, CredentialsError> {
    let failed = |source| CredentialsError::PassphraseFd { fd, source };
    let bytes = apart(move || {
        // Never grown: no copy is left behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 1));
        let file = File::open(format!("/dev/fd/{fd}"))?;
        file.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = bytes.await.map_err(failed)?;
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match std::str::from_utf8(line) {
        Ok(line) if line.len() <= BYTES_MAX => Ok(Secret::new(line.trim_end_matches('\r'))),
        _ => Err(failed(io::ErrorKind::InvalidData.into())),
    }
}
