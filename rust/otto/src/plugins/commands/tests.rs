use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::exit::Exit;
use crate::plugins::args::{
    CheckArguments, InspectArguments, ListArguments, TrustArguments, UntrustArguments,
};
use crate::plugins::fixture::{Machine, hello};

/// Does a command, and gives what it shows and what came of it.
async fn done(machine: &Machine, command: PluginsCommand) -> (String, Result<(), PluginsError>) {
    let mut out = Vec::new();
    let result = run(&command, machine.opening(), &mut out).await;
    (String::from_utf8(out).unwrap(), result)
}

async fn shown(machine: &Machine, command: PluginsCommand) -> String {
    let (out, result) = done(machine, command).await;
    result.unwrap();
    out
}

async fn failed(machine: &Machine, command: PluginsCommand) -> (String, PluginsError) {
    let (out, result) = done(machine, command).await;
    (out, result.unwrap_err())
}

fn list(format: Format) -> PluginsCommand {
    PluginsCommand::List(ListArguments { format })
}

fn inspect(plugin: &str, format: Format) -> PluginsCommand {
    let plugin = plugin.into();
    PluginsCommand::Inspect(InspectArguments { plugin, format })
}

fn check(plugin: &str) -> PluginsCommand {
    let plugin = plugin.into();
    PluginsCommand::Check(CheckArguments { plugin })
}

fn trust(path: &std::path::Path) -> PluginsCommand {
    let path = path.into();
    PluginsCommand::Trust(TrustArguments { path })
}

fn untrust(what: impl Into<PathBuf>) -> PluginsCommand {
    let what = what.into();
    PluginsCommand::Untrust(UntrustArguments { what })
}

/// One plugin in all three directories, and everything that can be wrong with others.
fn crowd(machine: &Machine) {
    for place in ["bin", "user", "current"] {
        machine.counting(&format!("{place}/otto-app-hello"));
    }
    machine.script(
        "user/otto-app-bad",
        "printf 'out of \\033[31mluck' >&2; exit 3",
    );
    machine.script("user/otto-infra-x", "exit 0");
    let mode = machine.script("user/otto-app-mode", "exit 0");
    fs::set_permissions(mode, Permissions::from_mode(0o640)).unwrap();
}

#[tokio::test]
async fn a_list_shows_what_is_used_and_why_the_rest_is_not() {
    let machine = Machine::new();
    crowd(&machine);
    let shown = shown(&machine, list(Format::Table)).await;
    let path = |name: &str| machine.path(name).display().to_string();
    let lines: Vec<_> = shown.lines().map(str::trim_end).collect();
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let at = |name: &str| {
        let found = lines.iter().position(|line| line.ends_with(&path(name)));
        found.unwrap_or_else(|| panic!("{name} is not in\n{shown}"))
    };
    assert_eq!(
        words(lines[0]),
        ["NAME", "VERSION", "TUPLES", "STATE", "PATH"]
    );

    let bad = at("user/otto-app-bad");
    assert_eq!(words(lines[bad])[..2], ["app-bad", "broken"]);
    assert!(lines[bad + 1].contains("exited with status 3"), "{shown}");
    assert!(shown.contains(r"out of \u{1b}[31mluck"), "{shown}");
    let [bin, user, current] = ["bin", "user", "current"].map(|it| format!("{it}/otto-app-hello"));
    let overridden = lines.iter().position(|line| line.contains("app-hello  "));
    let overridden = overridden.unwrap();
    assert_eq!(words(lines[overridden])[..2], ["app-hello", "overridden"]);
    assert!(lines[overridden].ends_with(&path(&bin)), "{shown}");
    assert!(lines[overridden + 1].ends_with(&format!("overridden by {}", path(&user))));
    let used = overridden + 2;
    // It has no version of its own.
    assert_eq!(words(lines[used]), ["hello/*/*", "used", &path(&user)]);
    assert!(lines[used + 1].ends_with(&format!("overrides {}", path(&bin))));
    let untrusted = used + 2;
    assert_eq!(words(lines[untrusted]), ["untrusted", &path(&current)]);
    let help = format!("otto plugins trust {}", path(&current));
    assert!(shown.contains(&help), "{shown}");
    let mode = at("user/otto-app-mode");
    assert_eq!(words(lines[mode])[..2], ["app-mode", "unusable"]);
    assert!(lines[mode + 1].contains("0640"), "{shown}");
    assert_eq!(
        words(lines[at("user/otto-infra-x")])[..2],
        ["infra-x", "unsupported"]
    );
    assert_eq!(machine.starts(), 1);
}

#[tokio::test]
async fn a_list_for_a_program_has_all_of_it() {
    let machine = Machine::new();
    crowd(&machine);
    fs::write(machine.path("file"), "").unwrap();
    let text = shown(&machine, list(Format::Json)).await;
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["format"], 1);
    let plugins = all["plugins"].as_array().unwrap();
    let states: Vec<_> = plugins
        .iter()
        .map(|it| {
            (
                it["name"].as_str().unwrap(),
                it["place"].as_str().unwrap(),
                it["state"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("app-bad", "user", "broken"),
        ("app-hello", "executable", "overridden"),
        ("app-hello", "user", "used"),
        ("app-hello", "current", "untrusted"),
        ("app-mode", "user", "unusable"),
        ("infra-x", "user", "unsupported"),
    ];
    assert_eq!(states, expected);
    let path = |name: &str| json!(machine.path(name));
    let used = &plugins[2];
    assert_eq!(used["path"], path("user/otto-app-hello"));
    assert_eq!(used["overrides"], json!([path("bin/otto-app-hello")]));
    assert_eq!(
        used["tuples"],
        json!([{"app": "hello", "infra": "*", "flavor": "*"}])
    );
    assert_eq!(used["version"], "");
    assert_eq!(plugins[1]["overriddenBy"], path("user/otto-app-hello"));
    // Nobody has asked it.
    assert_eq!(plugins[3]["version"], Value::Null);
    assert_eq!(plugins[3]["sha256"].as_str().unwrap().len(), 64);
    for index in [0, 3, 4, 5] {
        assert!(plugins[index]["reason"].is_string() && plugins[index]["help"].is_string());
    }
    assert_eq!(all["warnings"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_list_says_where_plugins_go() {
    let machine = Machine::new();
    let text = shown(&machine, list(Format::Table)).await;
    assert!(text.contains("~/.otto.d/plugins"), "{text}");
    let all: Value = serde_json::from_str(&shown(&machine, list(Format::Json)).await).unwrap();
    assert_eq!(all, json!({"format": 1, "plugins": [], "warnings": []}));
}

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
async fn trust_is_given_by_path_and_taken_back_by_path_or_hash() {
    let machine = Machine::new();
    let path = machine.counting("current/otto-app-hello");
    let state = async || {
        let text = shown(&machine, list(Format::Json)).await;
        let all: Value = serde_json::from_str(&text).unwrap();
        all["plugins"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "untrusted");
    let text = shown(&machine, trust(&path)).await;
    let hash = text.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(hash.len(), 64, "{text}");
    assert_eq!(state().await, "used");
    assert!(shown(&machine, trust(&path)).await.contains("already"));
    let text = shown(&machine, untrust(&hash)).await;
    assert!(text.contains("not trusted any more"), "{text}");
    assert_eq!(state().await, "untrusted");
    let (_, error) = failed(&machine, untrust(&hash)).await;
    assert!(matches!(error, PluginsError::NotTrusted { .. }), "{error}");

    // Where it lay is enough, even if it is gone.
    shown(&machine, trust(&path)).await;
    fs::remove_file(&path).unwrap();
    shown(&machine, untrust(&path)).await;
    let (_, error) = failed(&machine, untrust(&path)).await;
    assert_eq!(error.exit(), Exit::NoPlugin);
}

#[tokio::test]
async fn what_cannot_be_a_plugin_cannot_be_trusted() {
    let machine = Machine::new();
    let (_, error) = failed(&machine, trust(&machine.path("current/otto-app-none"))).await;
    assert!(matches!(error, PluginsError::Hash { .. }), "{error}");
    fs::create_dir(machine.path("current/otto-app-directory")).unwrap();
    let (_, error) = failed(&machine, trust(&machine.path("current/otto-app-directory"))).await;
    assert!(matches!(error, PluginsError::Unusable { .. }), "{error}");
    let other = machine.script("current/run", "exit 0");
    let (_, error) = failed(&machine, trust(&other)).await;
    assert!(matches!(error, PluginsError::Name { .. }), "{error}");
    assert!(!machine.places().config().exists());
}

#[tokio::test]
async fn a_refresh_asks_every_plugin_anew() {
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    shown(&machine, list(Format::Table)).await;
    shown(&machine, list(Format::Table)).await;
    assert_eq!(machine.starts(), 1);
    let text = shown(&machine, PluginsCommand::Refresh).await;
    assert!(text.contains("hello/*/*"), "{text}");
    assert_eq!(machine.starts(), 2);
    shown(&machine, list(Format::Table)).await;
    assert_eq!(machine.starts(), 2);
}

#[tokio::test]
async fn an_output_that_is_closed_is_an_error() {
    struct Closed;
    impl Write for Closed {
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
