//! The commands, with a person and without one.

use std::io::{self, Write};
use std::os::fd::AsRawFd;

use clap::Parser;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::super::command::{list, remove, set};
use super::super::{Command, Credentials, CredentialsError};
use super::{credentials, exposed, passphrase, secrets};
use crate::screen::tests::{Person, Recording, at_terminal, recorded};
use crate::screen::{AskError, Screen};

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// Does the command of these arguments, with standard input if it has any, and gives its output.
async fn run(
    credentials: &Credentials,
    screen: &Screen,
    arguments: &str,
    input: Option<&str>,
) -> Result<String, CredentialsError> {
    let arguments = ["credentials"].into_iter().chain(arguments.split(' '));
    let mut out = Vec::new();
    match CommandLine::try_parse_from(arguments).unwrap().command {
        Command::Set(arguments) => {
            let lines = input.map(|input| Box::new(io::Cursor::new(input.to_owned())) as _);
            set(credentials, arguments, screen, lines).await?;
        }
        Command::List(arguments) => list(credentials, arguments, screen, &mut out).await?,
        Command::Remove(arguments) => remove(credentials, arguments, screen).await?,
    }
    Ok(String::from_utf8(out).unwrap())
}

/// An inherited descriptor with a passphrase on it.
fn descriptor(text: &str) -> io::PipeReader {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    reader
}

#[tokio::test]
async fn a_script_stores_lines_and_lists_names_but_sees_no_value() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    let (screen, recording) = recorded();
    let input = "# the account\nAWS_KEY=hun=ter2 \r\n\nAWS_ID=id\n";
    let fd = descriptor("correct horse\n");
    let arguments = format!("set aws --passphrase-fd {}", fd.as_raw_fd());
    run(&credentials, &screen, &arguments, Some(input))
        .await
        .unwrap();
    let expected = [("AWS_ID", "id"), ("AWS_KEY", "hun=ter2 ")];
    assert_eq!(
        exposed(&credentials.load("aws", &passphrase()).unwrap()),
        expected
    );
    assert_eq!(
        run(&credentials, &screen, "list", None).await.unwrap(),
        "aws\n"
    );
    let fd = descriptor("correct horse");
    let arguments = format!("list aws --passphrase-fd {}", fd.as_raw_fd());
    assert_eq!(
        run(&credentials, &screen, &arguments, None).await.unwrap(),
        "AWS_ID\nAWS_KEY\n"
    );
    assert!(recording.text().contains("AWS_ID, AWS_KEY"));
    assert!(!recording.text().contains("ter2"));
}

#[tokio::test]
async fn a_script_that_is_wrong_changes_nothing_and_is_told_where() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    let (screen, _recording) = recorded();
    let try_lines = async |input: &str| {
        let fd = descriptor("correct horse\n");
        let arguments = format!("set aws --passphrase-fd {}", fd.as_raw_fd());
        let error = run(&credentials, &screen, &arguments, Some(input))
            .await
            .unwrap_err();
        assert!(
            !format!("{error:?} {error}").contains("hunter2"),
            "{error:?}"
        );
        error
    };
    for input in [
        "A=1\nhunter2\n",
        "A=1\n=hunter2",
        "A=1\nA=hunter2",
        "A=1\nB C=hunter2",
    ] {
        let error = try_lines(input).await;
        assert!(
            matches!(error, CredentialsError::Line { line: 2, .. }),
            "{input:?}: {error}"
        );
    }
    assert!(matches!(
        try_lines("\n#\n").await,
        CredentialsError::Nothing
    ));
    let large = format!("A={}", "x".repeat(300 << 10));
    assert!(matches!(
        try_lines(&large).await,
        CredentialsError::Input { .. }
    ));
    for bad in ["\n", ""] {
        let fd = descriptor(bad);
        let arguments = format!("set aws --passphrase-fd {}", fd.as_raw_fd());
        let error = run(&credentials, &screen, &arguments, Some("A=1"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, CredentialsError::EmptyPassphrase),
            "{error}"
        );
    }
    let error = run(
        &credentials,
        &screen,
        "set aws --passphrase-fd 987654",
        Some("A=1"),
    )
    .await
    .unwrap_err();
    assert!(
        matches!(error, CredentialsError::PassphraseFd { fd: 987_654, .. }),
        "{error}"
    );
    assert_eq!(credentials.names().unwrap(), [] as [&str; 0]);
}

#[tokio::test]
async fn without_a_terminal_there_is_no_passphrase_and_nothing_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let credentials = credentials(directory.path());
    let (screen, _recording) = recorded();
    let error = run(&credentials, &screen, "set aws", Some("A=1"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CredentialsError::NoPassphrase { .. }),
        "{error}"
    );
    credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "one")]), false)
        .unwrap();
    let error = run(&credentials, &screen, "list aws", None)
        .await
        .unwrap_err();
    assert!(
        matches!(error, CredentialsError::NoPassphrase { .. }),
        "{error}"
    );
    let error = run(&credentials, &screen, "list gcp", None)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CredentialsError::Unknown { known, .. } if known == &["aws"]),
        "{error}"
    );
    let error = run(&credentials, &screen, "remove aws", None)
        .await
        .unwrap_err();
    assert!(
        matches!(error, CredentialsError::NotConfirmed { .. }),
        "{error}"
    );
    assert_eq!(credentials.names().unwrap(), ["aws"]);
    run(&credentials, &screen, "remove aws --yes", None)
        .await
        .unwrap();
    assert_eq!(credentials.names().unwrap(), [] as [&str; 0]);
    let error = run(&credentials, &screen, "remove aws --yes", None)
        .await
        .unwrap_err();
    assert!(matches!(error, CredentialsError::Unknown { .. }), "{error}");
}

struct Terminal {
    _directory: tempfile::TempDir,
    credentials: Credentials,
    screen: Screen,
    recording: Recording,
    person: Person,
}

impl Terminal {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let credentials = credentials(directory.path());
        let (screen, recording, person) = at_terminal();
        Self {
            _directory: directory,
            credentials,
            screen,
            recording,
            person,
        }
    }

    fn run(&self, arguments: &'static str) -> JoinHandle<Result<String, CredentialsError>> {
        let (credentials, screen) = (self.credentials.clone(), self.screen.clone());
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            runtime.block_on(run(&credentials, &screen, arguments, None))
        })
    }

    /// Waits for the question, and answers it. What is typed is shown only if it is no secret.
    fn answer(&self, question: &str, answer: &str, is_shown: bool) {
        self.person.sees(question);
        assert_eq!(self.person.has_echo(), is_shown, "{question}");
        self.person.types(&format!("{answer}\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_types_keys_and_values_and_the_passphrase_twice() {
    let terminal = Terminal::new();
    let done = terminal.run("set aws");
    terminal.answer(
        "New passphrase for the credentials of aws: ",
        "correct horse",
        false,
    );
    terminal.answer(
        "again, for the credentials of aws: ",
        "correct horse",
        false,
    );
    terminal.answer("(nothing to end): ", "KEY", true);
    terminal.answer("Value of KEY: ", "hunter2", false);
    terminal.answer("(nothing to end): ", "", true);
    done.await.unwrap().unwrap();
    assert_eq!(
        exposed(&terminal.credentials.load("aws", &passphrase()).unwrap()),
        [("KEY", "hunter2")]
    );
    let text = terminal.recording.text();
    assert!(
        text.contains("KEY") && !text.contains("hunter2") && !text.contains("horse"),
        "{text}"
    );

    let done = terminal.run("list aws");
    terminal.answer(
        "Passphrase for the credentials of aws: ",
        "correct horse",
        false,
    );
    assert_eq!(done.await.unwrap().unwrap(), "KEY\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_passphrase_is_told_before_any_value_is_typed() {
    let terminal = Terminal::new();
    terminal
        .credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "one")]), false)
        .unwrap();
    let done = terminal.run("set aws");
    terminal.answer("Passphrase for the credentials of aws: ", "wrong", false);
    let error = done.await.unwrap().unwrap_err();
    assert!(
        matches!(error, CredentialsError::WrongPassphrase { .. }),
        "{error}"
    );
    let done = terminal.run("set aws --replace");
    terminal.answer("New passphrase for the credentials of aws: ", "one", false);
    terminal.answer("again, for the credentials of aws: ", "two", false);
    let error = done.await.unwrap().unwrap_err();
    assert!(matches!(error, CredentialsError::Differ), "{error}");
    let done = terminal.run("set gcp");
    terminal.answer("New passphrase for the credentials of gcp: ", "", false);
    let error = done.await.unwrap().unwrap_err();
    assert!(
        matches!(error, CredentialsError::EmptyPassphrase),
        "{error}"
    );
    assert_eq!(
        exposed(&terminal.credentials.load("aws", &passphrase()).unwrap()),
        [("KEY", "one")]
    );
    assert_eq!(terminal.credentials.names().unwrap(), ["aws"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_agrees_before_anything_is_removed() {
    let terminal = Terminal::new();
    terminal
        .credentials
        .save("aws", &passphrase(), secrets(&[("KEY", "one")]), false)
        .unwrap();
    let done = terminal.run("remove aws");
    terminal.answer("[y/N]: ", "", true);
    let error = done.await.unwrap().unwrap_err();
    assert!(
        matches!(error, CredentialsError::NotConfirmed { .. }),
        "{error}"
    );
    let done = terminal.run("remove aws");
    terminal.person.sees("[y/N]: ");
    terminal.person.types("\x04");
    let error = done.await.unwrap().unwrap_err();
    assert!(
        matches!(error, CredentialsError::Ask(AskError::Aborted { .. })),
        "{error}"
    );
    assert_eq!(terminal.credentials.names().unwrap(), ["aws"]);
    let done = terminal.run("remove aws");
    terminal.answer("[y/N]: ", "y", true);
    done.await.unwrap().unwrap();
    assert_eq!(terminal.credentials.names().unwrap(), [] as [&str; 0]);
}
