//! What programs read.

use std::collections::{BTreeMap, BTreeSet};

use miette::NamedSource;
use otto_plugin::bindings::appfile;
use otto_plugin::bindings::host::{InputQuery, Log, LogRecord, Ui};
use otto_plugin::host::OutputStream;
use serde_json::{Value, json};

use super::super::options::LogFormat;
use super::super::{Look, Screen, Unit};
use super::{Recording, plain, with};

fn screen() -> (Screen, Recording) {
    with(
        Look {
            format: LogFormat::Json,
            ..plain()
        },
        None,
    )
}

/// The lines, without their times, each of which has to be there.
fn lines(recording: &Recording) -> Vec<Value> {
    let text = recording.text();
    let parsed = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let members = line.as_object_mut().unwrap();
        assert_eq!(members.remove("format"), Some(json!(1)));
        assert!(members.remove("time_unix_ms").unwrap().as_u64().unwrap() > 1_700_000_000_000);
        line
    });
    parsed.collect()
}

#[tokio::test]
async fn every_event_is_one_line_with_what_belongs_to_it() {
    let (screen, recording) = screen();
    let ui = screen.ui("app-ruby", None, BTreeSet::from(["PATH".to_owned()]));
    screen.header("Building");
    ui.message("two\nlines".into()).await.unwrap();
    ui.raw("\x1b[31mred".into()).await.unwrap();
    screen.output("app-ruby")(OutputStream::Stderr, b"printed\n");
    let task = screen.task("Packing", Some(2), Unit::Bytes);
    task.update(1, "ignored");
    drop(task);
    let record = LogRecord {
        message: "m".into(),
        fields: BTreeMap::from([("nan".into(), appfile::Value::Float(f64::NAN))]),
        time_unix_ns: 5,
        ..LogRecord::default()
    };
    screen.log("app-ruby").write(record).await.unwrap();
    let query = InputQuery {
        id: "key".into(),
        query: "Key?".into(),
        hide: true,
        environment: vec!["PATH".into()],
        ..InputQuery::default()
    };
    ui.input(query).await.unwrap();
    assert_eq!(
        lines(&recording),
        [
            json!({"event": "header", "text": "Building"}),
            json!({"event": "message", "plugin": "app-ruby", "text": "two\nlines"}),
            json!({"event": "raw", "plugin": "app-ruby", "text": "red"}),
            json!({"event": "output", "plugin": "app-ruby", "stream": "stderr", "line": "printed", "cut": 0}),
            json!({"event": "task_begun", "task": 0, "title": "Packing", "total": 2, "unit": "bytes"}),
            json!({"event": "task_ended", "task": 0, "title": "Packing", "message": "", "outcome": "given_up"}),
            json!({"event": "log", "plugin": "app-ruby", "level": "info", "target": "", "message": "m", "fields": {"nan": "NaN"}, "logged_unix_ns": 5}),
            json!({"event": "answered", "plugin": "app-ruby", "id": "key", "query": "Key?", "source": "environment", "variable": "PATH"}),
        ]
    );
    let path = std::env::var("PATH").unwrap();
    assert!(!recording.text().contains(&path), "the answer is shown");
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("bad")]
#[diagnostic(code(a::b), help("do better"))]
struct Bad {
    #[source_code]
    file: NamedSource<String>,
    #[label("here")]
    at: miette::SourceSpan,
    source: std::io::Error,
}

#[test]
fn an_error_has_its_code_its_causes_and_its_places() {
    let (screen, recording) = screen();
    let bad = Bad {
        file: NamedSource::new("Appfile", "one\ntwo\n".into()),
        at: (5, 2).into(),
        source: std::io::Error::other("why"),
    };
    screen.error(&bad.into());
    let label = json!({"file": "Appfile", "line": 2, "column": 2, "text": "here"});
    assert_eq!(
        lines(&recording),
        [json!({
            "event": "error", "level": "error", "code": "a::b", "message": "bad", "help": "do better",
            "causes": ["why"], "labels": [label],
        })]
    );
}

#[tokio::test]
async fn a_line_has_no_control_character_whatever_a_plugin_says() {
    let (screen, recording) = screen();
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    let hostile = "\x1b[2J\u{9b}2J\u{7f}\r\n\0";
    ui.message(hostile.into()).await.unwrap();
    let text = recording.text();
    let controls = text
        .trim_end_matches('\n')
        .chars()
        .filter(|char| char.is_control());
    assert_eq!(controls.count(), 0, "{text:?}");
    assert_eq!(lines(&recording)[0]["text"], hostile);
}
