//! What machines read.

use std::collections::BTreeMap;
use std::fs;

use otto_conformance::exit;
use quick_junit::{Report, TestCaseStatus};
use serde_json::Value;

use super::{Run, executable, golden, mutant, suite};

/// One case that fails as is said, one that fails otherwise, one that passes, one that is not run, and
/// one that is not there.
const BASELINE: &str = "\
[[expected-failure]]
case = \"DIR-01\"
reason = \"killed-by-signal\"
issue = \"https://issues.example/7\"

[[expected-failure]]
case = \"DIR-03\"
reason = \"stderr-differs\"
issue = \"https://issues.example/7\"

[[expected-failure]]
case = \"MET-02\"
reason = \"not-answered\"
issue = \"https://issues.example/8\"

[[skip]]
case = \"MET-01\"
why = \"it has no meta yet\"

[[skip]]
case = \"OLD-01\"
why = \"there was such a case once\"
";

/// Puts the beginning of each case, which is told as it happens, before its end, which is told in turn.
fn in_turn(events: &str) -> String {
    let mut begun = BTreeMap::new();
    let mut lines = String::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let name = format!("{} {}", event["case"], event["attempt"]);
        if event["event"] == "case-started" {
            assert!(begun.insert(name, line).is_none(), "{line}");
            continue;
        }
        if event["event"] == "case-ended" {
            let begun = begun.remove(&name).expect("it has begun before");
            lines += &format!("{begun}\n");
        }
        lines += &format!("{line}\n");
    }
    assert!(begun.is_empty(), "{begun:?}");
    lines
}

/// Beside those, one that fails without an entry, and one that passes.
const CASES: [&str; 4] = ["--case", "DIR-0[123]", "--case", "MET-0[123]"];
const DEFECT: &str = "OTTO_MUTANT=aborts-without-cookie";

fn run(formats: &[&str]) -> Run {
    let tmp = tempfile::tempdir().expect("a directory");
    fs::write(tmp.path().join("conformance.toml"), BASELINE).expect("a file");
    let mutant = mutant().to_str().expect("a path");
    let mut arguments = vec!["run", mutant, "--seed", "0x5eed", "--jobs", "2"];
    arguments.extend(["--env", DEFECT]);
    arguments.extend(CASES);
    for format in formats {
        arguments.extend(["--format", format]);
    }
    let run = Run::with(tmp, &arguments);
    run.exits_with(exit::NON_CONFORMANT.into());
    run
}

fn events(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[track_caller]
fn is_valid(events: &[Value]) {
    let schema = include_str!("../../schema/events.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for event in events {
        let errors: Vec<_> = schema
            .iter_errors(event)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{event:#}\n{errors:#?}");
    }
}

#[test]
fn people_read_stderr_and_the_report_has_stdout_to_itself() {
    let run = run(&["json"]);
    golden::check("run.txt", &run.stderr, run.tmp.path());
    golden::check("events.ndjson", &in_turn(&run.stdout), run.tmp.path());
    is_valid(&events(&run.stdout));
}

#[test]
fn every_event_of_a_whole_run_is_as_the_schema_says() {
    let mutant = mutant().to_str().expect("a path");
    let defect = "OTTO_MUTANT=waits-for-the-next-host";
    let run = Run::of(&[
        "run",
        mutant,
        "--env",
        defect,
        "--timeout-scale",
        "0.2",
        "--lives",
        "2",
        "--format",
        "json",
    ]);
    run.exits_with(1);
    let events = events(&run.stdout);
    is_valid(&events);
    assert_eq!(events[0]["event"], "run-started");
    let end = &events[events.len() - 1];
    assert_eq!(end["event"], "run-ended");
    assert_eq!(end["exit_code"], 1);
    let last = events.iter().filter(|event| event["last"] == true).count();
    assert_eq!(last, otto_conformance::catalogue::cases().len());
}

#[test]
fn the_schema_refuses_what_is_no_event() {
    let schema = include_str!("../../schema/events.json");
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let good =
        serde_json::json!({ "event": "case-started", "case": "A-1", "attempt": 1, "at": 0.5 });
    assert!(schema.is_valid(&good));
    for (member, value) in [
        ("attempt", 3.into()),
        ("case", 7.into()),
        ("more", true.into()),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert!(!schema.is_valid(&bad), "{bad}");
    }
}

#[test]
fn junit_has_every_case_and_every_mistake_of_the_baseline() {
    let run = run(&["junit=report.xml"]);
    let text = fs::read_to_string(run.tmp.path().join("report.xml")).expect("a report");
    golden::check("junit.xml", &text, run.tmp.path());
    let report = Report::deserialize_from_str(&text).expect("JUnit");
    let cases = &report.test_suites[0].test_cases;
    let failed = |name: &str| {
        let case = cases
            .iter()
            .find(|case| case.name.as_str().starts_with(name));
        matches!(
            case.expect("a case").status,
            TestCaseStatus::NonSuccess { .. }
        )
    };
    assert_eq!(cases.len(), 6 + 3);
    for good in ["DIR-01", "MET-01", "MET-03"] {
        assert!(!failed(good), "{good}");
    }
    for bad in [
        "DIR-02",
        "DIR-03",
        "MET-02",
        "conformance.toml:21: there is no case OLD-01",
    ] {
        assert!(failed(bad), "{bad}");
    }
}

#[test]
fn the_page_stands_alone() {
    let run = run(&["html=report.html"]);
    let page = fs::read_to_string(run.tmp.path().join("report.html")).expect("a page");
    golden::check("report.html", &page, run.tmp.path());
    for outside in ["<script", "<link", "<img", "src=", "href=", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let tmp = tempfile::tempdir().expect("a directory");
    fs::write(tmp.path().join("conformance.toml"), BASELINE).expect("a file");
    let summary = tmp.path().join("summary.md");
    fs::write(&summary, "# Before\n\n").expect("a file");
    let output = suite(tmp.path())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .args(["run", "--seed", "1", "--jobs", "1", "--format", "github"])
        .args(["--env", DEFECT])
        .args(CASES)
        .arg(mutant())
        .output()
        .expect("the suite runs");
    let annotations = String::from_utf8(output.stdout).expect("text");
    golden::check("github.txt", &annotations, tmp.path());
    assert!(annotations.lines().all(|line| line.starts_with("::")));
    let summary = fs::read_to_string(summary).expect("a summary");
    golden::check("summary.md", &summary, tmp.path());
}

#[test]
fn what_a_plugin_prints_is_text_everywhere() {
    let tmp = tempfile::tempdir().expect("a directory");
    let script = "#!/bin/sh\nprintf '</pre><script>alert(1)</script>\\033[2J\\n::error::x\\n' >&2\n\
         printf 'no characters: \\357\\277\\276\\357\\277\\277.\\n' >&2\nexit 3\n";
    executable(tmp.path(), "otto-app-script", script);
    let formats = [
        "html=r.html",
        "junit=r.xml",
        "json=r.ndjson",
        "github=r.txt",
    ];
    let mut arguments = vec!["run", "./otto-app-script", "--case", "MET-01"];
    for format in &formats {
        arguments.extend(["--format", format]);
    }
    let run = Run::with(tmp, &arguments);
    run.exits_with(1);
    let read = |name: &str| fs::read_to_string(run.tmp.path().join(name)).expect("a report");
    let page = read("r.html");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"));
    assert!(Report::deserialize_from_str(&read("r.xml")).is_ok());
    assert!(read("r.ndjson").contains("<script>alert(1)"));
    assert!(
        read("r.txt")
            .lines()
            .all(|line| line.starts_with("::error title=MET-01"))
    );
    for name in ["r.html", "r.xml", "r.ndjson", "r.txt"] {
        assert!(!read(name).contains('\x1b'), "{name}");
        // What reads XML strictly refuses the whole report for one of these.
        assert!(!read(name).contains(['\u{fffe}', '\u{ffff}']), "{name}");
        let is_whole = name == "r.txt" || read(name).contains("no characters: .");
        assert!(is_whole, "{name}");
    }
    assert!(!run.stderr.contains('\x1b'));
}

#[test]
fn a_report_that_cannot_be_written_is_not_silent() {
    let mutant = mutant().to_str().expect("a path");
    let full = Run::of(&[
        "run",
        mutant,
        "--case",
        "MET-01",
        "--format",
        "json=/dev/full",
    ]);
    full.exits_with(exit::HARNESS.into())
        .says("error: no json in /dev/full: No space left");
    let nowhere = Run::of(&["run", mutant, "--format", "json=/nowhere/x"]);
    nowhere
        .exits_with(exit::USAGE.into())
        .says("/nowhere/x: No such file");
    let twice = Run::of(&["run", mutant, "--format", "json", "--format", "github"]);
    twice
        .exits_with(exit::USAGE.into())
        .says("cannot share standard output");
    for other in ["html=./a", "html=b"] {
        let tmp = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink("a", tmp.path().join("b")).expect("a link");
        let arguments = ["run", mutant, "--format", "json=a", "--format", other];
        Run::with(tmp, &arguments)
            .exits_with(exit::USAGE.into())
            .says("two formats cannot share a file");
    }
    Run::of(&["run", mutant, "--format", "tap"]).exits_with(exit::USAGE.into());
}

#[test]
fn the_name_of_a_plugin_is_text_in_one_line() {
    let tmp = tempfile::tempdir().expect("a directory");
    let directory = tmp.path().join("x\n::error::y");
    fs::create_dir(&directory).expect("a directory");
    executable(&directory, "otto-app-script", "#!/bin/sh\nexit 3\n");
    let plugin = "./x\n::error::y/otto-app-script";
    let run = Run::with(tmp, &["run", plugin, "--case", "MET-01"]);
    run.exits_with(exit::NON_CONFORMANT.into())
        .says(r"run $'./x\012::error::y/otto-app-script' --case MET-01");
    let missing = Run::of(&["run", plugin, "--case", "MET-01"]);
    missing.exits_with(exit::USAGE.into());
    for line in run.stderr.lines().chain(missing.stderr.lines()) {
        assert!(!line.starts_with("::"), "{line}");
    }
}
