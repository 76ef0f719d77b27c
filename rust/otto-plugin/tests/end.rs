//! Ends of a plugin: by its host, step by step, and without it.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::host::{Escalation, Exit, Launcher, Step};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use support::{example, probe, script, services};

/// Watches a process that may not be a child of this one.
fn watch(pid: u32) -> OwnedFd {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

fn ends_within(process: &OwnedFd, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).unwrap();
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&limit)).unwrap() == 1
}

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
async fn a_shutdown_cancels_the_calls_that_are_running() {
    let plugin = probe().start().await.unwrap();
    let waiting = {
        let plugin = plugin.clone();
        let context = Context {
            action: "count".into(),
            action_args: vec!["1".into()],
            ..Context::default()
        };
        tokio::spawn(async move { plugin.compile(context, &services()).await })
    };
    plugin.ping().await.unwrap();
    let ended = plugin.shut_down().await;
    assert_eq!(
        (ended.step, ended.exit),
        (Step::ShutDown, Some(Exit::Status(0)))
    );
    waiting.await.unwrap().unwrap_err();
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

#[test]
fn a_killed_host_leaves_no_plugin_even_if_that_blocks_its_thread() {
    let mut host = Command::new(example("probe-host"))
        .arg(example("otto-app-probe"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(host.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let (pid, text) = line.trim().split_once(' ').unwrap();
    assert_eq!(text, "blocking");
    let plugin = watch(pid.parse().unwrap());
    assert!(!ends_within(&plugin, Duration::ZERO));
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(ends_within(&plugin, Duration::from_secs(5)));
}
