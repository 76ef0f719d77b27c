//! Calls that are to stop: by a token, by a caller who goes away, by the end of the plugin.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::time::{Duration, Instant};

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::bindings::host::CancelReason;
use otto_plugin::host::{Blame, Cancel, Launcher, Plugin, PluginError, PluginErrorCause, Step};
use otto_plugin::rpc::Outcome;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::resources::{child_of, resources};
use support::{ends_within, eventually, never_answering, probe, watch};
use tokio::sync::oneshot;

fn action(name: &str) -> Context {
    Context {
        action: name.into(),
        ..Context::default()
    }
}

fn script(text: &str) -> Context {
    Context {
        action_args: vec![text.into()],
        ..action("child")
    }
}

/// A call that is under way, and what belongs to it.
struct Begun {
    plugin: Plugin,
    ui: FakeUi,
    cancel: Cancel,
    call: tokio::task::JoinHandle<Result<(), PluginError>>,
}

/// Begins a call, and returns when the plugin has said something in it.
async fn begin(launcher: Launcher, context: Context) -> Begun {
    let plugin = launcher.start().await.unwrap();
    let (ui, cancel) = (FakeUi::new(), Cancel::new());
    let mut services = testing::services(&ui, &MemoryDirectory::new());
    services.cancel = cancel.clone();
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.compile(context, &services).await.map(drop) }
    });
    eventually(|| (!ui.messages().is_empty()).then_some(())).await;
    Begun {
        plugin,
        ui,
        cancel,
        call,
    }
}

impl Begun {
    /// Gives the error of the call, and looks whether the plugin is as good as before.
    async fn cancelled(self) -> PluginError {
        self.cancel.cancel(CancelReason::User);
        let error = self.call.await.unwrap().unwrap_err();
        self.plugin.ping().await.unwrap();
        error
    }
}

fn kind(error: &PluginError) -> Option<ErrorKind> {
    error.error().map(|error| error.kind)
}

#[tokio::test]
async fn a_call_that_is_cancelled_stops_at_its_next_await_and_says_so() {
    let error = begin(probe(), action("wait")).await.cancelled().await;
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    assert_eq!(error.outcome, Outcome::Failed);
    let text = error.to_string();
    assert!(text.contains("a person wanted it to stop"), "{text}");
}

#[tokio::test]
async fn a_call_with_a_limit_of_time_stops_when_that_has_passed() {
    let plugin = probe().start().await.unwrap();
    let mut services = support::services();
    services.cancel = Cancel::after(Duration::from_millis(50));
    let error = plugin.compile(action("wait"), &services).await.unwrap_err();
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    assert!(error.to_string().contains("longer than the host allows"));
}

#[tokio::test]
async fn a_call_that_was_cancelled_before_it_began_stops() {
    let plugin = probe().start().await.unwrap();
    let services = support::services();
    services.cancel.cancel(CancelReason::User);
    let error = plugin.compile(action("wait"), &services).await;
    assert_eq!(kind(&error.unwrap_err()), Some(ErrorKind::Cancelled));
}

#[tokio::test]
async fn a_call_that_waits_for_others_to_be_answered_is_cancelled_without_being_sent() {
    let plugin = probe().start().await.unwrap();
    let ui = FakeUi::new();
    let mut others = testing::services(&ui, &MemoryDirectory::new());
    others.cancel = Cancel::new();
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let (plugin, services) = (plugin.clone(), others.clone());
            tokio::spawn(async move { plugin.compile(action("wait"), &services).await })
        })
        .collect();
    eventually(|| (ui.messages().len() == 64).then_some(())).await;
    let mut services = support::services();
    services.cancel = Cancel::after(Duration::from_millis(50));
    let error = plugin.compile(action("wait"), &services).await.unwrap_err();
    assert_eq!(
        (kind(&error), error.outcome),
        (Some(ErrorKind::Cancelled), Outcome::NotStarted)
    );
    others.cancel.cancel(CancelReason::User);
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    }
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_held_goes_on_and_knows_why_it_is_to_stop() {
    let begun = begin(probe(), action("hold")).await;
    let ui = begun.ui.clone();
    let error = begun.cancelled().await;
    assert_eq!(error.error().unwrap().message, "put in order");
    assert_eq!(ui.messages(), ["holding", "put in order: User"]);
}

#[tokio::test]
async fn a_call_whose_caller_goes_away_is_asked_to_stop_all_the_same() {
    let begun = begin(probe(), action("hold")).await;
    begun.call.abort();
    let said = eventually(|| begun.ui.messages().get(1).cloned()).await;
    assert_eq!(said, "put in order: Unspecified");
    begun.plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_call_that_runs_when_its_plugin_is_to_end_is_told_so() {
    let begun = begin(probe(), action("hold")).await;
    let ended = begun.plugin.shut_down().await;
    assert_eq!(ended.step, Step::ShutDown);
    assert_eq!(begun.ui.messages()[1], "put in order: Shutdown");
    let error = begun.call.await.unwrap().unwrap_err();
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
}

#[tokio::test]
async fn a_question_to_the_user_is_withdrawn_when_its_call_is_cancelled() {
    let plugin = probe().start().await.unwrap();
    let (asked, question) = oneshot::channel();
    let mut services = support::services();
    services.ui = never_answering(asked);
    let cancel = services.cancel.clone();
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.compile(action("ask"), &services).await }
    });
    let withdrawn = question.await.unwrap();
    cancel.cancel(CancelReason::User);
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    // Its future is dropped, which closes the channel.
    withdrawn.await.unwrap_err();
}

#[tokio::test]
async fn a_call_that_does_not_stop_is_dropped_after_the_grace_and_its_plugin_lives_on() {
    let begun = begin(probe().env("GRACE_MS", "200"), action("hold forever")).await;
    let start = Instant::now();
    let error = begun.cancelled().await;
    assert!(start.elapsed() >= Duration::from_millis(200));
    let PluginErrorCause::Overdue { reason, ended, .. } = *error.cause else {
        panic!("{error}")
    };
    assert_eq!((reason, ended), (CancelReason::User, None));
    assert_eq!(
        (error.outcome, error.blame()),
        (Outcome::Unknown, Blame::Plugin)
    );
    assert!(error.to_string().contains("within 0.2 s"), "{error}");
}

#[tokio::test]
async fn the_host_limits_the_grace_that_a_plugin_asks_for() {
    let launcher = probe()
        .env("GRACE_MS", "60000")
        .cancel_grace_max(Duration::from_millis(100));
    let error = begin(launcher, action("hold forever"))
        .await
        .cancelled()
        .await;
    assert!(error.to_string().contains("within 0.1 s"), "{error}");
}

#[tokio::test]
async fn a_plugin_that_holds_on_to_a_call_that_was_dropped_is_ended() {
    let begun = begin(probe().env("GRACE_MS", "100"), action("keep")).await;
    let process = watch(begun.plugin.pid().unwrap());
    begun.cancel.cancel(CancelReason::User);
    let error = begun.call.await.unwrap().unwrap_err();
    let PluginErrorCause::Overdue { ended, .. } = *error.cause else {
        panic!("{error}")
    };
    assert_eq!(ended, Some(Step::ShutDown), "{error}");
    assert!(ends_within(&process, Duration::ZERO));
}

#[tokio::test]
async fn a_plugin_that_was_stopped_by_a_signal_is_ended_when_its_call_is_cancelled() {
    let launcher = probe()
        .env("GRACE_MS", "100")
        .escalation(otto_plugin::host::Escalation::default().scaled(0.02));
    let begun = begin(launcher, action("freeze")).await;
    let process = watch(begun.plugin.pid().unwrap());
    begun.cancel.cancel(CancelReason::User);
    let error = begun.call.await.unwrap().unwrap_err();
    let PluginErrorCause::Overdue { ended, .. } = *error.cause else {
        panic!("{error}")
    };
    assert_eq!(ended, Some(Step::Kill), "{error}");
    assert!(ends_within(&process, Duration::ZERO));
}

/// Starts a shell that starts another one, and gives the processes of both.
async fn shells(text: &str) -> (Begun, [std::os::fd::OwnedFd; 2]) {
    let text = format!("({text} echo $$; sh -c '{text} echo $$; sleep 1000'; sleep 1000)");
    let begun = begin(probe(), script(&text)).await;
    let pids = eventually(|| <[String; 2]>::try_from(begun.ui.messages()).ok()).await;
    let processes = pids.map(|pid| watch(pid.parse().unwrap()));
    (begun, processes)
}

#[tokio::test]
async fn programs_that_were_started_for_a_call_end_with_it() {
    let (begun, processes) = shells("").await;
    let error = begun.cancelled().await;
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    for process in processes {
        assert!(ends_within(&process, Duration::ZERO), "it lives on");
    }
}

#[tokio::test]
async fn programs_that_ignore_sigterm_end_with_their_call_all_the_same() {
    let (begun, processes) = shells("trap \"\" TERM;").await;
    let error = begun.cancelled().await;
    assert_eq!(kind(&error), Some(ErrorKind::Cancelled), "{error}");
    for process in processes {
        assert!(ends_within(&process, Duration::ZERO), "it lives on");
    }
}

#[tokio::test]
async fn programs_that_ignore_sigterm_end_with_their_plugin() {
    let (begun, processes) = shells("trap \"\" TERM;").await;
    let pid = watch(begun.plugin.pid().unwrap());
    rustix::process::pidfd_send_signal(&pid, rustix::process::Signal::KILL).unwrap();
    begun.call.await.unwrap().unwrap_err();
    for process in processes {
        assert!(ends_within(&process, Duration::from_secs(5)), "it lives on");
    }
}

#[tokio::test]
async fn a_thousand_calls_leave_question_numbers_memory_descriptors_and_threads_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let tap = directory.path().join("tap");
    let launcher = Launcher::new(support::example("otto-app-tap"))
        .env("TAPPED", support::example("otto-app-probe"))
        .env("TAP", &tap);
    let plugin = launcher.start().await.unwrap();
    let round = async |number: usize| {
        let name = ["environment", "wait", "ask"][number % 3];
        let cancelled = name != "environment";
        let ui = FakeUi::new();
        let mut services = testing::services(&ui, &MemoryDirectory::new());
        let cancel = services.cancel.clone();
        let (asked, question) = oneshot::channel();
        if name == "ask" {
            services.ui = never_answering(asked);
        }
        let (call, ()) = tokio::join!(plugin.compile(action(name), &services), async {
            match name {
                // It is cancelled in the middle of a callback.
                "ask" => drop(question.await.unwrap()),
                _ => eventually(|| (!ui.messages().is_empty()).then_some(())).await,
            }
            if cancelled {
                cancel.cancel(CancelReason::User);
            }
        });
        assert_eq!(call.is_err(), cancelled);
    };
    for number in 0..100 {
        round(number).await;
    }
    let before = resources(std::process::id());
    let pid = child_of(plugin.pid().unwrap());
    let before_there = resources(pid);
    for number in 0..1000 {
        round(number).await;
    }
    before.assert_steady(&resources(std::process::id()), 8, "the host");
    before_there.assert_steady(&resources(pid), 8, "the plugin");
    plugin.shut_down().await;
    let highest = std::fs::read_to_string(&tap).unwrap();
    for number in highest.split(' ') {
        let number: u32 = number.parse().unwrap();
        assert!(number < 16, "question {number} was asked: {highest}");
    }
}
