//! The examples of this crate, run as what they are.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::process::Command;
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::bindings::host::CancelReason;
use otto_plugin::host::Launcher;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::{ends_within, eventually, example, watch};

/// No example is longer than what a reader takes in at once.
#[test]
fn an_example_has_at_most_60_lines() {
    for name in ["otto-app-hello", "otto-app-waiter", "embed"] {
        let path = format!("{}/examples/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 60, "{name} has {lines}");
    }
}

#[tokio::test]
async fn the_smallest_plugin_says_what_it_is_for() {
    let plugin = Launcher::new(example("otto-app-hello")).start().await;
    let plugin = plugin.unwrap();
    assert_eq!(plugin.info().name, "hello");
    assert_eq!(plugin.meta().tuples[0].app, "hello");
}

#[tokio::test]
async fn a_plugin_whose_calls_can_be_cancelled_ends_its_program_or_takes_its_work_back() {
    let plugin = Launcher::new(example("otto-app-waiter")).start().await;
    let plugin = plugin.unwrap();
    for (is_dev, said) in [(true, 1), (false, 2)] {
        let ui = FakeUi::new();
        let services = testing::services(&ui, &MemoryDirectory::new());
        let cancel = services.cancel.clone();
        let context = Context {
            action_args: vec!["1000".into()],
            ..Context::default()
        };
        let call = tokio::spawn({
            let plugin = plugin.clone();
            async move {
                match is_dev {
                    true => plugin.dev(context, &services).await,
                    false => plugin.deploy(context, &services).await,
                }
            }
        });
        let first = eventually(|| ui.messages().pop()).await;
        let program = first
            .strip_prefix("process ")
            .map(|pid| watch(pid.parse().unwrap()));
        cancel.cancel(CancelReason::User);
        let error = call.await.unwrap().unwrap_err();
        let kind = error.error().map(|error| error.kind);
        assert_eq!(kind, Some(ErrorKind::Cancelled), "{error}");
        assert_eq!(ui.messages().len(), said);
        assert_eq!(program.is_some(), is_dev);
        if let Some(program) = program {
            assert!(ends_within(&program, Duration::ZERO), "it lives on");
        }
    }
}

#[test]
fn a_host_in_a_few_lines_runs_a_plugin_and_shows_what_it_says() {
    let output = Command::new(example("embed"))
        .arg(example("otto-app-waiter"))
        .arg("200")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let expected = [
        "waiter is for",
        "    process ",
        "App.dev was cancelled: it took longer than the host allows",
        "ended: ShutDown",
    ];
    for line in expected {
        assert!(text.contains(line), "{line:?} is not in:\n{text}");
    }
}
