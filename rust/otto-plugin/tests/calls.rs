//! Calls to a plugin in a process of its own.

mod support;

use std::collections::BTreeSet;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::ErrorKind;
use otto_plugin::host::{Blame, Exit, Plugin, PluginError, PluginErrorCause};
use otto_plugin::rpc::{CallError, Outcome};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::{probe, services};

fn action(action: &str) -> Context {
    Context {
        action: action.into(),
        ..Context::default()
    }
}

fn count(number: u32) -> Context {
    Context {
        action_args: vec![number.to_string()],
        ..action("count")
    }
}

async fn compile(plugin: &Plugin, context: Context) -> Result<u32, PluginError> {
    plugin
        .compile(context, &services())
        .await
        .map(|result| result.version)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_get_as_many_right_answers_from_one_handle() {
    let plugin = probe().start().await.unwrap();
    let tasks = (0..64).map(|number| {
        let plugin = plugin.clone();
        tokio::spawn(async move {
            let result = plugin.compile(count(number), &services()).await.unwrap();
            assert_eq!(result.version, number);
            (result.version, result.foundation_config.service_port)
        })
    });
    let answers = futures::future::join_all(tasks).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let numbers: BTreeSet<_> = answers.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (0..64).collect());
    let peak = answers.iter().map(|(_, peak)| *peak).max().unwrap();
    assert!(
        (2..=64).contains(&peak),
        "the peak of calls in flight was {peak}"
    );
}

#[test]
fn the_same_handle_works_without_a_runtime() {
    let plugin = pollster::block_on(probe().start()).unwrap();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let plugin = plugin.clone();
            std::thread::spawn(move || pollster::block_on(compile(&plugin, count(number))).unwrap())
        })
        .collect();
    let numbers: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_method_that_is_not_done_is_unsupported_and_the_plugin_lives_on() {
    let plugin = probe().start().await.unwrap();
    let error = plugin
        .dev(Context::default(), &services())
        .await
        .unwrap_err();
    assert_eq!(error.error().unwrap().kind, ErrorKind::Unsupported);
    assert_eq!(
        (error.outcome, error.blame()),
        (Outcome::Failed, Blame::Work)
    );
    let text = error.to_string();
    assert!(
        text.contains("otto-app-probe") && text.contains("App.dev"),
        "{text}"
    );
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_panic_fails_one_call_with_its_text() {
    let plugin = probe().start().await.unwrap();
    let error = compile(&plugin, action("panic")).await.unwrap_err();
    let PluginErrorCause::Call(CallError::Fault { message, .. }) = &*error.cause else {
        panic!("{error}");
    };
    assert!(message.contains("the probe was told to"), "{message}");
    assert_eq!(
        (error.outcome, error.blame()),
        (Outcome::Failed, Blame::Plugin)
    );
    assert!(error.to_string().contains("App.compile"), "{error}");
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_dies_is_reported_with_method_outcome_and_end() {
    for (name, exit) in [("exit", Exit::Status(7)), ("abort", Exit::Signal(6))] {
        let plugin = probe().start().await.unwrap();
        let error = compile(&plugin, action(name)).await.unwrap_err();
        let PluginErrorCause::Died(seen) = &*error.cause else {
            panic!("{error}")
        };
        assert_eq!((*seen, error.outcome), (exit, Outcome::Unknown));
        assert_eq!(error.method, "App.compile");
        let later = plugin.ping().await.unwrap_err();
        assert_eq!(later.outcome, Outcome::NotStarted);
    }
}

#[tokio::test]
async fn a_message_over_the_limit_fails_that_call_and_names_both_numbers() {
    let plugin = probe().start().await.unwrap();
    let large = Context {
        dir: "x".repeat(17 << 20),
        ..action("count")
    };
    let error = compile(&plugin, large).await.unwrap_err();
    assert_eq!(
        (error.outcome, error.blame()),
        (Outcome::NotStarted, Blame::Caller)
    );
    let text = error.to_string();
    assert!(text.contains("messageBytes is 16777216"), "{text}");
    assert!(text.contains("the message is 1782"), "{text}");
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn nothing_of_the_protocols_reaches_the_environment_of_an_author() {
    let plugin = probe().env("ADDED", "1").start().await.unwrap();
    let ui = FakeUi::new();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin
        .compile(action("environment"), &services)
        .await
        .unwrap();
    let names = ui.messages().concat();
    assert!(names.split(' ').any(|name| name == "ADDED"), "{names}");
    assert!(!names.contains("OTTO_"), "{names}");
    assert!(
        !names.contains("CARGO_"),
        "a variable of the tests' own came through: {names}"
    );
}

#[tokio::test]
async fn a_child_of_a_plugin_inherits_no_socket() {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("list");
    let plugin = probe().start().await.unwrap();
    let command = format!(
        "ls -l /proc/self/fd > {0}.part; mv {0}.part {0}",
        list.display()
    );
    plugin.build(action(&command), &services()).await.unwrap();
    let found = support::eventually(|| std::fs::read_to_string(&list).ok()).await;
    assert!(!found.contains("socket:"), "{found}");
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_leaves_the_plugin_usable() {
    let plugin = probe().start().await.unwrap();
    // One call alone waits for another.
    let waiting = tokio::time::timeout(
        std::time::Duration::from_millis(100),
        compile(&plugin, count(1)),
    );
    waiting.await.unwrap_err();
    let both = tokio::join!(compile(&plugin, count(2)), compile(&plugin, count(3)));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (2, 3));
}
