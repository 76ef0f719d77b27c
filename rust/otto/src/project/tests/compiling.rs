//! A compile is all of it or nothing, wherever its process is killed.

use std::fs;
use std::path::Path;

use super::{compiled, project, tree};
use crate::project::{Project, ProjectError};

/// Compiles, with a file that has the same text as the state.
fn compile(project: &Project, name: &str) {
    let compiling = project.compile().unwrap();
    fs::write(compiling.app().join("file"), name).unwrap();
    compiling.commit(&compiled(name)).unwrap();
}

/// What the directory and the state say was compiled last.
fn last_good(project: &Project) -> Option<String> {
    let held = match project.hold() {
        Err(ProjectError::NotCompiled { .. }) => return None,
        held => held.unwrap(),
    };
    let file = project.root().join(".otto/compiled/app/file");
    let name = fs::read_to_string(file).unwrap();
    assert_eq!(held.compiled(), &compiled(&name));
    let shown = fs::read_to_string(project.root().join(".otto/appfile")).unwrap();
    assert!(shown.contains(&format!("\"name\": \"{name}\"")), "{shown}");
    assert!(!project.root().join(".otto/compiled.last").exists());
    Some(name)
}

#[test]
fn a_compile_that_is_committed_is_the_last_good_one() {
    let (dir, project) = project();
    assert_eq!(project.compiled().unwrap(), None);
    assert_eq!(last_good(&project), None);
    assert!(tree(dir.path()).is_empty(), "looking has made something");
    compile(&project, "first");
    assert_eq!(last_good(&project).unwrap(), "first");
    compile(&project, "second");
    assert_eq!(last_good(&project).unwrap(), "second");
    assert_eq!(project.compiled().unwrap(), Some(compiled("second")));
    let names: Vec<_> = tree(dir.path()).into_keys().collect();
    assert_eq!(
        names,
        [
            ".otto/",
            ".otto/.gitignore",
            ".otto/appfile",
            ".otto/compiled/",
            ".otto/compiled/app/",
            ".otto/compiled/app/file",
            ".otto/compiled/state.json",
        ]
    );
    let ignored = fs::read_to_string(dir.path().join(".otto/.gitignore")).unwrap();
    assert_eq!(ignored, "*\n");
}

#[test]
fn a_compile_that_fails_leaves_the_last_good_one() {
    let (dir, project) = project();
    drop(project.compile().unwrap());
    assert_eq!(last_good(&project), None);
    assert!(!dir.path().join(".otto/compiled").exists());
    compile(&project, "first");
    let before = tree(dir.path());
    let compiling = project.compile().unwrap();
    assert!(fs::read_dir(compiling.app()).unwrap().next().is_none());
    fs::write(compiling.app().join("half"), "").unwrap();
    // Who only looks sees the last good one meanwhile.
    assert_eq!(project.compiled().unwrap(), Some(compiled("first")));
    drop(compiling);
    assert_eq!(tree(dir.path()), before);
    assert_eq!(last_good(&project).unwrap(), "first");
}

#[test]
fn each_application_gets_a_directory_of_its_own() {
    let (dir, project) = project();
    let compiling = project.compile().unwrap();
    let id = uuid::Uuid::nil();
    let root = dir.path().canonicalize().unwrap();
    let dependency = compiling.dependency(id).unwrap();
    assert_eq!(dependency, root.join(format!(".otto/compiled/dep-{id}")));
    let error = compiling.dependency(id).unwrap_err();
    assert!(
        matches!(error, ProjectError::SameIdentity { .. }),
        "{error}"
    );
    let foundation = compiling.foundation("consul").unwrap();
    assert_eq!(foundation, root.join(".otto/compiled/foundation-consul"));
    let folders: Vec<_> = tree(&foundation).into_keys().collect();
    assert_eq!(folders, ["build/", "deploy/", "dev-dep/", "dev/"]);
}

#[test]
fn one_compiles_alone_and_many_use_what_was_compiled() {
    let (_dir, project) = project();
    compile(&project, "first");
    let one = project.hold().unwrap();
    let two = project.hold().unwrap();
    let error = project.compile().unwrap_err();
    assert!(matches!(error, ProjectError::Busy { .. }), "{error}");
    drop(one);
    project.compile().unwrap_err();
    drop(two);
    let compiling = project.compile().unwrap();
    for error in [project.hold().unwrap_err(), project.compile().unwrap_err()] {
        assert!(matches!(error, ProjectError::Busy { .. }), "{error}");
    }
    drop(compiling);
    assert_eq!(last_good(&project).unwrap(), "first");
}

/// What a killed process leaves after each step of a compile, made from a project before and after
/// it.
type Step = fn(&Path);

/// Moves the compile aside, and begins another.
fn aside(private: &Path) {
    fs::rename(private.join("compiled"), private.join("compiled.last")).unwrap();
}

fn begun(private: &Path) {
    fs::create_dir_all(private.join("compiled/app")).unwrap();
    fs::write(private.join("compiled/app/file"), "second").unwrap();
}

/// Writes the state of the second compile, as commit does.
fn stated(private: &Path) {
    crate::project::state::write(&private.join("compiled"), &compiled("second")).unwrap();
}

fn shown(private: &Path) {
    let shown = crate::project::state::appfile(&compiled("second").root);
    fs::write(private.join("appfile"), shown).unwrap();
}

#[test]
fn a_process_that_was_killed_anywhere_leaves_one_good_compile() {
    let steps: [(&str, &[Step], &str); 8] = [
        ("moved aside", &[aside], "first"),
        (
            "one directory made",
            &[aside, |private| {
                fs::create_dir(private.join("compiled")).unwrap();
            }],
            "first",
        ),
        ("files written", &[aside, begun], "first"),
        (
            "the state half written",
            &[aside, begun, |private| {
                fs::write(private.join("compiled/.otto-new-x"), "{").unwrap();
            }],
            "first",
        ),
        ("the state written", &[aside, begun, stated], "second"),
        (
            "the Appfile shown",
            &[aside, begun, stated, shown],
            "second",
        ),
        (
            "the last one half removed",
            &[aside, begun, stated, shown, |private| {
                fs::remove_file(private.join("compiled.last/state.json")).unwrap();
            }],
            "second",
        ),
        (
            "the failed one half removed",
            &[aside, begun, |private| {
                fs::remove_file(private.join("compiled/app/file")).unwrap();
            }],
            "first",
        ),
    ];
    for (name, steps, expected) in steps {
        let killed = || {
            let (dir, project) = project();
            compile(&project, "first");
            for step in steps {
                step(&dir.path().join(".otto"));
            }
            (dir, project)
        };
        // Whoever comes next finds it in order: one that uses it,
        let (_dir, project) = killed();
        assert_eq!(last_good(&project).unwrap(), expected, "{name}");
        // one that looks,
        let (dir, project) = killed();
        let before = tree(dir.path());
        let seen = project.compiled().unwrap().unwrap();
        assert_eq!(seen, compiled(expected), "{name}");
        assert_eq!(tree(dir.path()), before, "{name}");
        // one that compiles and fails,
        drop(project.compile().unwrap());
        assert_eq!(last_good(&project).unwrap(), expected, "{name}");
        // and one that compiles.
        let (_dir, project) = killed();
        compile(&project, "third");
        assert_eq!(last_good(&project).unwrap(), "third", "{name}");
    }
}

#[test]
fn a_first_compile_that_was_killed_is_none_until_its_state_is_there() {
    let steps: [(&str, &[Step], Option<&str>); 3] = [
        ("begun", &[begun], None),
        ("the state written", &[begun, stated], Some("second")),
        ("the Appfile shown", &[begun, stated, shown], Some("second")),
    ];
    for (name, steps, expected) in steps {
        let (dir, project) = project();
        fs::create_dir(dir.path().join(".otto")).unwrap();
        for step in steps {
            step(&dir.path().join(".otto"));
        }
        assert_eq!(last_good(&project).as_deref(), expected, "{name}");
        compile(&project, "third");
        assert_eq!(last_good(&project).unwrap(), "third", "{name}");
    }
}

#[test]
fn a_process_that_repairs_waits_for_nobody_and_harms_nobody() {
    let (dir, project) = project();
    compile(&project, "first");
    let compiling = project.compile().unwrap();
    fs::write(compiling.app().join("half"), "").unwrap();
    // It looks like one that was killed, and is none.
    let error = project.hold().unwrap_err();
    assert!(matches!(error, ProjectError::Busy { .. }), "{error}");
    assert!(dir.path().join(".otto/compiled/app/half").exists());
    drop(compiling);
    assert_eq!(last_good(&project).unwrap(), "first");
}

#[test]
fn a_state_that_makes_no_sense_is_an_error_until_the_next_compile() {
    let (dir, project) = project();
    compile(&project, "first");
    let file = dir.path().join(".otto/compiled/state.json");
    let good = fs::read_to_string(&file).unwrap();
    for (text, expected) in [
        (String::new(), "damaged"),
        (good[..good.len() / 2].to_owned(), "damaged"),
        (good.replace("\"digest\"", "\"x\""), "damaged"),
        (good.replace("\"format\": 1", "\"format\": 2"), "format 2"),
    ] {
        fs::write(&file, text).unwrap();
        let error = project.hold().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        // A compile that fails changes nothing about it.
        drop(project.compile().unwrap());
        project.hold().unwrap_err();
    }
    fs::remove_file(dir.path().join(".otto/appfile")).unwrap();
    let error = project.hold().unwrap_err();
    assert!(matches!(error, ProjectError::Format { .. }), "{error}");
    compile(&project, "second");
    assert_eq!(last_good(&project).unwrap(), "second");
}
