//! What a plugin says of itself, as it is kept and shown.
//!
//! These are the types of the protocol in JSON. They are types of their own, so that a field which the
//! protocol gains does not change what is shown to scripts, nor make what is kept unreadable.

use otto_plugin::bindings::app::{ContentPattern, Detector, Meta, Tuple};
use otto_plugin::bindings::handshake::{Limits, PluginInfo};
use serde::{Deserialize, Serialize};

/// What a plugin has answered to `connect`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    pub(crate) r#type: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) library: String,
    pub(crate) library_version: String,
    pub(crate) protocols: Vec<u16>,
    pub(crate) protocol: u16,
    pub(crate) features: Vec<String>,
    pub(crate) limits: Limited,
    pub(crate) cancel_grace_ms: u32,
}

/// What a plugin accepts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limited {
    pub(crate) message_bytes: u32,
    pub(crate) segments: u16,
    pub(crate) value_depth: u8,
    pub(crate) stream_chunk_bytes: u32,
    pub(crate) calls_in_flight: u16,
}

/// What a plugin has answered to `meta`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct For {
    pub(crate) tuples: Vec<Kind>,
    pub(crate) detectors: Vec<Recognises>,
}

/// A kind of application on a kind of infrastructure.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Kind {
    pub(crate) app: String,
    pub(crate) infra: String,
    pub(crate) flavor: String,
}

/// A way to recognise an application.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Recognises {
    pub(crate) r#type: String,
    pub(crate) priority: i32,
    pub(crate) file: Vec<String>,
    pub(crate) contents: Vec<Contents>,
}

/// A pattern for the contents of a file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Contents {
    pub(crate) file: String,
    pub(crate) pattern: String,
}

impl From<&PluginInfo> for Info {
    fn from(info: &PluginInfo) -> Self {
        let Limits {
            message_bytes,
            segments,
            value_depth,
            stream_chunk_bytes,
            calls_in_flight,
        } = info.limits;
        Self {
            r#type: info.r#type.clone(),
            name: info.name.clone(),
            version: info.version.clone(),
            library: info.library.clone(),
            library_version: info.library_version.clone(),
            protocols: info.protocols.clone(),
            protocol: info.protocol,
            features: info.features.clone(),
            limits: Limited {
                message_bytes,
                segments,
                value_depth,
                stream_chunk_bytes,
                calls_in_flight,
            },
            cancel_grace_ms: info.cancel_grace_ms,
        }
    }
}

impl From<Info> for PluginInfo {
    fn from(info: Info) -> Self {
        let Limited {
            message_bytes,
            segments,
            value_depth,
            stream_chunk_bytes,
            calls_in_flight,
        } = info.limits;
        Self {
            r#type: info.r#type,
            name: info.name,
            version: info.version,
            library: info.library,
            library_version: info.library_version,
            protocols: info.protocols,
            protocol: info.protocol,
            features: info.features,
            limits: Limits {
                message_bytes,
                segments,
                value_depth,
                stream_chunk_bytes,
                calls_in_flight,
            },
            cancel_grace_ms: info.cancel_grace_ms,
        }
    }
}

impl From<&Meta> for For {
    fn from(meta: &Meta) -> Self {
        let detectors = meta.detectors.iter().map(|it| Recognises {
            r#type: it.r#type.clone(),
            priority: it.priority,
            file: it.file.clone(),
            contents: it
                .contents
                .iter()
                .map(|it| Contents {
                    file: it.file.clone(),
                    pattern: it.pattern.clone(),
                })
                .collect(),
        });
        Self {
            tuples: meta.tuples.iter().map(Kind::from).collect(),
            detectors: detectors.collect(),
        }
    }
}

impl From<&Tuple> for Kind {
    fn from(tuple: &Tuple) -> Self {
        Self {
            app: tuple.app.clone(),
            infra: tuple.infra.clone(),
            flavor: tuple.flavor.clone(),
        }
    }
}

impl From<For> for Meta {
    fn from(meta: For) -> Self {
        let tuples = meta.tuples.into_iter().map(|it| Tuple {
            app: it.app,
            infra: it.infra,
            flavor: it.flavor,
        });
        let detectors = meta.detectors.into_iter().map(|it| Detector {
            r#type: it.r#type,
            priority: it.priority,
            file: it.file,
            contents: it
                .contents
                .into_iter()
                .map(|it| ContentPattern {
                    file: it.file,
                    pattern: it.pattern,
                })
                .collect(),
        });
        Self {
            tuples: tuples.collect(),
            detectors: detectors.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_says_survives_json() {
        let info = PluginInfo {
            r#type: "app".into(),
            name: "x".into(),
            version: "1.2".into(),
            library: "lib".into(),
            library_version: "3".into(),
            protocols: vec![2, 3],
            protocol: 2,
            features: vec!["terminal".into()],
            limits: Limits {
                message_bytes: 1,
                segments: 2,
                value_depth: 3,
                stream_chunk_bytes: 4,
                calls_in_flight: 5,
            },
            cancel_grace_ms: 6,
        };
        let json = serde_json::to_string(&Info::from(&info)).unwrap();
        let read: Info = serde_json::from_str(&json).unwrap();
        assert_eq!(PluginInfo::from(read), info);

        let meta = Meta {
            tuples: vec![Tuple {
                app: "a".into(),
                infra: "*".into(),
                flavor: "f".into(),
            }],
            detectors: vec![Detector {
                r#type: "a".into(),
                file: vec!["*.rb".into()],
                contents: vec![ContentPattern {
                    file: "Gemfile".into(),
                    pattern: "rails".into(),
                }],
                priority: -7,
            }],
        };
        let json = serde_json::to_string(&For::from(&meta)).unwrap();
        let read: For = serde_json::from_str(&json).unwrap();
        assert_eq!(Meta::from(read), meta);
    }
}
