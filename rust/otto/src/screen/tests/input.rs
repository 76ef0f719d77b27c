//! Questions, over a pseudo-terminal.

use std::collections::BTreeSet;
use std::sync::Arc;

use otto_plugin::bindings::app::{App, Context, Meta};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    CancelReason, DirectoryClient, Host, InputAnswer, InputQuery, InputSource, Ui, UiClient,
};
use otto_plugin::host::{Cancel, Services};
use otto_plugin::testing::{self, MemoryDirectory};
use tokio::task::JoinHandle;

use super::super::{AskError, Screen, Secret};
use super::{at_terminal, recorded};

fn query(query: &str) -> InputQuery {
    InputQuery {
        id: "q".into(),
        query: query.into(),
        ..InputQuery::default()
    }
}

/// Asks as the plugin app-ruby does.
fn ask(
    screen: &Screen,
    allowed: &[&str],
    query: InputQuery,
) -> JoinHandle<Result<InputAnswer, Error>> {
    let allowed = allowed
        .iter()
        .map(|name| (*name).to_owned())
        .collect::<BTreeSet<_>>();
    let ui = Arc::new(screen.ui("app-ruby", None, allowed));
    tokio::spawn(async move { ui.input(query).await })
}

fn secret(screen: &Screen) -> JoinHandle<Result<Secret, AskError>> {
    let screen = screen.clone();
    tokio::spawn(async move { screen.secret("Passphrase").await })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_answers_a_plugin_and_knows_who_asks() {
    let (screen, _recording, person) = at_terminal();
    let question = InputQuery {
        description: "It is where\nthe \x1b[2Japplication lies.".into(),
        default: Some("/srv".into()),
        ..query("Directory")
    };
    let answer = ask(&screen, &[], question);
    assert_eq!(
        person.sees("]: "),
        "otto-app-ruby asks:\r\n    It is where\r\n    the \\u{1b}[2Japplication lies.\r\nDirectory [/srv]: "
    );
    person.types("/opt grün\n");
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(
        (answer.value.as_str(), answer.source),
        ("/opt grün", InputSource::User)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_answer_is_the_default_and_without_one_it_is_empty() {
    let (screen, _recording, person) = at_terminal();
    let with_default = InputQuery {
        default: Some("/srv".into()),
        ..query("Directory")
    };
    let answer = ask(&screen, &[], with_default);
    person.sees(": ");
    person.types("\n");
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(
        (answer.value.as_str(), answer.source),
        ("/srv", InputSource::Default)
    );
    let answer = ask(&screen, &[], query("Anything"));
    person.sees("Anything: ");
    person.types("\n");
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(
        (answer.value.as_str(), answer.source),
        ("", InputSource::User)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_answer_is_not_echoed_and_the_echo_comes_back() {
    let (screen, recording, person) = at_terminal();
    assert!(person.has_echo());
    let answer = secret(&screen);
    person.sees("Passphrase: ");
    assert!(!person.has_echo());
    person.types("hunter2\n");
    assert_eq!(answer.await.unwrap().unwrap().expose(), "hunter2");
    assert!(person.has_echo());
    assert_eq!(person.sees_now(), "\r\n");
    assert!(!recording.text().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_default_is_not_shown() {
    let (screen, _recording, person) = at_terminal();
    let question = InputQuery {
        default: Some("hunter2".into()),
        hide: true,
        ..query("Key")
    };
    let answer = ask(&screen, &[], question);
    let seen = person.sees("]: ");
    assert!(!seen.contains("hunter2"), "{seen}");
    person.types("\n");
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(
        (answer.value.as_str(), answer.source),
        ("hunter2", InputSource::Default)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_input_is_no_answer_and_brings_the_echo_back() {
    let (screen, _recording, person) = at_terminal();
    let answer = ask(
        &screen,
        &[],
        InputQuery {
            hide: true,
            ..query("Key")
        },
    );
    person.sees("Key: ");
    person.types("\x04");
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Aborted, "{error}");
    assert!(person.has_echo());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_taken_back_restores_the_terminal_and_takes_no_later_line() {
    let (screen, _recording, person) = at_terminal();
    let answer = secret(&screen);
    person.sees("Passphrase: ");
    person.types("half of a sec");
    answer.abort();
    assert!(answer.await.unwrap_err().is_cancelled());
    assert!(person.has_echo());
    let answer = ask(&screen, &[], query("Next"));
    person.types("the next line\n");
    assert_eq!(answer.await.unwrap().unwrap().value, "the next line");
}

#[tokio::test]
async fn the_terminal_is_as_it_was_when_the_drop_of_a_question_returns() {
    let (screen, _recording, person) = at_terminal();
    for _ in 0..50 {
        let mut answer = Box::pin(screen.secret("Passphrase"));
        assert!(futures::poll!(&mut answer).is_pending());
        person.sees("Passphrase: ");
        assert!(!person.has_echo());
        drop(answer);
        assert!(person.has_echo());
    }
}

/// Asks for a key, as a plugin does in the middle of a build.
struct Asking;

impl App for Asking {
    async fn meta(&self) -> Result<Meta, Error> {
        Ok(Meta::default())
    }

    async fn build(&self, _context: Context, host: Host) -> Result<(), Error> {
        for line in 0..20 {
            host.ui.message(format!("line {line}")).await?;
        }
        let key = InputQuery {
            hide: true,
            ..query("Key")
        };
        host.ui.input(key).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cancelled_takes_its_question_back() {
    let (screen, recording, person) = at_terminal();
    let plugin = testing::plugin(Asking).await.unwrap();
    let cancel = Cancel::new();
    let services = Services {
        ui: UiClient::new(screen.ui("app-asking", None, BTreeSet::new())),
        directory: DirectoryClient::new(MemoryDirectory::new()),
        cancel: cancel.clone(),
        terminal: None,
    };
    let call = tokio::spawn(async move { plugin.build(Context::default(), &services).await });
    person.sees("Key: ");
    assert!(!person.has_echo());
    let said: String = (0..20).map(|line| format!("    line {line}\n")).collect();
    assert_eq!(recording.text(), said);
    person.types("half of a sec");
    cancel.cancel(CancelReason::User);
    call.await.unwrap().unwrap_err();
    screen.settled().await;
    assert!(person.has_echo());
    let answer = ask(&screen, &[], query("Next"));
    person.types("the next line\n");
    assert_eq!(answer.await.unwrap().unwrap().value, "the next line");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_the_process_can_bring_the_echo_back() {
    let (screen, _recording, person) = at_terminal();
    let answer = secret(&screen);
    person.sees("Passphrase: ");
    assert!(!person.has_echo());
    screen.restore();
    assert!(person.has_echo());
    person.types("x\n");
    answer.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_is_asked_at_a_time_and_what_is_said_meanwhile_waits() {
    let (screen, recording, person) = at_terminal();
    let first = secret(&screen);
    person.sees("Passphrase: ");
    let second = ask(&screen, &[], query("Second"));
    screen.message("meanwhile");
    assert_eq!(recording.text(), "");
    assert_eq!(person.sees_now(), "");
    person.types("one\n");
    first.await.unwrap().unwrap();
    person.sees("Second: ");
    assert_eq!(recording.text(), "    meanwhile\n");
    person.types("two\n");
    assert_eq!(second.await.unwrap().unwrap().value, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_bounded_and_what_is_lost_is_counted() {
    let (screen, recording, person) = at_terminal();
    let answer = secret(&screen);
    person.sees("Passphrase: ");
    let line = "x".repeat(1024);
    for _ in 0..2000 {
        screen.message(&line);
    }
    person.types("\n");
    answer.await.unwrap().unwrap();
    let text = recording.text();
    let shown = text.lines().filter(|shown| shown.ends_with(&line)).count();
    assert!(text.len() < 2 << 20);
    let lost = format!(
        "warning: {} messages came meanwhile that are not shown",
        2000 - shown
    );
    assert!(
        text.lines().last().unwrap().starts_with(&lost),
        "{:?}",
        text.lines().last()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_or_no_is_asked_for_until_it_is_one() {
    let (screen, _recording, person) = at_terminal();
    let confirmed = |default| {
        let screen = screen.clone();
        tokio::spawn(async move { screen.confirm("Trust it?", default).await })
    };
    let answer = confirmed(false);
    person.sees("Trust it? [y/N]: ");
    person.types("maybe\n");
    person.sees("Trust it? [y/N]: ");
    person.types("YES\n");
    assert!(answer.await.unwrap().unwrap());
    let answer = confirmed(true);
    person.sees("Trust it? [Y/n]: ");
    person.types("\n");
    assert!(answer.await.unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_and_is_no_text_is_no_answer() {
    let (screen, _recording, person) = at_terminal();
    let answer = secret(&screen);
    person.sees("Passphrase: ");
    std::io::Write::write_all(&mut &person.keyboard, b"\xff\xfe\n").unwrap();
    assert!(matches!(
        answer.await.unwrap(),
        Err(AskError::NoText { .. })
    ));
}

#[tokio::test]
async fn a_variable_answers_only_if_the_user_allowed_it() {
    let (screen, recording) = recorded();
    let question = InputQuery {
        environment: vec!["HOME".into(), "OTTO_TEST_IS_NOT_SET".into(), "PATH".into()],
        ..query("Where")
    };
    let allowed = ["OTTO_TEST_IS_NOT_SET", "PATH"];
    let answer = ask(&screen, &allowed, question.clone())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer.value, std::env::var("PATH").unwrap());
    assert_eq!(
        (answer.source, answer.variable.as_str()),
        (InputSource::Environment, "PATH")
    );
    let text = recording.text();
    assert!(
        text.contains("\"HOME\" is not allowed to this plugin"),
        "{text}"
    );
    assert!(
        text.contains("Where taken from PATH") && !text.contains(&answer.value),
        "{text}"
    );

    let error = ask(&screen, &[], question).await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Aborted);
    assert!(
        error
            .help
            .contains("app-ruby = [\"HOME\", \"OTTO_TEST_IS_NOT_SET\", \"PATH\"]"),
        "{}",
        error.help
    );
}

#[tokio::test]
async fn without_a_terminal_a_default_is_taken_but_never_for_what_is_hidden() {
    let (screen, _recording) = recorded();
    let question = InputQuery {
        default: Some("/srv".into()),
        ..query("Directory")
    };
    let answer = ask(&screen, &[], question.clone()).await.unwrap().unwrap();
    assert_eq!(
        (answer.value.as_str(), answer.source),
        ("/srv", InputSource::Default)
    );
    let hidden = InputQuery {
        hide: true,
        ..question
    };
    let error = ask(&screen, &[], hidden).await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Aborted);
    assert!(error.help.contains("terminal"), "{}", error.help);
    assert!(matches!(
        screen.confirm("Trust it?", true).await,
        Err(AskError::NoTerminal { .. })
    ));
}
