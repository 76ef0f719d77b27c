//! A host that dies while an application is developed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{PLUGIN, Project, ends_within, get, ruby_is_there, watch};

/// The program in `examples/develop.rs`.
fn host() -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    target.join("examples/develop")
}

#[tokio::test]
async fn a_host_that_is_killed_takes_the_plugin_and_the_server_with_it() {
    if !ruby_is_there() {
        return;
    }
    let project = Project::hello();
    let mut host = Command::new(host())
        .arg(PLUGIN)
        .args([project.source.path(), project.work.path()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let (mut plugin, mut port) = (None, None);
    for line in lines {
        let line = line.unwrap();
        if let Some(pid) = line.strip_prefix("plugin ") {
            plugin = Some(watch(pid.parse().unwrap()));
        }
        if let Some((_, rest)) = line.split_once(" is ready: http://127.0.0.1:") {
            port = rest.trim_end_matches('/').parse().ok();
            break;
        }
    }
    let body = get(port.unwrap()).await;
    let servers = [&body[1], &body[2]].map(|pid| watch(pid.parse().unwrap()));
    host.kill().unwrap();
    host.wait().unwrap();
    for process in servers.iter().chain(&plugin) {
        assert!(ends_within(process, Duration::from_secs(10)), "it lives on");
    }
}
