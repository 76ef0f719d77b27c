//! Ends of a plugin: by its host, step by step, and without it.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::host::{Escalation, Exit, Launcher, PluginErrorCause, Step};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use rustix::process::Pid;
use support::{ends_within, example, probe, script, services, watch};

/// A plugin behind a script that does something else when the plugin has ended.
fn behind(directory: &Path, script_text: &str) -> Launcher {
    let text = format!(
        "#!/bin/sh\n{}",
        script_text.replace("PLUGIN", example("otto-app-probe").to_str().unwrap())
    );
    Launcher::new(script(directory, &text)).escalation(Escalation::default().scaled(0.04))
}

#[tokio::test]
async fn a_plugin_that_is_told_to_ends_by_itself() {
    let plugin = probe().start().await.unwrap();
    let process = watch(plugin.pid().unwrap());
    let ended = plugin.shut_down().await;
    assert_eq!(
        (ended.step, ended.exit),
        (Step::ShutDown, Some(Exit::Status(0)))
    );
    assert!(ends_within(&process, Duration::ZERO));
    // It is over for every clone, and once is enough.
    assert_eq!(plugin.shut_down().await.exit, Some(Exit::Status(0)));
}

#[tokio::test]
async fn a_group_that_outlives_its_plugin_gets_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let plugin = behind(directory.path(), "PLUGIN\nexec sleep 1000\n")
        .start()
        .await
        .unwrap();
    let ended = plugin.shut_down().await;
    assert_eq!(
        (ended.step, ended.exit),
        (Step::Terminate, Some(Exit::Signal(15)))
    );
}

#[tokio::test]
async fn a_group_that_ignores_sigterm_gets_sigkill() {
    let directory = tempfile::tempdir().unwrap();
    let text = "trap '' TERM\nPLUGIN\nsleep 1000\n";
    let plugin = behind(directory.path(), text).start().await.unwrap();
    let ended = plugin.shut_down().await;
    assert_eq!(
        (ended.step, ended.exit),
        (Step::Kill, Some(Exit::Signal(9)))
    );
}

#[tokio::test]
async fn what_a_plugin_leaves_of_its_group_is_killed_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let plugin = probe().start().await.unwrap();
    let command = format!(
        "trap '' TERM; echo $$ > {0}.part; mv {0}.part {0}; sleep 1000",
        file.display()
    );
    plugin
        .build(
            Context {
                action: command,
                ..Context::default()
            },
            &services(),
        )
        .await
        .unwrap();
    let pid = support::eventually(|| std::fs::read_to_string(&file).ok()).await;
    let child = watch(pid.trim().parse().unwrap());
    let ended = plugin.shut_down().await;
    assert_eq!(ended.exit, Some(Exit::Status(0)));
    assert!(ends_within(&child, Duration::from_secs(5)));
}

#[tokio::test]
async fn a_plugin_that_is_killed_is_gone_at_once_with_what_it_has_started() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let plugin = probe().start().await.unwrap();
    let process = watch(plugin.pid().unwrap());
    let command = format!(
        "trap '' TERM; echo $$ > {0}.part; mv {0}.part {0}; sleep 1000",
        file.display()
    );
    let context = Context {
        action: command,
        ..Context::default()
    };
    plugin.build(context, &services()).await.unwrap();
    let pid = support::eventually(|| std::fs::read_to_string(&file).ok()).await;
    let child = watch(pid.trim().parse().unwrap());

    let ui = FakeUi::new();
    let waiting = testing::services(&ui, &MemoryDirectory::new());
    let call = tokio::spawn({
        let plugin = plugin.clone();
        let wait = Context {
            action: "wait".into(),
            ..Context::default()
        };
        async move { plugin.compile(wait, &waiting).await }
    });
    support::eventually(|| (!ui.messages().is_empty()).then_some(())).await;
    plugin.kill();
    assert!(ends_within(&process, Duration::from_secs(5)));
    assert!(ends_within(&child, Duration::from_secs(5)));
    let error = call.await.unwrap().unwrap_err();
    let cause = &*error.cause;
    assert!(
        matches!(cause, PluginErrorCause::Died(Exit::Signal(9))),
        "{error}"
    );
    // Once is enough, and it ends as one that has died.
    plugin.kill();
    assert_eq!(plugin.shut_down().await.exit, Some(Exit::Signal(9)));
}

#[tokio::test]
async fn a_plugin_whose_last_handle_is_dropped_ends() {
    let plugin = probe().start().await.unwrap();
    let process = watch(plugin.pid().unwrap());
    drop(plugin);
    assert!(ends_within(&process, Duration::from_secs(5)));
}

#[tokio::test]
async fn a_connected_plugin_does_not_end_on_sigint() {
    let plugin = probe().start().await.unwrap();
    let pid = Pid::from_raw(i32::try_from(plugin.pid().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    plugin.ping().await.unwrap();
    assert_eq!(plugin.shut_down().await.exit, Some(Exit::Status(0)));
}

/// A host that is killed at the latest when the test ends.
struct Host(Child);

impl Host {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The ways for a plugin to reach its host.
const TRANSPORTS: [&str; 3] = ["inherited", "unix", "tcp"];

/// Starts a host that has a plugin block its thread, and gives what it prints: the number of the
/// process that it started, and of the plugin and its child.
fn blocked(path: &Path, transport: &str) -> (Host, [OwnedFd; 3]) {
    let mut host = Command::new(example("probe-host"))
        .args([path.as_os_str(), transport.as_ref()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(host.stdout.take().unwrap());
    let host = Host(host);
    stdout.read_line(&mut line).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!((words.len(), words[1]), (4, "blocking"), "{line}");
    let processes = [words[0], words[2], words[3]].map(|pid| watch(pid.parse().unwrap()));
    (host, processes)
}

#[test]
fn a_killed_host_leaves_no_plugin_even_if_that_blocks_its_thread() {
    for transport in TRANSPORTS {
        let (mut host, [_, plugin, child]) = blocked(&example("otto-app-probe"), transport);
        assert!(!ends_within(&plugin, Duration::ZERO));
        host.kill();
        assert!(ends_within(&plugin, Duration::from_secs(5)));
        assert!(
            ends_within(&child, Duration::from_secs(5)),
            "its child lives on"
        );
    }
}

#[test]
fn the_end_of_the_socket_and_the_death_of_the_parent_each_end_a_process() {
    let directory = tempfile::tempdir().unwrap();
    // The host's child is the second one, which knows nothing of the socket. The plugin is nobody's
    // that matters, and learns of the end from the socket alone.
    let text = format!(
        "#!/bin/sh\n{} &\nexec sleep 1000\n",
        example("otto-app-probe").display()
    );
    let path = script(directory.path(), &text);
    for transport in TRANSPORTS {
        let (mut host, [leader, plugin, child]) = blocked(&path, transport);
        host.kill();
        assert!(
            ends_within(&leader, Duration::from_secs(5)),
            "no signal came"
        );
        assert!(
            ends_within(&plugin, Duration::from_secs(5)),
            "no end of file came"
        );
        // It is in a group that its plugin does not lead, and nobody is left to end it.
        kill_watched(&child);
    }
}

fn kill_watched(process: &OwnedFd) {
    rustix::process::pidfd_send_signal(process, rustix::process::Signal::KILL).unwrap();
}

fn guard(path: &Path) -> Context {
    Context {
        action: "guard".into(),
        action_args: vec![path.to_str().unwrap().into()],
        ..Context::default()
    }
}

#[tokio::test]
async fn a_shutdown_is_asked_for_however_many_calls_are_running() {
    let directory = tempfile::tempdir().unwrap();
    let plugin = probe().start().await.unwrap();
    let ui = FakeUi::new();
    let services = testing::services(&ui, &MemoryDirectory::new());
    let calls: Vec<_> = (0..64)
        .map(|number| {
            let (plugin, services) = (plugin.clone(), services.clone());
            let context = guard(&directory.path().join(number.to_string()));
            tokio::spawn(async move { plugin.compile(context, &services).await })
        })
        .collect();
    support::eventually(|| (ui.messages().len() == 64).then_some(())).await;
    plugin.ping().await.unwrap();
    let ended = plugin.shut_down().await;
    assert_eq!(
        (ended.step, ended.exit),
        (Step::ShutDown, Some(Exit::Status(0)))
    );
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        let kind = error.error().map(|error| error.kind);
        assert_eq!(kind, Some(ErrorKind::Cancelled), "{error}");
    }
    // What an author does in a destructor belongs to the call, and is waited for.
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 64);
}

#[tokio::test]
async fn a_plugin_ends_on_shutdown_though_tasks_of_its_author_block_their_threads() {
    let plugin = probe().start().await.unwrap();
    let stall = Context {
        action: "stall".into(),
        ..Context::default()
    };
    plugin.compile(stall, &services()).await.unwrap();
    assert_eq!(plugin.shut_down().await.step, Step::ShutDown);
}

#[tokio::test]
async fn a_plugin_whose_connection_is_closed_exits_with_status_0_and_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("status");
    let text = format!(
        "#!/bin/sh\n{} 2>{1}.err\necho $? >{1}.part; mv {1}.part {1}\n",
        example("otto-app-probe").display(),
        file.display()
    );
    let plugin = Launcher::new(script(directory.path(), &text))
        .start()
        .await
        .unwrap();
    drop(plugin);
    let status = support::eventually(|| std::fs::read_to_string(&file).ok()).await;
    let said = std::fs::read_to_string(format!("{}.err", file.display())).unwrap();
    assert_eq!((status.trim(), said.as_str()), ("0", ""));
}
