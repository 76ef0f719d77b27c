//! The mutant as a person meets it.

use std::process::{Command, Output};

fn run(defect: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otto-app-mutant"));
    command.env_clear();
    if let Some(defect) = defect {
        command.env("OTTO_MUTANT", defect);
    }
    command.output().expect("the mutant runs")
}

#[test]
fn without_a_host_it_says_what_it_is() {
    let output = run(None);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(output.stderr.starts_with(b"This binary is an Otto plugin."));
}

#[test]
fn a_defect_that_it_does_not_know_is_refused_with_those_that_it_knows() {
    let output = run(Some("frobnicates"));
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).expect("text");
    assert!(message.contains("OTTO_MUTANT=frobnicates"));
    assert!(message.contains("serves-without-cookie"));
}
