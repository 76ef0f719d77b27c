//! Credentials, from outside.

mod commands;
mod store;

use std::path::Path;

use super::{Credentials, Secrets};
use crate::screen::Secret;

/// A passphrase that opens in no time.
fn credentials(directory: &Path) -> Credentials {
    Credentials {
        directory: directory.join("credentials"),
        work_factor: Some(2),
    }
}

fn secrets(pairs: &[(&str, &str)]) -> Secrets {
    let mut secrets = Secrets::default();
    for (key, value) in pairs {
        assert!(secrets.insert((*key).to_owned(), Secret::new(*value)));
    }
    secrets
}

fn exposed(secrets: &Secrets) -> Vec<(&str, &str)> {
    secrets
        .iter()
        .map(|(key, value)| (key, value.expose()))
        .collect()
}

fn passphrase() -> Secret {
    Secret::new("correct horse")
}
