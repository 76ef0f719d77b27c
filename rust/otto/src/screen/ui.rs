//! The `Ui` of a plugin.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    Diagnostic, InputAnswer, InputQuery, InputSource, ProgressStart, ProgressStartTotal,
    ProgressTask, ProgressTaskClient, ProgressUnit, Ui,
};
use serde_json::Map;

use super::event::{Event, Source, Unit};
use super::options::LogLevel;
use super::question::{AskError, Question};
use super::sgr::Filter;
use super::{Screen, Task, place};

/// How many tasks of one plugin run at once.
const TASKS_MAX: usize = 64;

impl Screen {
    /// Makes the `Ui` of a plugin, named `TYPE-NAME`. `root` is the project: the lines that a remark
    /// points at are shown from there only. `allowed` are the environment variables that the plugin's
    /// questions may be answered from.
    pub(crate) fn ui(
        &self,
        plugin: &str,
        root: Option<PathBuf>,
        allowed: BTreeSet<String>,
    ) -> impl Ui + use<> {
        PluginUi {
            screen: self.clone(),
            plugin: plugin.to_owned(),
            root,
            allowed,
            raw: Mutex::default(),
            running: Arc::default(),
        }
    }
}

struct PluginUi {
    screen: Screen,
    plugin: String,
    root: Option<PathBuf>,
    allowed: BTreeSet<String>,
    raw: Mutex<Filter>,
    running: Arc<AtomicUsize>,
}

impl Ui for PluginUi {
    async fn header(&self, text: String) -> Result<(), Error> {
        self.show(Event::Header { text })
    }

    async fn message(&self, text: String) -> Result<(), Error> {
        self.show(Event::Message { text })
    }

    async fn raw(&self, text: String) -> Result<(), Error> {
        // Held until it is shown: two at once are shown in the order in which they are filtered.
        let mut raw = self.raw.lock().unwrap_or_else(PoisonError::into_inner);
        let text = raw.next(&text, self.screen.has_color());
        self.show(Event::Raw { text })
    }

    async fn input(&self, query: InputQuery) -> Result<InputAnswer, Error> {
        if let Some((variable, value)) = self.environment_answer(&query) {
            self.answered(&query, Source::Environment, Some(variable.clone()));
            return Ok(InputAnswer {
                value,
                source: InputSource::Environment,
                variable,
            });
        }
        let question = Question {
            plugin: Some(&self.plugin),
            query: &query.query,
            description: &query.description,
            default: query.default.as_deref(),
            hide: query.hide,
        };
        let (value, source) = match (self.screen.ask(question).await, &query.default) {
            (Ok(typed), Some(default)) if typed.expose().is_empty() => {
                (default.clone(), Source::Default)
            }
            (Ok(typed), _) => (typed.expose().to_owned(), Source::User),
            // What is hidden is a secret, and nobody agreed to the one that the plugin proposes.
            (Err(AskError::NoTerminal { .. }), Some(default)) if !query.hide => {
                (default.clone(), Source::Default)
            }
            (Err(error), _) => return Err(self.aborted(&query, &error)),
        };
        self.answered(&query, source, None);
        Ok(InputAnswer {
            value,
            source: match source {
                Source::Default => InputSource::Default,
                Source::Environment => InputSource::Environment,
                Source::User => InputSource::User,
            },
            variable: String::new(),
        })
    }

    async fn progress(&self, start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        let running = Running::begin(&self.running)?;
        let total = match start.total {
            ProgressStartTotal::Units(units) => Some(units),
            _ => None,
        };
        let unit = match start.unit {
            ProgressUnit::Bytes => Unit::Bytes,
            _ => Unit::Items,
        };
        let plugin = Some(self.plugin.clone());
        let task = Task::begin(&self.screen, plugin, start.title, total, unit);
        Ok(ProgressTaskClient::new(PluginTask {
            task,
            _running: running,
        }))
    }

    async fn diagnostic(&self, diagnostic: Diagnostic) -> Result<(), Error> {
        let problem = place::problem(diagnostic, self.root.as_deref());
        self.show(Event::Diagnostic { problem })
    }
}

impl PluginUi {
    fn show(&self, event: Event) -> Result<(), Error> {
        self.screen.show(Some(&self.plugin), event);
        Ok(())
    }

    /// The first variable that the user allowed, and that has a value.
    fn environment_answer(&self, query: &InputQuery) -> Option<(String, String)> {
        for name in &query.environment {
            if !self.allowed.contains(name) {
                self.note(query, name, "is not allowed to this plugin");
                continue;
            }
            match std::env::var(name) {
                Ok(value) if !value.is_empty() => return Some((name.clone(), value)),
                Ok(_) | Err(std::env::VarError::NotPresent) => {}
                Err(std::env::VarError::NotUnicode(_)) => self.note(query, name, "is not UTF-8"),
            }
        }
        None
    }

    /// Notes why a variable was not taken.
    fn note(&self, query: &InputQuery, variable: &str, why: &str) {
        let event = Event::Log {
            level: LogLevel::Info,
            target: "input".into(),
            message: format!(
                "the variable {variable:?} {why}, and was skipped for the question {:?}",
                query.id
            ),
            fields: Map::new(),
            logged_unix_ns: super::log::now_unix_ns(),
        };
        self.screen.show(Some(&self.plugin), event);
    }

    fn answered(&self, query: &InputQuery, source: Source, variable: Option<String>) {
        let event = Event::Answered {
            id: query.id.clone(),
            query: query.query.clone(),
            source,
            variable,
        };
        self.screen.show(Some(&self.plugin), event);
    }

    fn aborted(&self, query: &InputQuery, error: &AskError) -> Error {
        let aborted = Error::new(ErrorKind::Aborted, error.to_string());
        let names = query.environment.iter().map(|name| format!("{name:?}"));
        let names: Vec<_> = names.collect();
        match error {
            AskError::NoTerminal { .. } if names.is_empty() => {
                aborted.with_help("run it on a terminal, and without --no-input")
            }
            AskError::NoTerminal { .. } => aborted.with_help(format!(
                "run it on a terminal, or set one of the variables {names} and allow it in otto's \
                 config.toml: [plugins.environment] {plugin} = [{names}]",
                names = names.join(", "),
                plugin = self.plugin,
            )),
            _ => aborted,
        }
    }
}

/// A task of a plugin's, one of those that it may have at once.
struct PluginTask {
    task: Task,
    _running: Running,
}

impl ProgressTask for PluginTask {
    async fn update(&self, units: u64, message: String) -> Result<(), Error> {
        match self.task.update(units, &message) {
            true => Ok(()),
            false => Err(closed()),
        }
    }

    async fn end(&self, message: String) -> Result<(), Error> {
        match self.task.end(&message) {
            true => Ok(()),
            false => Err(closed()),
        }
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the task has ended already")
}

/// Counts a task for as long as it is there.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn begin(running: &Arc<AtomicUsize>) -> Result<Self, Error> {
        let count = running.fetch_add(1, Ordering::AcqRel) + 1;
        let counted = Self(Arc::clone(running));
        if count > TASKS_MAX {
            let message = format!(
                "a plugin may have at most {TASKS_MAX} tasks on the screen at once, and this would be \
                 number {count}"
            );
            let help = "end a task, or drop it, before beginning another";
            return Err(Error::new(ErrorKind::LimitExceeded, message).with_help(help));
        }
        Ok(counted)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
