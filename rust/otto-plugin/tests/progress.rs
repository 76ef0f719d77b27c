//! Progress that a plugin shows without waiting for it, over a socket pair in one process.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::sync::{Arc, Mutex};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{
    Host, ProgressStart, ProgressStartTotal, ProgressTask, ProgressTaskClient, ProgressUnit, Ui,
    UiClient,
};
use otto_plugin::host::Services;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory, UiCall};
use support::{Compile, eventually, services};
use tokio::sync::watch;

/// Shows its first update when it is allowed to.
#[derive(Clone)]
struct Slow {
    shown: Arc<Mutex<Vec<(u64, String)>>>,
    begun: watch::Sender<bool>,
    allowed: watch::Sender<bool>,
}

impl Ui for Slow {
    async fn progress(&self, _start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        Ok(ProgressTaskClient::new(self.clone()))
    }
}

impl ProgressTask for Slow {
    async fn update(&self, units: u64, message: String) -> Result<(), Error> {
        self.begun.send_replace(true);
        self.shown.lock().unwrap().push((units, message));
        let mut allowed = self.allowed.subscribe();
        allowed.wait_for(|allowed| *allowed).await.unwrap();
        Ok(())
    }

    async fn end(&self, message: String) -> Result<(), Error> {
        self.shown.lock().unwrap().push((u64::MAX, message));
        Ok(())
    }
}

#[tokio::test]
async fn only_the_newest_state_is_sent_when_the_one_before_has_been_shown() {
    let ui = Slow {
        shown: Arc::default(),
        begun: watch::Sender::new(false),
        allowed: watch::Sender::new(false),
    };
    let app = {
        let ui = ui.clone();
        Compile(move |_, host: Host| {
            let ui = ui.clone();
            async move {
                let task = host.ui.task(ProgressStart::bytes("copying", 1000)).await?;
                task.advance(1);
                let mut begun = ui.begun.subscribe();
                begun.wait_for(|begun| *begun).await.unwrap();
                for number in 0..998 {
                    task.advance(1);
                    task.message(number.to_string());
                }
                task.set(1000);
                ui.allowed.send_replace(true);
                task.end("copied").await?;
                Ok(CompileResult::default())
            }
        })
    };
    let plugin = testing::plugin(app).await.unwrap();
    let services = Services {
        ui: UiClient::new(ui.clone()),
        ..services()
    };
    plugin.compile(Context::default(), &services).await.unwrap();
    let expected = [(1, ""), (1000, "997"), (u64::MAX, "copied")];
    let expected = expected.map(|(units, text)| (units, text.to_owned()));
    assert_eq!(*ui.shown.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_task_that_is_dropped_is_shown_as_given_up() {
    let app = Compile(move |_, host: Host| async move {
        let task = host.ui.task(ProgressStart::unknown("searching")).await?;
        task.advance(3);
        Err(Error::invalid("nothing was found"))
    });
    let ui = FakeUi::new();
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin
        .compile(Context::default(), &services)
        .await
        .unwrap_err();
    let given_up = UiCall::ProgressGivenUp("searching".into());
    eventually(|| ui.calls().contains(&given_up).then_some(())).await;
}

#[tokio::test]
async fn what_is_said_after_the_call_is_shown_to_nobody_and_hurts_nobody() {
    let kept = Arc::new(Mutex::new(None));
    let app = {
        let kept = Arc::clone(&kept);
        Compile(move |_, host: Host| {
            let kept = Arc::clone(&kept);
            async move {
                let task = host.ui.task(ProgressStart::items("counting", 2)).await?;
                *kept.lock().unwrap() = Some(task);
                Ok(CompileResult::default())
            }
        })
    };
    let ui = FakeUi::new();
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin.compile(Context::default(), &services).await.unwrap();
    let task = kept.lock().unwrap().take().unwrap();
    task.advance(1);
    let error = task.end("counted").await.unwrap_err();
    assert!(error.to_string().contains("had ended"), "{error}");
    let start = ProgressStart {
        title: "counting".into(),
        total: ProgressStartTotal::Units(2),
        unit: ProgressUnit::Items,
    };
    let given_up = UiCall::ProgressGivenUp("counting".into());
    let calls = eventually(|| Some(ui.calls()).filter(|calls| calls.len() > 1)).await;
    assert_eq!(calls, [UiCall::Progress(start), given_up]);
}
