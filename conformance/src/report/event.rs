//! What happens in a run, in order. Every output is made from these events, and from nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalogue::{self, Case, Level};
use crate::verdict::{Reason, Verdict};

/// The version of the events. It is raised when a reader of the last one would misread them.
pub(crate) const VERSION: u32 = 1;

/// Something that happens.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    RunStarted(RunStarted),
    CaseStarted(CaseStarted),
    CaseEnded(Box<CaseEnded>),
    RunEnded(RunEnded),
}

/// What is tried, and with what: enough to do it again.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunStarted {
    pub(crate) format: &'static str,
    pub(crate) version: u32,
    /// The version of the suite.
    pub(crate) suite: &'static str,
    /// The version of the protocol.
    pub(crate) protocol: u16,
    pub(crate) plugin: Plugin,
    /// In the form in which `--seed` takes it.
    pub(crate) seed: String,
    /// The system and its kernel.
    pub(crate) os: String,
    /// When it started, in RFC 3339.
    pub(crate) time: String,
    /// How many cases are selected, and how many there are.
    pub(crate) cases: usize,
    pub(crate) of: usize,
    pub(crate) jobs: usize,
    pub(crate) timeout_scale: f64,
    pub(crate) strict: bool,
    /// The baseline file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<String>,
}

/// The plugin that is tried.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Plugin {
    /// As the user named it.
    pub(crate) named: String,
    pub(crate) path: String,
    pub(crate) sha256: String,
}

/// A case begins.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CaseStarted {
    pub(crate) case: String,
    /// 1, or 2 if it is run once more, alone.
    pub(crate) attempt: u32,
    /// Since the run started, in seconds.
    pub(crate) at: f64,
}

/// A case has ended.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CaseEnded {
    pub(crate) case: String,
    pub(crate) title: String,
    pub(crate) level: Level,
    pub(crate) rules: Vec<Rule>,
    pub(crate) attempt: u32,
    /// Whether this is what counts: the case is not run once more.
    pub(crate) last: bool,
    pub(crate) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<Reason>,
    /// Why the verdict is not simply what the plugin did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) details: Details,
}

/// A rule of the specification.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) sentence: String,
}

/// All that there is to tell of a case. What a plugin wrote has no control characters in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub(crate) did: Lines,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actual: Option<String>,
    /// What the suite could not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
    pub(crate) stderr: Lines,
    pub(crate) stdout: Lines,
    /// The first lines of what it wrote on SIGQUIT, and how many more there are.
    #[serde(skip_serializing_if = "Lines::is_empty")]
    pub(crate) stacks: Lines,
    pub(crate) wire: Lines,
    /// The directory of the artefacts, and what is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repro: Option<String>,
}

/// The last lines of something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lines {
    /// How many came before.
    pub(crate) earlier: usize,
    pub(crate) lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Since the start of the case, in seconds.
    pub(crate) at: f64,
    pub(crate) text: String,
}

/// What a case has left.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) directory: String,
    pub(crate) files: Vec<String>,
}

/// The run is over.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunEnded {
    pub(crate) outcome: Outcome,
    pub(crate) exit_code: u8,
    pub(crate) counts: BTreeMap<Verdict, usize>,
    pub(crate) seconds: f64,
    /// What is wrong with the baseline file, a sentence each.
    pub(crate) baseline: Vec<String>,
    /// The change to that file that mends it, as `diff -u` writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edit: Option<String>,
}

/// What a run says of the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It passes every case there is, but for warnings.
    Conformant,
    /// It passes what was run; not all was, or not all passes.
    Partial,
    NonConformant,
    /// The suite failed, nothing was run, or a signal ended the run.
    Unknown,
}

impl CaseEnded {
    /// A case of which there is nothing to tell yet.
    pub(crate) fn of(case: &Case, verdict: Verdict) -> Self {
        let rules = case.rules.iter().map(|id| Rule {
            id: id.clone(),
            sentence: catalogue::sentence(id)
                .unwrap_or(&case.statement)
                .to_owned(),
        });
        Self {
            case: case.id.clone(),
            title: case.title.clone(),
            level: case.level,
            rules: rules.collect(),
            attempt: 1,
            last: true,
            verdict,
            reason: None,
            note: None,
            seconds: 0.0,
            details: Details::default(),
        }
    }

    /// The ids of its rules, in a row.
    pub(crate) fn rule_ids(&self) -> String {
        let ids: Vec<_> = self.rules.iter().map(|rule| rule.id.as_str()).collect();
        ids.join(" ")
    }
}

impl Lines {
    fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes over the last of these, made harmless.
    pub(crate) fn last(
        count: usize,
        earlier: usize,
        lines: impl IntoIterator<Item = (f64, String)>,
    ) -> Self {
        let mut lines: Vec<_> = lines.into_iter().collect();
        let hidden = lines.len().saturating_sub(count);
        lines.drain(..hidden);
        let lines = lines.into_iter().map(|(at, text)| Line {
            at,
            text: super::text::harmless(&text),
        });
        Self {
            earlier: earlier + hidden,
            lines: lines.collect(),
        }
    }
}
