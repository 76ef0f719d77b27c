//! Plugins that die, and hosts that fail, in the middle of a call.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::time::Duration;

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, Ui, UiClient};
use otto_plugin::host::{Exit, Launcher, PluginErrorCause, Services};
use otto_plugin::rpc::{CallError, Outcome};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::{Compile, ends_within, eventually, example, probe, script, services, watch};

fn action(name: &str, argument: &str) -> Context {
    Context {
        action: name.into(),
        action_args: vec![argument.into()],
        ..Context::default()
    }
}

/// The children of this process that nobody has waited for.
fn zombies() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let stat = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.unwrap().path().join("stat")).ok()
    };
    let is_ours = |stat: &String| {
        let after = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = after.split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(&std::process::id().to_string())
    };
    processes.filter_map(stat).filter(is_ours).collect()
}

#[tokio::test]
async fn a_plugin_that_is_killed_is_reported_at_once_with_the_end_of_both_streams() {
    let other = probe().start().await.unwrap();
    let plugin = probe().start().await.unwrap();
    let process = watch(plugin.pid().unwrap());
    let called = plugin.compile(action("last words", ""), &services()).await;
    let error = called.unwrap_err();
    assert!(
        matches!(*error.cause, PluginErrorCause::Died(Exit::Signal(9))),
        "{error}"
    );
    assert_eq!(
        (error.method, error.outcome),
        ("App.compile", Outcome::Unknown)
    );
    assert_eq!(error.output.stdout, b"last words on stdout\n");
    assert_eq!(error.output.stderr, b"last words on stderr\n");
    let text = error.to_string();
    for part in [
        "otto-app-probe",
        "signal 9 (SIGKILL)",
        "last words on stderr",
    ] {
        assert!(text.contains(part), "{text}");
    }
    other.ping().await.unwrap();
    assert!(ends_within(&process, Duration::ZERO));
    assert_eq!(zombies(), Vec::<String>::new());
}

#[tokio::test]
async fn a_child_that_keeps_the_pipes_of_a_plugin_delays_no_report() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let plugin = probe().start().await.unwrap();
    // In a session of its own, so that it is not ended with the group.
    let text = format!(
        "setsid sh -c 'echo $$ > {0}.part; mv {0}.part {0}; exec sleep 1000' & \
         while [ ! -e {0} ]; do sleep 0.01; done; echo ready; sleep 1000",
        file.display()
    );
    let ui = FakeUi::new();
    let lent = testing::services(&ui, &MemoryDirectory::new());
    let call = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.compile(action("child", &text), &lent).await }
    });
    let pid = eventually(|| std::fs::read_to_string(&file).ok()).await;
    let child = watch(pid.trim().parse().unwrap());
    eventually(|| (ui.messages() == ["ready"]).then_some(())).await;
    let process = watch(plugin.pid().unwrap());
    rustix::process::pidfd_send_signal(&process, rustix::process::Signal::KILL).unwrap();
    let error = call.await.unwrap().unwrap_err();
    assert!(
        matches!(*error.cause, PluginErrorCause::Died(Exit::Signal(9))),
        "{error}"
    );
    assert!(!ends_within(&child, Duration::ZERO), "it was meant to stay");
    rustix::process::pidfd_send_signal(&child, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_child_that_keeps_the_connection_of_a_plugin_takes_no_blame_off_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    // In a session of its own, so that it is not ended with the group.
    let text = format!(
        "#!/bin/sh\nsetsid sh -c 'echo $$ > {0}.part; mv {0}.part {0}; exec sleep 1000' &\nexec {1}",
        file.display(),
        example("otto-app-probe").display()
    );
    let launcher = Launcher::new(script(directory.path(), &text));
    let plugin = launcher.start().await.unwrap();
    let pid = eventually(|| std::fs::read_to_string(&file).ok()).await;
    let child = watch(pid.trim().parse().unwrap());
    let lent = services();
    let called = plugin.compile(action("last words", ""), &lent);
    let error = called.await.unwrap_err();
    assert!(
        matches!(*error.cause, PluginErrorCause::Died(Exit::Signal(9))),
        "{error}"
    );
    assert!(!ends_within(&child, Duration::ZERO), "it was meant to stay");
    rustix::process::pidfd_send_signal(&child, rustix::process::Signal::KILL).unwrap();
}

/// Fails in the middle of a callback.
struct Panics;

impl Ui for Panics {
    async fn message(&self, text: String) -> Result<(), Error> {
        panic!("the host cannot show {text:?}")
    }
}

#[tokio::test]
async fn a_panic_in_a_callback_fails_that_callback_and_nothing_else() {
    let app = Compile(|_, host: Host| async move {
        let error = host.ui.message("hello").await.unwrap_err();
        assert!(matches!(error, CallError::Fault { .. }), "{error}");
        Err(Error::invalid(error.to_string()))
    });
    let plugin = testing::plugin(app).await.unwrap();
    let panicking = Services {
        ui: UiClient::new(Panics),
        ..services()
    };
    let called = plugin.compile(Context::default(), &panicking).await;
    let text = called.unwrap_err().to_string();
    assert!(text.contains("the host cannot show \"hello\""), "{text}");
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_panics_while_it_calls_back_fails_one_call() {
    let app = Compile(|context: Context, host: Host| async move {
        let mut message = Box::pin(host.ui.message("hello"));
        assert!(futures::poll!(message.as_mut()).is_pending());
        if context.action == "panic" {
            panic!("in the middle");
        }
        message.await?;
        Ok(CompileResult::default())
    });
    let plugin = testing::plugin(app).await.unwrap();
    let lent = services();
    let (failed, done) = tokio::join!(
        plugin.compile(action("panic", ""), &lent),
        plugin.compile(action("", ""), &lent)
    );
    let text = failed.unwrap_err().to_string();
    assert!(text.contains("in the middle"), "{text}");
    done.unwrap();
}
