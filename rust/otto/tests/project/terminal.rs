//! A person at the terminal: questions, secrets, and a program that has it for itself.

use std::fs;

use crate::support::{World, puppet};

#[test]
fn a_plugin_in_the_project_is_started_once_the_person_says_yes() {
    let world = World::new();
    let project = world.puppet("shop", &[r#"compile = ["say compiled"]"#]);
    fs::copy(puppet(), project.path("otto-app-puppet")).unwrap();
    let question = "to be trusted?";

    // A no, no answer, and none at all.
    for no in ["n\n", "\n", "\x04"] {
        let mut person = project.otto(&["compile"]).at_terminal();
        person.sees(question);
        person.types(no);
        assert_eq!(person.leaves(), Some(4), "{}", person.seen);
    }
    project.otto(&["compile"]).code(4).hides("compiled");

    let mut person = project.otto(&["compile"]).at_terminal();
    person.sees("SHA-256");
    person.sees(question);
    person.types("yes\n");
    person.sees("compiled");
    assert_eq!(person.leaves(), Some(0), "{}", person.seen);
    project.otto(&["compile"]).ok().says("compiled");
}

#[test]
fn a_hidden_answer_reaches_the_plugin_and_is_not_shown() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["ask-secret token", "ask colour"]"#]);
    project.otto(&["compile"]).ok();
    let mut person = project.otto(&["build"]).at_terminal();
    person.sees("otto-app-puppet asks");
    person.sees("What token?");
    person.types("hidden-words\n");
    person.sees("token has 12 letters, from User");
    person.sees("What colour?");
    person.types("blue\n");
    person.sees("colour is blue");
    assert_eq!(person.leaves(), Some(0), "{}", person.seen);
    assert!(!person.seen.contains("hidden-words"), "{}", person.seen);
}

#[test]
fn a_program_of_the_plugins_has_the_terminal_and_its_ctrl_c() {
    let world = World::with_puppet();
    let dev = r#"dev = ["terminal tty", "terminal cat", "terminal cat", "say still here"]"#;
    let project = world.puppet("shop", &[dev]);
    project.otto(&["compile"]).ok();
    let mut person = project.otto(&["dev"]).at_terminal();
    person.sees("/dev/pts/");
    person.sees("it ended with Code(0)");
    person.types("a line\n");
    // Once as it is typed, and once from the program.
    person.sees("a line");
    person.sees("a line");
    person.types("\x03");
    person.sees("it ended with Signal(2)");
    person.types("another line\n");
    person.sees("another line");
    person.sees("another line");
    person.types("\x1c");
    person.sees("it ended with Signal(3)");
    person.sees("still here");
    assert_eq!(person.leaves(), Some(0), "{}", person.seen);
}

#[test]
fn ctrl_c_at_a_question_ends_the_command() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["ask-secret token"]"#]);
    project.otto(&["compile"]).ok();
    // Ctrl-C, and Ctrl-\.
    for key in ["\x03", "\x1c"] {
        let mut person = project.otto(&["build"]).at_terminal();
        person.sees("What token?");
        person.types(key);
        assert_eq!(person.leaves(), Some(130), "{}", person.seen);
        assert!(person.has_echo());
    }

    fs::remove_file(world.path("home/.otto.d/plugins/otto-app-puppet")).unwrap();
    fs::copy(puppet(), project.path("otto-app-puppet")).unwrap();
    let mut person = project.otto(&["compile"]).at_terminal();
    person.sees("to be trusted?");
    person.types("\x03");
    assert_eq!(person.leaves(), Some(130), "{}", person.seen);
}

#[test]
fn one_ctrl_c_or_the_end_of_the_input_at_a_passphrase_ends_the_command() {
    let world = World::with_puppet();
    for end in ["\x03", "\x04"] {
        let set = ["credentials", "set", "prod"];
        let mut person = world.otto(&set).at_terminal();
        person.sees("New passphrase");
        person.types(end);
        assert_eq!(person.leaves(), Some(130), "{}", person.seen);
    }
    assert!(
        !world
            .path("home/.config/otto/credentials/prod.age")
            .exists()
    );
}
