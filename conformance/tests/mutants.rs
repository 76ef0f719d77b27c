//! Every broken plugin fails exactly the cases that name it, for the reasons that they name; the
//! one without a defect passes all, and so do those that do what a plugin may do.

#![cfg(target_os = "linux")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use otto_conformance::catalogue::{self, Case};
use serde_json::Value;
use support::{mutant, program, suite};

/// How many suites run side by side. Most of the time they wait.
const SIDE_BY_SIDE: usize = 4;
/// A fraction of every time limit, for those that wait until its end, and less of what is repeated.
/// The seed is always the same, so that those who trip over some bytes get them.
const HASTY: [&str; 12] = [
    "--timeout-scale",
    "0.2",
    "--lives",
    "5",
    "--calls",
    "250",
    "--mutations",
    "54",
    "--jobs",
    "1",
    "--seed",
    "1",
];
/// All the time that there is, and all of what is repeated.
const PATIENT: [&str; 2] = ["--seed", "1"];
/// Those that are neither quick nor very slow, and so need the limits as they are.
const IN_BETWEEN: [&str; 1] = ["takes-its-time-on-a-port"];
/// Cases that cost as much as thirty others, and which only those plugins are tried with that are to
/// fail them, or none.
const DEAR: [&str; 3] = ["REL-02", "ROB-05", "TRN-02"];

/// The cases that a plugin fails, each with the reason.
type Failures = BTreeSet<(String, String)>;

/// Runs the suite on the mutant with this defect. The empty name is none.
fn run(defect: &str, expected: &Failures, options: &[&str]) -> Result<Failures, String> {
    let variable = (!defect.is_empty()).then(|| format!("OTTO_MUTANT={defect}"));
    let is_tried = |case: &&Case| {
        let is_named = expected.iter().any(|(id, _)| *id == case.id);
        !DEAR.contains(&&*case.id) || defect.is_empty() || is_named
    };
    let cases: Vec<_> = catalogue::cases().iter().filter(is_tried).collect();
    judge(mutant(), &cases, variable.as_deref(), options)
}

/// Runs these cases, and tells which the plugin fails.
fn judge(
    plugin: &Path,
    cases: &[&Case],
    variable: Option<&str>,
    options: &[&str],
) -> Result<Failures, String> {
    let tmp = tempfile::tempdir().expect("a directory");
    let report = tmp.path().join("report");
    let mut command = suite(tmp.path());
    command.args(["run", "--strict", "--trace", "none"]);
    command
        .arg("--format")
        .arg(format!("json={}", report.display()));
    command.args(cases.iter().flat_map(|case| ["--case", &case.id]));
    command.args(options).arg(plugin);
    command.args(variable.iter().flat_map(|variable| ["--env", variable]));
    let output = command.output().expect("the suite runs");
    let failures = read_report(&report, cases.len());
    let failures = failures.ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let code = i32::from(!failures.is_empty());
    match output.status.code() {
        Some(actual) if actual == code => Ok(failures),
        status => Err(format!(
            "exit status {status:?}, with the failures {failures:?}"
        )),
    }
}

fn read_report(path: &Path, count: usize) -> Option<Failures> {
    let report = std::fs::read_to_string(path).ok()?;
    let events = report.lines().map(serde_json::from_str::<Value>);
    let events: Vec<_> = events.collect::<Result<_, _>>().ok()?;
    let ended = |event: &&Value| event["event"] == "case-ended" && event["last"] == true;
    let cases: Vec<_> = events.iter().filter(ended).collect();
    assert_eq!(cases.len(), count);
    let failed = cases.iter().filter(|case| case["verdict"] != "pass");
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    Some(
        failed
            .map(|case| (text(&case["case"]), text(&case["reason"])))
            .collect(),
    )
}

/// All that the mutant knows to do in another way than a plain plugin.
fn known() -> BTreeSet<String> {
    let output = std::process::Command::new(mutant())
        .env("OTTO_MUTANT", "nothing of the kind")
        .output()
        .expect("the mutant runs");
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).expect("text");
    let names = message.lines().skip(1);
    names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// What keeps every rule, although not every plugin does it.
fn is_allowed(name: &str) -> bool {
    name.starts_with("may-")
}

/// What the catalogue says, by mutant, and of what is allowed. The empty name is the plugin without
/// a defect.
fn declared() -> BTreeMap<String, Failures> {
    let mut declared = BTreeMap::from([(String::new(), Failures::new())]);
    let allowed = known().into_iter().filter(|name| is_allowed(name));
    declared.extend(allowed.map(|name| (name, Failures::new())));
    for case in catalogue::cases() {
        for mutant in &case.mutants {
            let failures: &mut Failures = declared.entry(mutant.name.clone()).or_default();
            failures.insert((case.id.clone(), mutant.reason.to_string()));
        }
    }
    declared
}

#[test]
fn each_mutant_fails_exactly_the_cases_that_name_it() {
    mutant();
    let declared = declared();
    let todo = Mutex::new(declared.keys().rev().cloned().collect::<Vec<_>>());
    let unexpected = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let next = todo.lock().expect("no panic").pop();
                    let Some(defect) = next else { return };
                    let patient = defect.is_empty() || IN_BETWEEN.contains(&&*defect);
                    let options: &[&str] = if patient { &PATIENT } else { &HASTY };
                    let expected = &declared[&defect];
                    if run(&defect, expected, options).as_ref() != Ok(expected) {
                        unexpected.lock().expect("no panic").push(defect);
                    }
                }
            });
        }
    });
    // What was not as expected is tried once more, alone and with all the time that it has: the
    // others may have kept it waiting. A wrong verdict stays one.
    let mut wrong = String::new();
    for defect in unexpected.into_inner().expect("no panic") {
        let expected = &declared[&defect];
        let seen = run(&defect, expected, &PATIENT);
        if seen.as_ref() != Ok(expected) {
            wrong += &format!("OTTO_MUTANT={defect}\n  expected {expected:?}\n  seen {seen:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn good_plugins_pass_everything() {
    let plugins = [
        program(
            "otto-app-ruby",
            &["otto-app-ruby"],
            "../rust/otto-app-ruby/src",
        ),
        program(
            "examples/otto-app-hello",
            &["otto-plugin", "--example", "otto-app-hello"],
            "../rust/otto-plugin/examples",
        ),
    ];
    let all: Vec<_> = catalogue::cases().iter().collect();
    for plugin in plugins {
        let failures = judge(&plugin, &all, None, &[]);
        assert_eq!(failures, Ok(Failures::new()), "{}", plugin.display());
    }
}

#[test]
fn every_defect_of_the_mutant_is_named_by_a_case() {
    let mut defects = known();
    defects.retain(|name| !is_allowed(name));
    let rows = catalogue::cases().iter().flat_map(|case| &case.mutants);
    let named: BTreeSet<_> = rows.map(|mutant| mutant.name.clone()).collect();
    assert_eq!(defects, named);
}
