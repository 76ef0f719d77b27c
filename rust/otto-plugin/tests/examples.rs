//! The examples of this crate, run as what they are.

mod support;

use std::process::Command;
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::bindings::host::CancelReason;
use otto_plugin::host::Launcher;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory, UiCall};
use support::{bytes, ends_within, eventually, example, watch};

/// No example is longer than what a reader takes in at once.
#[test]
fn an_example_has_at_most_60_lines() {
    for name in [
        "otto-app-hello",
        "otto-app-greeter",
        "otto-app-vault",
        "otto-app-waiter",
        "embed",
    ] {
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
async fn a_plugin_that_talks_to_the_user_asks_shows_and_remarks() {
    let plugin = Launcher::new(example("otto-app-greeter")).start().await;
    let plugin = plugin.unwrap();
    for (ui, name, letters) in [
        (FakeUi::new(), "world", 5),
        (FakeUi::new().answer("name", "Zoë"), "Zoë", 3),
    ] {
        let services = testing::services(&ui, &MemoryDirectory::new());
        plugin.dev(Context::default(), &services).await.unwrap();
        let calls = ui.calls();
        assert_eq!(calls[0], UiCall::Header("Greeting".into()));
        let last = UiCall::Message(format!("Hello, {name}!"));
        assert_eq!(calls.last(), Some(&last));
        assert!(calls.contains(&UiCall::ProgressEnd("written".into())));
        let shown = |call: &UiCall| match call {
            UiCall::ProgressUpdate(units, _) => Some(*units),
            _ => None,
        };
        assert_eq!(calls.iter().filter_map(shown).max(), Some(letters));
        let remarks = calls
            .iter()
            .filter(|call| matches!(call, UiCall::Diagnostic(_)));
        assert_eq!(remarks.count(), usize::from(name == "world"));
    }
}

#[tokio::test]
async fn a_plugin_that_keeps_a_file_gives_it_back_as_it_was() {
    let plugin = Launcher::new(example("otto-app-vault")).start().await;
    let plugin = plugin.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let context = Context {
        dir: directory.path().to_str().unwrap().into(),
        ..Context::default()
    };
    let (ui, blobs) = (FakeUi::new(), MemoryDirectory::new());
    let services = testing::services(&ui, &blobs);
    let error = plugin.deploy(context.clone(), &services).await.unwrap_err();
    let kind = error.error().map(|error| error.kind);
    assert_eq!(kind, Some(ErrorKind::Unavailable), "{error}");

    let archive = bytes(3_000_000);
    std::fs::write(directory.path().join("archive"), &archive).unwrap();
    plugin.build(context.clone(), &services).await.unwrap();
    assert!(blobs.blob("archive").as_ref() == Some(&archive));
    let calls = ui.calls();
    assert_eq!(calls.last(), Some(&UiCall::ProgressEnd("stored".into())));
    let done = |call: &UiCall| matches!(call, UiCall::ProgressUpdate(3_000_000, _));
    assert!(calls.iter().any(done), "{calls:?}");

    plugin.deploy(context, &services).await.unwrap();
    let deployed = std::fs::read(directory.path().join("deployed")).unwrap();
    assert!(deployed == archive);
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
