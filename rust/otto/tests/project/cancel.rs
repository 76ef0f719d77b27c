//! Ctrl-C: the first one asks, the second one kills.

use std::fs;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::{World, wait_until_gone};

fn is_gone(pid: i32) -> bool {
    // One that was killed and not reaped yet is a zombie, which `init` reaps when it likes.
    let status = fs::read_to_string(format!("/proc/{pid}/stat"));
    let zombie = status.is_ok_and(|status| {
        status
            .rsplit(") ")
            .next()
            .is_some_and(|it| it.starts_with('Z'))
    });
    zombie || test_kill_process(Pid::from_raw(pid).unwrap()).is_err()
}

fn number(line: &str) -> i32 {
    line.rsplit(' ').next().unwrap().trim().parse().unwrap()
}

#[test]
fn the_first_one_asks_the_call_to_stop_and_its_programs_with_it() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"dev = ["child"]"#]);
    project.otto(&["compile"]).ok();
    let mut dev = project.otto(&["dev"]).start();
    let child = number(&dev.wait_for("child "));
    dev.signal(Signal::INT);
    let ended = dev.finish();
    assert_eq!(ended.status.code(), Some(130), "{ended}");
    assert!(is_gone(child));
}

#[test]
fn the_second_one_kills_what_does_not_stop() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"dev = ["pid", "hold holding on"]"#]);
    project.otto(&["compile"]).ok();
    let mut dev = project.otto(&["dev"]).start();
    let plugin = number(&dev.wait_for("the plugin is process"));
    dev.wait_for("holding on");
    dev.signal(Signal::INT);
    dev.wait_for("stopping");
    dev.signal(Signal::INT);
    let ended = dev.finish();
    assert_eq!(ended.status.code(), Some(130), "{ended}");
    // What stops by itself, or is dropped, says so.
    ended.says("x stopped").hides("App.dev");
    wait_until_gone(plugin);
}

#[test]
fn a_question_is_no_reason_to_stay() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"dev = ["say about to wait", "wait"]"#]);
    project.otto(&["compile"]).ok();
    let mut dev = project.otto(&["dev"]).start();
    dev.wait_for("about to wait");
    dev.signal(Signal::TERM);
    assert_eq!(dev.finish().status.code(), Some(130));
}

#[test]
fn a_plugin_that_never_answers_is_killed_with_the_command_that_looks_for_it() {
    let world = World::with_puppet();
    world.script(
        "home/.otto.d/plugins/otto-app-silent",
        "#!/bin/sh\ntrap '' INT TERM HUP\necho this is process $$ >&2\n\
         while :; do sleep 1000; done\n",
    );
    let commands = [
        &["plugins", "list"][..],
        &["plugins", "check", "app-silent"],
    ];
    for command in commands.repeat(5) {
        let mut list = world.otto(command).start();
        let plugin = number(&list.wait_for("this is process"));
        list.signal(Signal::INT);
        let ended = list.finish();
        assert_eq!(ended.status.code(), Some(130), "{ended}");
        wait_until_gone(plugin);
    }
}

#[test]
fn a_store_that_others_hold_is_not_waited_for() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[]);
    fs::create_dir_all(world.path("home/.local/share/otto")).unwrap();
    // Its tables cannot be made while somebody else writes.
    let options = SqliteConnectOptions::new()
        .filename(world.path("home/.local/share/otto/directory.sqlite"))
        .create_if_missing(true);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut other = runtime.block_on(options.connect()).unwrap();
    let writing = runtime
        .block_on(other.begin_with("BEGIN IMMEDIATE"))
        .unwrap();
    let mut compile = project.otto(&["compile"]).start();
    compile.wait_for("==> Compiling");
    compile.signal(Signal::INT);
    let ended = compile.finish();
    assert_eq!(ended.status.code(), Some(130), "{ended}");
    runtime.block_on(writing.rollback()).unwrap();
    project.otto(&["compile"]).ok();
}

#[test]
fn under_nohup_a_command_outlives_its_terminal() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"dev = ["child", "say it goes on"]"#]);
    project.otto(&["compile"]).ok();
    for (is_ignored, code) in [(true, 0), (false, 130)] {
        let dev = project.otto(&["dev"]);
        let mut dev = if is_ignored { dev.under("nohup") } else { dev }.start();
        let child = number(&dev.wait_for("child "));
        dev.signal(Signal::HUP);
        if is_ignored {
            // What it does next comes after the signal.
            kill_process(Pid::from_raw(child).unwrap(), Signal::TERM).unwrap();
        }
        let ended = dev.finish();
        assert_eq!(ended.status.code(), Some(code), "{ended}");
    }
}
