use std::io;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::*;
use crate::exit::Exit;
use crate::plugins::fixture::hello;

#[tokio::test]
async fn a_plugin_is_inspected_by_name_or_path() {
    let machine = Machine::new();
    let path = machine.path("user/otto-app-linked");
    symlink(hello(), &path).unwrap();
    let by_path = path.display().to_string();
    for named in ["app-linked", "otto-app-linked", &by_path] {
        let text = shown(&machine, inspect(named, Format::Json)).await;
        let all: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&all["format"], &all["name"]),
            (&json!(1), &json!("app-linked"))
        );
        assert_eq!(all["path"], json!(path));
        assert_eq!(all["file"]["target"], json!(hello()));
        assert_eq!(
            all["file"]["size"],
            json!(hello().metadata().unwrap().len())
        );
        assert_eq!(all["file"]["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(all["info"]["library"], "otto-plugin");
        assert_eq!(all["info"]["limits"]["callsInFlight"], 64);
        assert_eq!(all["meta"]["tuples"][0]["app"], "hello");
        for part in ["executeMs", "connectMs", "metaMs"] {
            assert!(
                all["start"][part].as_f64().unwrap() > 0.0,
                "{part} of {text}"
            );
        }
    }
    let text = shown(&machine, inspect("app-linked", Format::Table)).await;
    for expected in [
        "app-linked",
        "hello/*/*",
        "otto-plugin",
        "connect ",
        "SHA-256",
        " ms",
        &format!("leads to {}", hello().display()),
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
}

#[tokio::test]
async fn a_check_shows_each_step_with_its_time() {
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    let text = shown(&machine, check("app-hello")).await;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        machine.path("user/otto-app-hello").display().to_string()
    );
    let steps = ["execute", "connect", "meta", "ping", "shut down"];
    assert_eq!(lines.len(), 1 + steps.len(), "{text}");
    for (line, step) in lines[1..].iter().zip(steps) {
        assert!(
            line.trim_start().starts_with(step) && line.ends_with(" ms"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_check_explains_the_first_step_that_fails() {
    let machine = Machine::new();
    machine.script("user/otto-app-bad", "echo unlucky >&2; exit 3");
    let (text, error) = failed(&machine, check("app-bad")).await;
    assert!(text.lines().last().unwrap().contains("connect"), "{text}");
    assert!(text.contains("failed"), "{text}");
    let told = error.to_string();
    assert!(
        told.contains("phase connect") && told.contains("unlucky"),
        "{told}"
    );
    assert!(miette::Diagnostic::help(&error).is_some());
    assert_eq!(error.exit(), Exit::Plugin);

    let text = format!("{}\nexit 3", hello().display());
    machine.script("user/otto-app-rude", &text);
    let (text, error) = failed(&machine, check("app-rude")).await;
    assert!(
        text.contains("ping") && text.ends_with("shut down    failed\n"),
        "{text}"
    );
    assert!(
        error.to_string().contains("exited with status 3"),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Plugin);

    let missing = machine.path("user/otto-app-missing").display().to_string();
    let (text, error) = failed(&machine, check(&missing)).await;
    assert!(text.contains("execute"), "{text}");
    assert_eq!(error.exit(), Exit::NoPlugin);
}

#[tokio::test]
async fn a_name_is_no_word_for_a_plugin_that_is_not_trusted_but_a_path_is() {
    let machine = Machine::new();
    let path = machine.counting("current/otto-app-hello");
    for command in [check("app-hello"), inspect("app-hello", Format::Table)] {
        let (_, error) = failed(&machine, command).await;
        assert!(matches!(error, PluginsError::Untrusted { .. }), "{error}");
        assert_eq!(error.exit(), Exit::NoPlugin);
    }
    assert_eq!(machine.starts(), 0);
    let path = path.display().to_string();
    shown(&machine, check(&path)).await;
    shown(&machine, inspect(&path, Format::Json)).await;
    assert_eq!(machine.starts(), 2);
    // That word was for this once.
    failed(&machine, check("app-hello")).await;
}

#[tokio::test]
async fn what_is_no_name_is_said_to_be_none() {
    let machine = Machine::new();
    for name in ["", "ruby", "App-ruby", "otto-app", "app-ruby.exe"] {
        let (_, error) = failed(&machine, check(name)).await;
        assert!(
            matches!(error, PluginsError::Name { .. }),
            "{name}: {error}"
        );
        assert_eq!(error.exit(), Exit::Usage);
    }
    let (_, error) = failed(&machine, check("app-none")).await;
    assert!(matches!(error, PluginsError::NoPlugin { .. }), "{error}");
}

#[tokio::test]
async fn an_output_that_is_closed_is_an_error() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    for command in [
        list(Format::Table),
        list(Format::Json),
        check("app-hello"),
        inspect("app-hello", Format::Table),
    ] {
        let error = run(&command, machine.opening(), &mut Closed)
            .await
            .unwrap_err();
        assert!(matches!(error, PluginsError::Output(_)), "{error}");
    }
}
