//! The record of a deploy.

use std::collections::BTreeMap;

use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{DeployRecord, DeployState, Expect, Host, Lookup};

use crate::archive::Digest;
use crate::releases::{Release, Site};

/// What is recorded of the deploy that is running.
pub(super) struct Record<'a> {
    host: &'a Host,
    lookup: Lookup,
    pairs: BTreeMap<String, String>,
}

impl<'a> Record<'a> {
    pub(super) fn new(host: &'a Host, lookup: Lookup, site: &Site) -> Self {
        let mut record = Self {
            host,
            lookup,
            pairs: BTreeMap::new(),
        };
        record.set("path", site.current().to_string_lossy());
        record
    }

    /// Says which release it is.
    pub(super) fn release(&mut self, release: &Release) {
        self.set("release", release.to_string());
    }

    /// Says which archive it is.
    pub(super) fn archive(&mut self, digest: &Digest) {
        self.set("sha256", digest.sha256.as_str());
    }

    /// Says why it has failed.
    pub(super) fn error(&mut self, error: &Error) {
        self.set("error", error.message.as_str());
    }

    /// Stores it. Whoever holds the lock of the site is the only one to do so.
    pub(super) async fn put(&self, state: DeployState) -> Result<(), Error> {
        let record = DeployRecord {
            state,
            deploy: self.pairs.clone(),
            ..DeployRecord::default()
        };
        let lookup = self.lookup.clone();
        self.host
            .directory
            .put_deploy(lookup, record, Expect::Any)
            .await?;
        Ok(())
    }

    fn set(&mut self, key: &str, value: impl Into<String>) {
        self.pairs.insert(key.into(), value.into());
    }
}

/// One line about how a deploy went.
pub(super) fn describe(record: &DeployRecord) -> String {
    let pair = |key: &str| record.deploy.get(key);
    match record.state {
        DeployState::New => "it has begun, and is running or was killed".to_owned(),
        DeployState::Failed => match pair("error") {
            Some(error) => format!("it has failed: {error}"),
            None => "it has failed".to_owned(),
        },
        DeployState::Success => match pair("release") {
            Some(release) => format!("it has succeeded, with release {release}"),
            None => "it has succeeded".to_owned(),
        },
        _ => "nothing is known of it".to_owned(),
    }
}
