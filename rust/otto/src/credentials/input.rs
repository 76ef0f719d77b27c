//! What is to be stored: typed at the terminal, or lines of standard input.

use std::io::{self, Read};
use std::thread;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::error::CredentialsError;
use super::secrets::{BYTES_MAX, Secrets};
use crate::screen::{Screen, Secret};

/// Asks for key after key, until the person gives none.
pub(super) async fn ask(screen: &Screen) -> Result<Secrets, CredentialsError> {
    let mut secrets = Secrets::default();
    loop {
        let key = screen
            .text("Key, such as AWS_SECRET_ACCESS_KEY (nothing to end)")
            .await?;
        let key = key.trim();
        if key.is_empty() {
            return Ok(secrets);
        }
        if let Some(reason) = wrong_key(key) {
            let key = key.to_owned();
            return Err(CredentialsError::Key { key, reason });
        }
        let value = screen.secret(&format!("Value of {key}")).await?;
        if !secrets.insert(key.to_owned(), value) {
            screen.warning(format!(
                "{key} was given already, and keeps its first value"
            ));
        }
    }
}

/// Reads lines of `KEY=VALUE`. Empty ones, and those that begin with `#`, are skipped. A value is
/// everything after the first `=`, as it stands.
pub(super) async fn read(input: impl Read + Send + 'static) -> Result<Secrets, CredentialsError> {
    let text = apart(|| all(input)).await;
    parse(&text.map_err(|source| CredentialsError::Input {
        max: BYTES_MAX as u64,
        source,
    })?)
}

/// Reads on a thread that nobody waits for: one that blocks for ever does not keep the program alive.
pub(super) async fn apart<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    thread::Builder::new()
        .name("otto-input".into())
        .spawn(move || {
            // Whoever asked may have gone away.
            let _ = answer.send(read());
        })?;
    answered.await.map_err(io::Error::other)?
}

fn all(input: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // Never grown: no copy is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 1));
    input.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.len() > BYTES_MAX {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(bytes),
    }
}

pub(super) fn parse(text: &[u8]) -> Result<Secrets, CredentialsError> {
    let mut secrets = Secrets::default();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let wrong = |reason| CredentialsError::Line {
            line: index + 1,
            reason,
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() || line.starts_with(b"#") {
            continue;
        }
        let line = std::str::from_utf8(line).map_err(|_| wrong("is not UTF-8"))?;
        let (key, value) = line.split_once('=').ok_or_else(|| wrong("has no `=`"))?;
        if let Some(reason) = wrong_key(key) {
            return Err(wrong(reason));
        }
        if !secrets.insert(key.to_owned(), Secret::new(value)) {
            return Err(wrong("has a key that an earlier line has"));
        }
    }
    Ok(secrets)
}

/// Says why a key cannot be used. It has to be one on a line of `KEY=VALUE` as well.
fn wrong_key(key: &str) -> Option<&'static str> {
    match key {
        "" => Some("has no key before its `=`"),
        key if key.starts_with('#') => Some("has a key that begins with `#`"),
        key if key.contains('=') => Some("has a key with `=` in it"),
        key if key.contains(|char: char| char.is_whitespace() || char.is_control()) => {
            Some("has a key with a space or a control character in it")
        }
        key if key.len() > 256 => Some("has a key of more than 256 bytes"),
        _ => None,
    }
}
