//! Ctrl-C: the first one asks, the second one kills.

use std::fs;

use rustix::process::{Pid, Signal, test_kill_process};

use crate::support::World;

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
    let project = world.puppet("shop", &[r#"dev = ["hold holding on"]"#]);
    project.otto(&["compile"]).ok();
    let mut dev = project.otto(&["dev"]).start();
    dev.wait_for("holding on");
    dev.signal(Signal::INT);
    dev.wait_for("stopping");
    dev.signal(Signal::INT);
    let ended = dev.finish();
    assert_eq!(ended.status.code(), Some(130), "{ended}");
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
