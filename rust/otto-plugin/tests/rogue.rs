//! Plugins that misbehave on purpose, message by message. None of them costs the host more than
//! their own session, or much memory.

#![expect(clippy::unwrap_used, reason = "a test panics")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever looks")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{
    BuildRecord, Directory, Expect, Lookup, ProgressStart, ProgressTask, ProgressTaskClient, Ui,
    UiClient,
};
use otto_plugin::host::{
    Blame, Cancel, Escalation, Launcher, Phase, PluginError, PluginErrorCause, Services, StartCause,
};
use otto_plugin::rpc::Disconnect;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::resources::{forget_peak, peak};
use support::{ends_within, example, probe, watch};
use tokio::sync::{Mutex, MutexGuard};

/// How much a host may grow, in bytes.
const GROWTH: u64 = 32 << 20;

/// A flood of one test would be measured by another.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

fn rogue(misdeed: &str) -> Launcher {
    Launcher::new(example("otto-app-rogue"))
        .env("ROGUE", misdeed)
        .escalation(Escalation::default().scaled(0.2))
}

/// Counts, and keeps nothing. It never answers a header.
#[derive(Clone, Default)]
struct Counting {
    messages: Arc<AtomicUsize>,
    /// Those that are there.
    tasks: Arc<AtomicUsize>,
    /// The most that there were at once.
    most: Arc<AtomicUsize>,
    /// Those that were asked for.
    asked: Arc<AtomicUsize>,
}

impl Ui for Counting {
    async fn header(&self, _text: String) -> Result<(), Error> {
        std::future::pending().await
    }

    async fn message(&self, _text: String) -> Result<(), Error> {
        self.messages.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn progress(&self, _start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        let now = self.tasks.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(ProgressTaskClient::new(Task(Arc::clone(&self.tasks))))
    }
}

/// A task that is counted for as long as it is there.
struct Task(Arc<AtomicUsize>);

impl ProgressTask for Task {
    async fn update(&self, _units: u64, _message: String) -> Result<(), Error> {
        Ok(())
    }

    async fn end(&self, _message: String) -> Result<(), Error> {
        Ok(())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What came of the `compile` of a rogue, with another plugin beside it.
struct Suffered {
    error: PluginError,
    ui: Counting,
    growth: u64,
}

/// Lets a rogue loose on a host that has another plugin, which must not notice.
async fn suffer(misdeed: &str) -> Suffered {
    // A rogue that nothing stops fails the test rather than hanging it.
    suffer_for(Duration::from_secs(60), misdeed).await
}

/// The same, with as much time as the call has.
async fn suffer_for(limit: Duration, misdeed: &str) -> Suffered {
    let other = probe().start().await.unwrap();
    let directory = MemoryDirectory::new();
    let large = BuildRecord {
        artifact: [("large".into(), "x".repeat(100_000))].into(),
        ..BuildRecord::default()
    };
    let put = directory.put_build(Lookup::default(), large, Expect::Any);
    put.await.unwrap();
    let ui = Counting::default();
    let services = Services {
        ui: UiClient::new(ui.clone()),
        cancel: Cancel::after(limit),
        ..testing::services(&FakeUi::new(), &directory)
    };
    let plugin = rogue(misdeed).start().await.unwrap();
    let process = watch(plugin.pid().unwrap());
    forget_peak();
    let before = peak(std::process::id());
    let called = plugin.compile(Context::default(), &services);
    let error = called.await.unwrap_err();
    let growth = peak(std::process::id()) - before;
    other.ping().await.unwrap();
    let ends = ends_within(&process, Duration::from_secs(5));
    assert!(ends, "{misdeed}: it lives on: {error}");
    println!("{misdeed}: the host grew by {} KiB: {error}", growth >> 10);
    Suffered { error, ui, growth }
}

/// The limit that a rogue went over, and what it came to.
fn limit(error: &PluginError) -> (&'static str, u64, u64) {
    let PluginErrorCause::Disconnected(Disconnect::OverLimit {
        limit,
        allowed,
        came,
    }) = &*error.cause
    else {
        panic!("{error}")
    };
    assert_eq!(error.blame(), Blame::Plugin);
    let text = error.to_string();
    assert!(text.contains(limit) && text.contains(&allowed.to_string()));
    assert!(came > allowed && text.contains(&came.to_string()), "{text}");
    (limit, *allowed, *came)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_thousand_calls_cost_their_session_and_little_memory() {
    let _alone = alone().await;
    let suffered = suffer("calls and does not read").await;
    let (name, allowed, _) = limit(&suffered.error);
    assert_eq!((name, allowed), ("callsInFlight", 256));
    assert!(suffered.ui.messages.load(Ordering::Relaxed) < 200_000);
    assert!(suffered.growth < GROWTH, "{} bytes", suffered.growth);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_asks_for_much_and_never_reads_costs_its_session_and_little_memory() {
    let _alone = alone().await;
    let suffered = suffer("asks for much and does not read").await;
    assert_eq!(limit(&suffered.error).0, "callsInFlight");
    assert!(suffered.growth < GROWTH, "{} bytes", suffered.growth);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_not_made_before_there_is_room_for_them() {
    let _alone = alone().await;
    let misdeed = "asks for as much as it may and does not read";
    let suffered = suffer_for(Duration::from_secs(2), misdeed).await;
    let error = &suffered.error;
    assert!(
        matches!(*error.cause, PluginErrorCause::Overdue { .. }),
        "{error}"
    );
    // All of them would be 25 MB.
    assert!(suffered.growth < 12 << 20, "{} bytes", suffered.growth);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rpc_layer_answers_by_itself_is_bounded_as_well() {
    let _alone = alone().await;
    for (misdeed, name) in [
        ("asks for the bootstrap capability", "questions"),
        ("calls nothing there is and does not read", "unread bytes"),
        ("says what nobody knows and does not read", "unread bytes"),
        ("calls and drops each call", "dropped calls"),
        ("sends large calls", "unanswered bytes"),
        ("sends many capabilities", "capabilities of a message"),
    ] {
        let suffered = suffer(misdeed).await;
        assert_eq!(limit(&suffered.error).0, name, "{misdeed}");
        if misdeed != "sends large calls" {
            let growth = suffered.growth;
            assert!(growth < GROWTH, "{misdeed}: {growth} bytes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_keeps_capabilities_gets_no_more_than_the_limit_and_they_end_with_it() {
    let _alone = alone().await;
    let cancel = Cancel::new();
    let ui = Counting::default();
    let services = Services {
        ui: UiClient::new(ui.clone()),
        cancel: cancel.clone(),
        ..support::services()
    };
    let plugin = rogue("keeps tasks").start().await.unwrap();
    let (error, ()) = tokio::join!(plugin.compile(Context::default(), &services), async {
        let refused =
            support::eventually(|| (ui.asked.load(Ordering::Relaxed) >= 2000).then_some(()));
        refused.await;
        cancel.cancel(otto_plugin::bindings::host::CancelReason::User);
    });
    let error = error.unwrap_err();
    assert!(
        matches!(*error.cause, PluginErrorCause::Overdue { .. }),
        "{error}"
    );
    // What is refused is there for a moment as well.
    let most = ui.most.load(Ordering::Relaxed);
    assert!((1000..1200).contains(&most), "{most} tasks");
    support::eventually(|| (ui.tasks.load(Ordering::Relaxed) == 0).then_some(())).await;
}

#[tokio::test]
async fn a_plugin_that_hangs_up_and_lives_on_is_ended_and_the_call_says_so() {
    let _alone = alone().await;
    let suffered = suffer("hangs up and lives on").await;
    assert!(
        matches!(
            *suffered.error.cause,
            PluginErrorCause::Disconnected(Disconnect::EndOfFile)
        ),
        "{}",
        suffered.error
    );
}

#[tokio::test]
async fn what_was_received_before_an_answer_is_served_and_nothing_after_it() {
    let _alone = alone().await;
    let plugin = rogue("calls after its answer").start().await.unwrap();
    let ui = FakeUi::new();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin.compile(Context::default(), &services).await.unwrap();
    plugin.ping().await.unwrap();
    assert_eq!(ui.messages(), ["spam"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_that_was_taken_back_answers_is_bounded_as_well() {
    let _alone = alone();
    let misdeed = "writes to a stream after its answer and does not read";
    let plugin = rogue(misdeed).start().await.unwrap();
    let services = support::services();
    plugin.compile(Context::default(), &services).await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(30), plugin.ping());
    let error = end.await.expect("it goes on").unwrap_err();
    assert_eq!(limit(&error).0, "questions");
}

#[tokio::test]
async fn a_plugin_that_never_asks_whether_it_is_to_stop_has_its_call_dropped() {
    let _alone = alone().await;
    let plugin = rogue("does nothing").start().await.unwrap();
    let mut services = support::services();
    services.cancel = Cancel::after(Duration::from_millis(10));
    let called = plugin.compile(Context::default(), &services);
    let error = called.await.unwrap_err();
    let PluginErrorCause::Overdue { after, .. } = *error.cause else {
        panic!("{error}")
    };
    assert_eq!(after, Duration::from_secs(1));
}

/// What comes of a start whose pipelined calls are answered wrongly.
async fn wrong_start(misdeed: &str) -> (Phase, String) {
    let Err(error) = rogue(misdeed).start().await else {
        panic!("{misdeed}: it was started")
    };
    assert_eq!(error.blame(), Blame::Plugin, "{misdeed}: {error}");
    let is_typed = matches!(
        *error.cause,
        StartCause::WrongAnswer(_) | StartCause::Refused(_)
    );
    assert!(is_typed, "{misdeed}: {error:?}");
    println!("{misdeed}: {error}");
    (error.phase, error.to_string())
}

#[tokio::test]
async fn a_pipelined_getter_that_is_answered_wrongly_is_a_failed_start_and_no_more() {
    let _alone = alone().await;
    for (misdeed, phase) in [
        ("session is null", Phase::Connect),
        ("session is data", Phase::Connect),
        ("app is null", Phase::App),
        ("app is data", Phase::App),
        ("app is an error", Phase::App),
    ] {
        let (seen, text) = wrong_start(misdeed).await;
        assert_eq!(seen, phase, "{misdeed}: {text}");
    }
    // The host is none the worse for it.
    let plugin = probe().start().await.unwrap();
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_hands_the_host_its_own_object_has_its_calls_fail_and_no_more() {
    let _alone = alone().await;
    let plugin = rogue("session is the host's").start().await.unwrap();
    let error = plugin.ping().await.unwrap_err();
    assert_eq!(error.blame(), Blame::Plugin, "{error}");
    let plugin = rogue("app is the host's").start().await.unwrap();
    let services = support::services();
    for _ in 0..2 {
        let called = plugin.compile(Context::default(), &services);
        let error = called.await.unwrap_err();
        assert_eq!(error.blame(), Blame::Plugin, "{error}");
    }
    let plugin = probe().start().await.unwrap();
    plugin.ping().await.unwrap();
}
