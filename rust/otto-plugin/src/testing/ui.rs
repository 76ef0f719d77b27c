//! A user interface that nobody looks at.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::host::{
    Diagnostic, InputAnswer, InputQuery, InputSource, ProgressStart, ProgressTask,
    ProgressTaskClient, Ui,
};

/// A call that a plugin made on the [`FakeUi`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum UiCall {
    /// `Ui.diagnostic`.
    Diagnostic(Diagnostic),
    /// `Ui.header`.
    Header(String),
    /// `Ui.input`.
    Input(InputQuery),
    /// `Ui.message`.
    Message(String),
    /// `Ui.progress`.
    Progress(ProgressStart),
    /// `ProgressTask.end`, with its message.
    ProgressEnd(String),
    /// A task was dropped without `ProgressTask.end`: its title.
    ProgressGivenUp(String),
    /// `ProgressTask.update`, with its units and its message.
    ProgressUpdate(u64, String),
    /// `Ui.raw`.
    Raw(String),
}

/// Records what is shown, and answers what it was told to. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct FakeUi(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<UiCall>,
    answers: BTreeMap<String, String>,
}

impl FakeUi {
    /// One that answers each question with its default, and refuses those that have none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has the question of this id answered.
    #[must_use]
    pub fn answer(self, id: impl Into<String>, answer: impl Into<String>) -> Self {
        self.with(|state| state.answers.insert(id.into(), answer.into()));
        self
    }

    /// What was called, in order.
    pub fn calls(&self) -> Vec<UiCall> {
        self.with(|state| state.calls.clone())
    }

    /// The texts of `Ui.message`, in order.
    pub fn messages(&self) -> Vec<String> {
        let message = |call| match call {
            UiCall::Message(text) => Some(text),
            _ => None,
        };
        self.calls().into_iter().filter_map(message).collect()
    }

    fn record(&self, call: UiCall) -> Result<(), Error> {
        self.with(|state| state.calls.push(call));
        Ok(())
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ui for FakeUi {
    async fn header(&self, text: String) -> Result<(), Error> {
        self.record(UiCall::Header(text))
    }

    async fn message(&self, text: String) -> Result<(), Error> {
        self.record(UiCall::Message(text))
    }

    async fn raw(&self, text: String) -> Result<(), Error> {
        self.record(UiCall::Raw(text))
    }

    async fn input(&self, query: InputQuery) -> Result<InputAnswer, Error> {
        let answer = self.with(|state| state.answers.get(&query.id).cloned());
        let default = query.default.clone();
        let id = query.id.clone();
        self.record(UiCall::Input(query))?;
        let (value, source) = match (answer, default) {
            (Some(value), _) => (value, InputSource::User),
            (None, Some(value)) => (value, InputSource::Default),
            (None, None) => {
                let message = format!("nobody answers the question {id:?}");
                return Err(Error::new(ErrorKind::Aborted, message));
            }
        };
        Ok(InputAnswer {
            value,
            source,
            variable: String::new(),
        })
    }

    async fn progress(&self, start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        let task = FakeTask {
            ui: self.clone(),
            title: start.title.clone(),
            ended: AtomicBool::new(false),
        };
        self.record(UiCall::Progress(start))?;
        Ok(ProgressTaskClient::new(task))
    }

    async fn diagnostic(&self, diagnostic: Diagnostic) -> Result<(), Error> {
        self.record(UiCall::Diagnostic(diagnostic))
    }
}

struct FakeTask {
    ui: FakeUi,
    title: String,
    ended: AtomicBool,
}

impl ProgressTask for FakeTask {
    async fn update(&self, units: u64, message: String) -> Result<(), Error> {
        self.open()?;
        self.ui.record(UiCall::ProgressUpdate(units, message))
    }

    async fn end(&self, message: String) -> Result<(), Error> {
        self.open()?;
        self.ended.store(true, Ordering::Release);
        self.ui.record(UiCall::ProgressEnd(message))
    }
}

impl FakeTask {
    fn open(&self) -> Result<(), Error> {
        if self.ended.load(Ordering::Acquire) {
            let message = format!("the task {:?} has ended already", self.title);
            return Err(Error::new(ErrorKind::Closed, message));
        }
        Ok(())
    }
}

impl Drop for FakeTask {
    fn drop(&mut self) {
        if self.open().is_ok() {
            let given_up = UiCall::ProgressGivenUp(std::mem::take(&mut self.title));
            // Recording does not fail.
            let _ = self.ui.record(given_up);
        }
    }
}
