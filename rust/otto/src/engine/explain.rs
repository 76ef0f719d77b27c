//! Why a plugin was chosen.

use std::fmt;

use otto_plugin::bindings::app::Tuple;
use otto_plugin::host::{Detection, Selection};
use serde::Serialize;

use crate::plugins::Listed;

/// A plugin that was considered, and what became of it. It is shown as one sentence.
#[derive(Debug, Serialize)]
pub(super) struct Considered {
    /// `TYPE-NAME`.
    plugin: String,
    path: String,
    /// What it was considered by: a detector or a tuple of its own.
    by: String,
    /// None if it was chosen.
    because: Option<String>,
}

impl Considered {
    /// The detectors that match, the one that counts first.
    pub(super) fn of_detection(detection: &Detection<'_, &Listed>) -> Vec<Self> {
        let by = |kind: &str, priority: i32| {
            format!("a detector for {kind:?}, of the priority {priority}")
        };
        let chosen = detection.detected.iter().map(|it| {
            let detector = it.detector;
            Self::new(it.plugin, by(&detector.r#type, detector.priority), None)
        });
        let passed = detection.passed.iter().map(|it| {
            let detector = it.detector;
            let because = Some(it.because.to_string());
            Self::new(it.plugin, by(&detector.r#type, detector.priority), because)
        });
        chosen.chain(passed).collect()
    }

    /// The plugins that are for the application, the one that is used first.
    pub(super) fn of_selection(selection: &Selection<'_, &Listed>) -> Vec<Self> {
        let by =
            |Tuple { app, infra, flavor }: &Tuple| format!("its tuple ({app}, {infra}, {flavor})");
        let chosen = selection.chosen.iter();
        let chosen = chosen.map(|it| Self::new(it.plugin, by(it.tuple), None));
        let passed = selection
            .passed
            .iter()
            .map(|it| Self::new(it.plugin, by(it.tuple), Some(it.because.to_string())));
        chosen.chain(passed).collect()
    }

    fn new(plugin: &Listed, by: String, because: Option<String>) -> Self {
        let file = &plugin.ranked.file;
        Self {
            plugin: file.name.short(),
            path: file.path.to_string_lossy().into_owned(),
            by,
            because,
        }
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            plugin,
            path,
            by,
            because,
        } = self;
        match because {
            None => write!(f, "{plugin} is used for {by}: {path}"),
            Some(because) => {
                write!(
                    f,
                    "{plugin} is passed over with {by}, since {because}: {path}"
                )
            }
        }
    }
}
