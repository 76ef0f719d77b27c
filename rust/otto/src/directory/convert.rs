//! Between the records of the schema and what is stored.

use std::fmt::Debug;

use otto_plugin::bindings::host::{
    BuildRecord, DeployRecord, DeployState, DevRecord, DevState, InfraRecord, InfraState,
};

use super::{Content, Record, StoreError};

impl TryFrom<InfraRecord> for Content {
    type Error = StoreError;

    fn try_from(record: InfraRecord) -> Result<Self, StoreError> {
        match record.state {
            InfraState::Unknown(_) => Err(unknown("InfraState", record.state)),
            state => Ok(Self {
                state: state.into(),
                pairs: record.outputs,
            }),
        }
    }
}

impl TryFrom<DevRecord> for Content {
    type Error = StoreError;

    fn try_from(record: DevRecord) -> Result<Self, StoreError> {
        match record.state {
            DevState::Unknown(_) => Err(unknown("DevState", record.state)),
            state => Ok(Self {
                state: state.into(),
                ..Self::default()
            }),
        }
    }
}

impl TryFrom<BuildRecord> for Content {
    type Error = StoreError;

    fn try_from(record: BuildRecord) -> Result<Self, StoreError> {
        Ok(Self {
            pairs: record.artifact,
            ..Self::default()
        })
    }
}

impl TryFrom<DeployRecord> for Content {
    type Error = StoreError;

    fn try_from(record: DeployRecord) -> Result<Self, StoreError> {
        match record.state {
            DeployState::Unknown(_) => Err(unknown("DeployState", record.state)),
            state => Ok(Self {
                state: state.into(),
                pairs: record.deploy,
            }),
        }
    }
}

/// It could be stored, but not be sent back.
fn unknown(what: &'static str, said: impl Debug) -> StoreError {
    StoreError::Unknown {
        what,
        said: format!("{said:?}"),
    }
}

impl From<Record> for InfraRecord {
    fn from(record: Record) -> Self {
        Self {
            stamp: record.stamp,
            state: record.content.state.into(),
            outputs: record.content.pairs,
        }
    }
}

impl From<Record> for DevRecord {
    fn from(record: Record) -> Self {
        Self {
            stamp: record.stamp,
            state: record.content.state.into(),
        }
    }
}

impl From<Record> for BuildRecord {
    fn from(record: Record) -> Self {
        Self {
            stamp: record.stamp,
            artifact: record.content.pairs,
        }
    }
}

impl From<Record> for DeployRecord {
    fn from(record: Record) -> Self {
        Self {
            stamp: record.stamp,
            state: record.content.state.into(),
            deploy: record.content.pairs,
        }
    }
}
