//! What is lent for a call, and the bounds of calls: over a socket pair in one process.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    CancelReason, Host, ProgressStart, ProgressTask, ProgressTaskClient, Ui, UiClient,
};
use otto_plugin::bindings::stream::{ByteStream, ByteStreamClient};
use otto_plugin::host::Services;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::{Compile, services};
use tokio::io::AsyncReadExt;
use tokio::sync::{Barrier, oneshot, watch};

type Reason = Arc<Mutex<Option<oneshot::Sender<CancelReason>>>>;

/// Waits for the end of the call beside it, and tells.
fn wait_beside(host: &Host, reason: &Reason) {
    let (cancellation, reason) = (host.cancellation.clone(), Arc::clone(reason));
    tokio::spawn(async move {
        let why = cancellation.wait().await.unwrap();
        let reason = reason.lock().unwrap().take().unwrap();
        reason.send(why).unwrap();
    });
}

#[tokio::test]
async fn a_wait_that_is_open_holds_no_call_up_and_is_answered_after_it() {
    let (told, why) = oneshot::channel();
    let reason: Reason = Arc::new(Mutex::new(Some(told)));
    let app = Compile(move |_, host: Host| {
        wait_beside(&host, &reason);
        async move {
            host.ui.message("working").await?;
            Ok(CompileResult::default())
        }
    });
    let plugin = testing::plugin(app).await.unwrap();
    plugin
        .compile(Context::default(), &services())
        .await
        .unwrap();
    assert_eq!(why.await, Ok(CancelReason::Ended));
}

#[tokio::test]
async fn a_wait_that_comes_after_its_call_is_told_that_it_ended() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let app = Compile(move |_, host: Host| {
        *keep.lock().unwrap() = Some(host.cancellation);
        async { Ok(CompileResult::default()) }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let services = services();
    plugin.compile(Context::default(), &services).await.unwrap();
    let cancellation = kept.lock().unwrap().take().unwrap();
    let limit = std::time::Duration::from_secs(10);
    let why = tokio::time::timeout(limit, cancellation.wait()).await;
    assert_eq!(why.expect("no answer").unwrap(), CancelReason::Ended);
}

/// Shows tasks, each of which is there for as long as the channel is open.
struct Tasks(Mutex<Option<oneshot::Sender<()>>>);

struct Task {
    _there: Option<oneshot::Sender<()>>,
}

impl Ui for Tasks {
    async fn progress(&self, _start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        let _there = self.0.lock().unwrap().take();
        Ok(ProgressTaskClient::new(Task { _there }))
    }
}

impl ProgressTask for Task {}

#[tokio::test]
async fn a_task_is_given_up_with_its_call_though_the_plugin_keeps_it() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let app = Compile(move |_, host: Host| {
        let keep = Arc::clone(&keep);
        async move {
            let task = host.ui.progress(ProgressStart::unknown("work")).await?;
            *keep.lock().unwrap() = Some(task);
            Ok(CompileResult::default())
        }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let (there, gone) = oneshot::channel();
    let services = Services {
        ui: UiClient::new(Tasks(Mutex::new(Some(there)))),
        ..services()
    };
    plugin.compile(Context::default(), &services).await.unwrap();
    let limit = std::time::Duration::from_secs(10);
    let gone = tokio::time::timeout(limit, gone).await;
    gone.expect("the task is there still").unwrap_err();
    let task = kept.lock().unwrap().take().unwrap();
    let error = Error::from(task.end("").await.unwrap_err());
    assert_eq!(error.kind, ErrorKind::Revoked);
}

/// Says in its `Drop` that it is gone.
struct Told(Option<mpsc::Sender<()>>);

impl Drop for Told {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_stops_and_is_not_told_that_it_ended() {
    let (told, why) = oneshot::channel();
    let reason: Reason = Arc::new(Mutex::new(Some(told)));
    let (gone, dropped) = mpsc::channel();
    let gone = Arc::new(Mutex::new(Some(gone)));
    let app = Compile(move |_, host: Host| {
        wait_beside(&host, &reason);
        let told = Told(gone.lock().unwrap().take());
        async move {
            let _told = told;
            host.ui.message("working").await?;
            std::future::pending().await
        }
    });
    let ui = FakeUi::new();
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.compile(Context::default(), &services).await }
    });
    support::eventually(|| ui.messages().pop()).await;
    call.abort();
    assert_eq!(why.await, Ok(CancelReason::Unspecified));
    let dropped = tokio::task::spawn_blocking(move || dropped.recv());
    dropped.await.unwrap().unwrap_err();
    plugin.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_calls_as_the_limit_allows_may_all_wait_and_all_call_back() {
    struct Sink;
    impl ByteStream for Sink {
        async fn write(&self, _chunk: Vec<u8>) {}
        async fn done(&self) -> Result<u64, Error> {
            Ok(4)
        }
    }
    let all = Arc::new(Barrier::new(64));
    let app = Compile(move |_, host: Host| {
        let all = Arc::clone(&all);
        async move {
            let mut wait = Box::pin(host.cancellation.wait());
            assert!(futures::poll!(wait.as_mut()).is_pending());
            all.wait().await;
            host.ui.message("all are here").await?;
            let into = ByteStreamClient::new(Sink);
            assert_eq!(host.directory.get_blob("key", into).await?, Some(4));
            Ok(CompileResult::default())
        }
    });
    let (ui, directory) = (FakeUi::new(), MemoryDirectory::new());
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &directory);
    directory.insert_blob("key", b"blob");
    let calls = (0..64).map(|_| plugin.compile(Context::default(), &services));
    for call in futures::future::join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(ui.messages().len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_beyond_the_limit_waits_until_another_has_been_answered() {
    let running = Arc::new(AtomicUsize::new(0));
    let peak = watch::Sender::new(0);
    let app = {
        let (running, peak) = (Arc::clone(&running), peak.clone());
        Compile(move |_, _| {
            let (running, peak) = (Arc::clone(&running), peak.clone());
            async move {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                peak.send_if_modified(|peak| std::mem::replace(peak, now.max(*peak)) < now);
                peak.subscribe().wait_for(|peak| *peak >= 64).await.unwrap();
                // Whoever else could come in would be here by now.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(CompileResult::default())
            }
        })
    };
    let plugin = testing::plugin(app).await.unwrap();
    let services = services();
    let calls = (0..128).map(|_| plugin.compile(Context::default(), &services));
    for call in futures::future::join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(*peak.borrow(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_blocks_its_thread_stalls_no_other_call() {
    let (send, receive) = mpsc::channel();
    let receive = Mutex::new(receive);
    let app = Compile(move |context: Context, _| {
        match context.action.as_str() {
            "block" => receive.lock().unwrap().recv().unwrap(),
            _ => send.send(()).unwrap(),
        }
        async { Ok(CompileResult::default()) }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let services = services();
    let action = |action: &str| Context {
        action: action.into(),
        ..Context::default()
    };
    let (first, second) = tokio::join!(
        plugin.compile(action("block"), &services),
        plugin.compile(action("free"), &services)
    );
    first.unwrap();
    second.unwrap();
}

#[tokio::test]
async fn a_chunk_over_the_limit_is_not_sent_and_both_numbers_are_named() {
    let app = Compile(|_, host: Host| async move {
        let stream = host.directory.put_blob("key").await?;
        stream.write(vec![0; 1 << 20]).await?;
        let error = stream.write(vec![0; (1 << 20) + 100]).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("streamChunkBytes is 1048576"), "{text}");
        assert_eq!(Error::from(error).kind, ErrorKind::LimitExceeded);
        assert_eq!(stream.done().await?, 1 << 20);
        Ok(CompileResult::default())
    });
    let plugin = testing::plugin(app).await.unwrap();
    plugin
        .compile(Context::default(), &services())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_answer_around_the_limit_fails_its_call_at_most() {
    for below in [4096, 200, 160, 96, 32, 0] {
        let app = Compile(move |_, _| async move {
            let path = "x".repeat((16 << 20) - below);
            Ok(CompileResult {
                dev_dep_fragment_path: Some(path),
                ..CompileResult::default()
            })
        });
        let plugin = testing::plugin(app).await.unwrap();
        let answer = plugin.compile(Context::default(), &services()).await;
        assert_eq!(
            answer.is_ok(),
            below == 4096,
            "{below} bytes below the limit"
        );
        if let Err(error) = answer {
            let text = error.to_string();
            assert!(text.contains("messageBytes is 16777216"), "{text}");
        }
        plugin.ping().await.unwrap();
    }
}

#[tokio::test]
async fn a_program_of_a_call_that_panics_ends_before_the_call_is_answered() {
    let (begun, program) = mpsc::channel();
    let app = Compile(move |_, host: Host| {
        let begun = begun.clone();
        async move {
            let mut shell = tokio::process::Command::new("sh");
            shell.args(["-c", "trap '' TERM; echo ready; sleep 1000"]);
            let mut child = host.spawn(shell.stdout(std::process::Stdio::piped()))?;
            let mut line = [0; 6];
            child.stdout.take().unwrap().read_exact(&mut line).await?;
            begun.send(support::watch(child.id())).unwrap();
            panic!("in the middle");
        }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let failed = plugin.compile(Context::default(), &services()).await;
    let text = failed.unwrap_err().to_string();
    assert!(text.contains("in the middle"), "{text}");
    let program = program.recv().unwrap();
    let ended = support::ends_within(&program, std::time::Duration::ZERO);
    assert!(ended, "it lives on");
}

/// Shows nothing before it is told to.
struct Held(Arc<Mutex<Vec<String>>>, Mutex<Option<mpsc::Receiver<()>>>);

impl Ui for Held {
    async fn message(&self, text: String) -> Result<(), Error> {
        let held = self.1.lock().unwrap().take();
        if let Some(held) = held {
            held.recv().unwrap_err();
        }
        self.0.lock().unwrap().push(text);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_on_one_object_keep_their_order_when_one_of_them_is_dropped() {
    let (free, held) = mpsc::channel();
    let free = Arc::new(Mutex::new(Some(free)));
    let shown = Arc::<Mutex<Vec<String>>>::default();
    let ui = UiClient::new(Held(Arc::clone(&shown), Mutex::new(Some(held))));
    let app = Compile(move |_, host: Host| {
        let free = Arc::clone(&free);
        async move {
            let mut calls = Vec::new();
            for text in ["first", "second", "dropped", "third"] {
                let mut call = Box::pin(host.ui.message(text));
                assert!(futures::poll!(call.as_mut()).is_pending());
                // Answered by another object, after what came before it has been received.
                host.directory.delete_blob("none").await?;
                calls.push(call);
            }
            drop(calls.remove(2));
            host.directory.delete_blob("none").await?;
            free.lock().unwrap().take();
            for call in calls {
                call.await?;
            }
            Ok(CompileResult::default())
        }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let services = Services { ui, ..services() };
    plugin.compile(Context::default(), &services).await.unwrap();
    assert_eq!(*shown.lock().unwrap(), ["first", "second", "third"]);
}
