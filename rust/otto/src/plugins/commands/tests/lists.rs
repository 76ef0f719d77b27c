use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::*;

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
async fn a_list_tells_of_directories_that_cannot_be_searched() {
    let machine = Machine::new();
    machine.counting("bin/otto-app-hello");
    fs::remove_dir(machine.path("user")).unwrap();
    fs::write(machine.path("user"), "no directory").unwrap();
    let text = shown(&machine, list(Format::Table)).await;
    assert!(text.contains("hello/*/*"), "{text}");
    let warning = format!(
        "warning: {} cannot be searched",
        machine.path("user").display()
    );
    let warning = text
        .lines()
        .find(|line| line.starts_with(&warning))
        .unwrap();
    assert!(warning.ends_with("not a directory"), "{warning}");
    let text = shown(&machine, list(Format::Json)).await;
    let all: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(all["plugins"][0]["state"], "used");
    assert!(
        all["warnings"][0]
            .as_str()
            .unwrap()
            .ends_with("not a directory")
    );
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
