//! Encrypting and decrypting, by age.

use std::io::{Read, Write};
use std::iter;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use zeroize::Zeroizing;

use super::error::CredentialsError;
use super::secrets::{BYTES_MAX, Secrets, too_large};
use crate::screen::Secret;

/// The most work that is done to open a file, as age has it: some 4 GiB of memory. It is fixed, so that
/// what a fast machine has sealed opens on one that is slow, or busy.
const WORK_MAX: u8 = 22;

/// Encrypts with a passphrase.
pub(super) fn seal(
    infra: &str,
    secrets: &Secrets,
    passphrase: &Secret,
    work_factor: Option<u8>,
) -> Result<Vec<u8>, CredentialsError> {
    let json = secrets.to_json(infra)?;
    let mut recipient = scrypt::Recipient::new(key(passphrase));
    if let Some(work_factor) = work_factor {
        recipient.set_work_factor(work_factor);
    }
    // It fails for want of a recipient, or if the buffer cannot be written to.
    let failed = |error: &dyn std::error::Error| CredentialsError::Damaged {
        infra: infra.to_owned(),
        reason: error.to_string(),
    };
    let encryptor =
        Encryptor::with_recipients(iter::once(&recipient as _)).map_err(|error| failed(&error))?;
    let mut sealed = Vec::new();
    encryptor
        .wrap_output(&mut sealed)
        .and_then(|mut writer| {
            writer.write_all(&json)?;
            writer.finish()
        })
        .map_err(|error| failed(&error))?;
    Ok(sealed)
}

/// Decrypts. What needs more work than [`WORK_MAX`] is refused.
pub(super) fn open(
    infra: &str,
    sealed: &[u8],
    passphrase: &Secret,
) -> Result<Secrets, CredentialsError> {
    let damaged = |reason: String| CredentialsError::Damaged {
        infra: infra.to_owned(),
        reason,
    };
    let mut identity = scrypt::Identity::new(key(passphrase));
    identity.set_max_work_factor(WORK_MAX);
    let reader = Decryptor::new_buffered(sealed)
        .and_then(|decryptor| decryptor.decrypt(iter::once(&identity as _)))
        .map_err(|error| match error {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
                CredentialsError::WrongPassphrase {
                    infra: infra.to_owned(),
                }
            }
            DecryptError::NoMatchingKeys => {
                damaged("they are not encrypted with a passphrase".into())
            }
            error => damaged(error.to_string()),
        })?;
    // Never grown: no copy is left behind.
    let mut json = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 1));
    reader
        .take(BYTES_MAX as u64 + 1)
        .read_to_end(&mut json)
        .map_err(|error| damaged(error.to_string()))?;
    match json.len() > BYTES_MAX {
        true => Err(too_large(infra, json.len())),
        false => Secrets::from_json(infra, &json),
    }
}

fn key(passphrase: &Secret) -> SecretString {
    passphrase.expose().to_owned().into()
}
