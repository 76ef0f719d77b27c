//! What people see.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;

use miette::{NamedSource, Report, SourceSpan};
use otto_plugin::bindings::appfile::Value;
use otto_plugin::bindings::error::{ErrorKind, Location};
use otto_plugin::bindings::host::{
    Diagnostic, Log, LogLevel as Sent, LogRecord, ProgressStart, ProgressStartTotal, Severity, Ui,
};
use otto_plugin::host::OutputStream;

use super::super::options::LogLevel;
use super::super::text::Text;
use super::super::{Look, Unit};
use super::{plain, recorded, with};

fn colored() -> Look {
    Look {
        text: Text {
            color: true,
            width: Some(80),
        },
        ..plain()
    }
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the flavor {flavor:?} is not there")]
#[diagnostic(code(appfile::flavor), help("use one of: vpc"))]
struct NoFlavor {
    flavor: String,
    #[source_code]
    file: NamedSource<String>,
    #[label("here")]
    at: SourceSpan,
    #[source]
    cause: std::io::Error,
}

fn no_flavor(flavor: &str) -> Report {
    Report::new(NoFlavor {
        flavor: flavor.into(),
        file: NamedSource::new("Appfile", "project {\n  flavor = \"x\x1b\"\n}\n".to_owned()),
        at: (12, 6).into(),
        cause: std::io::Error::other("nobody \x1b[2J made it"),
    })
}

#[tokio::test]
async fn what_a_plugin_and_otto_say_is_shown_in_its_order() {
    let (screen, recording) = recorded();
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    screen.header("Building blog");
    ui.header("Bundling".into()).await.unwrap();
    ui.message("Using Ruby 3.3".into()).await.unwrap();
    ui.raw("raw, ".into()).await.unwrap();
    ui.raw("\x1b[31mred\x1b[0m\n".into()).await.unwrap();
    screen.note("a note");
    screen.warning("a warning");
    assert_eq!(
        recording.text(),
        "==> Building blog\n==> Bundling\n    Using Ruby 3.3\nraw, red\nnote: a note\nwarning: a warning\n"
    );
}

#[tokio::test]
async fn colours_are_those_of_otto_and_what_raw_keeps_of_a_plugin() {
    let (screen, recording) = with(colored(), None);
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    ui.header("Bundling".into()).await.unwrap();
    ui.raw("\x1b[31mred\x1b]0;title\x07".into()).await.unwrap();
    ui.raw("still\n".into()).await.unwrap();
    assert_eq!(
        recording.text(),
        "\x1b[1m\x1b[32m==> Bundling\x1b[0m\n\x1b[31mred\x1b[0m\x1b[31mstill\n\x1b[0m"
    );
}

#[tokio::test]
async fn nothing_that_a_plugin_says_moves_the_cursor() {
    let (screen, recording) = with(colored(), None);
    let hostile = "a\x1b[2J\x1b]52;c;aGk=\x07\r\n\u{9b}1Ab\x08\u{202e}";
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    ui.header(hostile.into()).await.unwrap();
    ui.message(hostile.into()).await.unwrap();
    ui.raw(format!("{hostile}\n")).await.unwrap();
    let at = Location {
        file: hostile.into(),
        line: 3,
    };
    let remark = Diagnostic {
        summary: hostile.into(),
        detail: hostile.into(),
        location: Some(at),
        ..Diagnostic::default()
    };
    ui.diagnostic(remark).await.unwrap();
    let record = LogRecord {
        target: hostile.into(),
        message: hostile.into(),
        fields: BTreeMap::from([(hostile.into(), Value::Text(hostile.into()))]),
        ..LogRecord::default()
    };
    screen.log("app-ruby").write(record).await.unwrap();
    screen.output("app-ruby")(OutputStream::Stdout, hostile.as_bytes());
    let task = screen.task(hostile, None, Unit::Items);
    task.end(hostile);
    screen.error(&no_flavor(hostile));
    let text = recording.text();
    let without_colors = super::super::sgr::without_colors(&text);
    let left: String = without_colors
        .chars()
        .filter(|char| char.is_control() && *char != '\n')
        .collect();
    assert_eq!(left, "", "{without_colors:?}");
    assert!(
        without_colors.contains("a\\u{1b}[2J\\u{1b}]52;c;aGk=\\u{7}"),
        "{without_colors}"
    );
}

#[tokio::test]
async fn a_raw_line_without_an_end_is_ended_by_whoever_speaks_next() {
    let (screen, recording) = recorded();
    let (one, two) = (
        screen.ui("app-a", None, BTreeSet::new()),
        screen.ui("app-b", None, BTreeSet::new()),
    );
    one.raw("one".into()).await.unwrap();
    two.raw("two".into()).await.unwrap();
    two.raw(", and on".into()).await.unwrap();
    one.message("done".into()).await.unwrap();
    two.raw("last".into()).await.unwrap();
    drop((one, two, screen));
    assert_eq!(recording.text(), "one\ntwo, and on\n    done\nlast\n");
}

#[tokio::test]
async fn a_remark_shows_the_line_of_a_file_below_the_project_only() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("project");
    fs::create_dir(&root).unwrap();
    fs::write(
        root.join("Gemfile"),
        "source 'x'\n  gem 'rails', '\x1b[1m'\n",
    )
    .unwrap();
    fs::write(directory.path().join("secret"), "hunter2\n").unwrap();
    std::os::unix::fs::symlink(directory.path().join("secret"), root.join("link")).unwrap();
    let (screen, recording) = recorded();
    let ui = screen.ui("app-ruby", Some(root), BTreeSet::new());
    let remark = |file: &str, line| Diagnostic {
        severity: Severity::Warning,
        summary: "this gem is old".into(),
        detail: "update it".into(),
        location: Some(Location {
            file: file.into(),
            line,
        }),
    };
    ui.diagnostic(remark("Gemfile", 2)).await.unwrap();
    assert_eq!(
        recording.text(),
        "  ! this gem is old\n   ,-[Gemfile:2:3]\n 1 | source 'x'\n 2 |   gem 'rails', '?[1m'\n   :   ^^^^^^^^^^^^^^^^^^^\n   `----\n  help: update it\n"
    );
    for (file, line) in [
        ("link", 1),
        ("../secret", 1),
        ("/etc/passwd", 1),
        ("Gemfile", 9),
        ("none", 1),
        ("Gemfile", 0),
        (".", 1),
    ] {
        let (screen, recording) = recorded();
        let ui = screen.ui(
            "app-ruby",
            Some(directory.path().join("project")),
            BTreeSet::new(),
        );
        ui.diagnostic(remark(file, line)).await.unwrap();
        let place = if line == 0 {
            file.to_owned()
        } else {
            format!("{file}:{line}")
        };
        assert_eq!(
            recording.text(),
            format!("  ! {place}: this gem is old\n  help: update it\n")
        );
    }
}

#[test]
fn an_error_is_shown_with_its_line_its_cause_and_its_help() {
    let (screen, recording) = recorded();
    screen.error(&no_flavor("x"));
    assert_eq!(
        recording.text(),
        "appfile::flavor\n\n  x the flavor \"x\" is not there\n  `-> nobody \\u{1b}[2J made it\n   ,-[Appfile:2:3]\n 1 | project {\n 2 |   flavor = \"x?\"\n   :   ^^^|^^\n   :      `-- here\n 3 | }\n   `----\n  help: use one of: vpc\n"
    );
}

#[test]
fn what_a_plugin_prints_is_shown_by_the_line_and_named() {
    let (screen, recording) = recorded();
    let mut output = screen.output("app-ruby");
    output(OutputStream::Stdout, b"Fetching \x1b[32mrack");
    output(OutputStream::Stderr, b"warned\n");
    output(OutputStream::Stdout, b"\x1b[0m\nno end");
    drop(output);
    assert_eq!(
        recording.text(),
        "otto-app-ruby | warned\notto-app-ruby | Fetching rack\notto-app-ruby | no end\n"
    );
}

#[tokio::test]
async fn log_records_are_shown_from_the_level_that_the_user_wants() {
    let (screen, recording) = with(
        Look {
            level: LogLevel::Warn,
            ..plain()
        },
        None,
    );
    let log = screen.log("app-ruby");
    for level in [Sent::Info, Sent::Warn, Sent::Unknown(77), Sent::Error] {
        let record = LogRecord {
            level,
            target: "bundler".into(),
            message: "old".into(),
            fields: BTreeMap::from([
                ("gem".into(), Value::Text("rack".into())),
                ("n".into(), Value::Int(3)),
            ]),
            ..LogRecord::default()
        };
        log.write(record).await.unwrap();
    }
    assert_eq!(
        recording.text(),
        "app-ruby warn bundler: old gem=rack n=3\napp-ruby error bundler: old gem=rack n=3\n"
    );
}

#[tokio::test]
async fn without_a_terminal_a_task_is_a_line_at_its_begin_and_one_at_its_end() {
    let (screen, recording) = recorded();
    let task = screen.task("Packing", Some(3), Unit::Items);
    assert!(task.update(1, "app"));
    assert!(task.end("3 files"));
    assert!(!task.update(2, "") && !task.end(""));
    drop(task);
    drop(screen.task("Sending", None, Unit::Bytes));
    assert_eq!(
        recording.text(),
        "    Packing …\n    Packing: 3 files\n    Sending …\n    Sending: given up\n"
    );
}

#[tokio::test]
async fn a_plugin_may_have_so_many_tasks_at_once_and_no_more() {
    let (screen, _recording) = recorded();
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    let start = || ProgressStart {
        title: "t".into(),
        total: ProgressStartTotal::Units(1),
        ..ProgressStart::default()
    };
    let mut tasks = Vec::new();
    for _ in 0..64 {
        tasks.push(ui.progress(start()).await.unwrap());
    }
    let error = ui.progress(start()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::LimitExceeded);
    assert!(
        error.message.contains("64") && error.message.contains("65"),
        "{error}"
    );
}

#[tokio::test]
async fn quiet_leaves_warnings_and_errors() {
    let (screen, recording) = with(
        Look {
            quiet: true,
            ..plain()
        },
        None,
    );
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    screen.header("Building");
    screen.note("a note");
    ui.message("a message".into()).await.unwrap();
    ui.raw("raw\n".into()).await.unwrap();
    screen.output("app-ruby")(OutputStream::Stdout, b"printed\n");
    screen.task("Packing", None, Unit::Items).end("");
    let note = Diagnostic {
        summary: "a remark".into(),
        ..Diagnostic::default()
    };
    ui.diagnostic(note).await.unwrap();
    assert_eq!(recording.text(), "");
    screen.warning("careful");
    screen.error(&miette::miette!("broken"));
    assert_eq!(recording.text(), "warning: careful\n  x broken\n");
}

#[test]
fn lines_from_many_threads_are_whole() {
    let (screen, recording) = recorded();
    thread::scope(|scope| {
        for thread in 0..4 {
            let screen = screen.clone();
            scope.spawn(move || {
                (0..100).for_each(|line| screen.message(format!("{thread} {line}")))
            });
        }
    });
    let text = recording.text();
    for thread in 0..4 {
        let own: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with(&format!("    {thread} ")))
            .collect();
        let expected: Vec<_> = (0..100)
            .map(|line| format!("    {thread} {line}"))
            .collect();
        assert_eq!(own, expected);
    }
    assert_eq!(text.lines().count(), 400);
}
