//! Finding plugins, in real directories.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use otto_plugin::host::{
    Discovery, FileIdentity, Found, Place, PluginFile, Ranked, Standing, Unusable,
};
use tempfile::TempDir;

/// The three standard directories and a fourth, each with nothing in it.
struct Machine {
    root: TempDir,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["bin", "user", "current", "extra"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        fs::write(root.path().join("bin/otto"), "").unwrap();
        Self { root }
    }

    fn path(&self, name: &str) -> PathBuf {
        // As the kernel names it, whatever the temporary directory is a link to.
        self.root.path().canonicalize().unwrap().join(name)
    }

    /// Looks in the three standard directories.
    fn standard(&self) -> Discovery {
        Discovery::new()
            .executable(self.path("bin/otto"))
            .user(self.path("user"))
            .current(self.path("current"))
    }

    /// Writes a program, and gives its path.
    fn program(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.root.path().canonicalize().unwrap().join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }
}

fn names(found: &Found) -> Vec<String> {
    let names = found.files.iter().map(|file| file.name.to_string());
    names.collect()
}

fn places(found: &Found) -> Vec<(Place, bool)> {
    let directories = found.directories.iter();
    directories
        .map(|directory| (directory.place, directory.needs_trust))
        .collect()
}

fn standings(ranked: &[Ranked]) -> Vec<(Place, Standing)> {
    let ranked = ranked.iter();
    ranked
        .map(|ranked| (ranked.file.place, ranked.standing))
        .collect()
}

fn used(ranked: &[Ranked]) -> &Ranked {
    let used = ranked.iter().find(|it| it.standing == Standing::Used);
    used.unwrap()
}

fn nobody(file: &PluginFile) -> bool {
    panic!("{} was asked about", file.path.display())
}

#[test]
fn a_plugin_is_found_by_its_name_alone() {
    let machine = Machine::new();
    machine.program("user/otto-app-ruby");
    for other in [
        "otto",
        "otto-app",
        "otto-app-",
        "otto-App-x",
        "otto-app-Ruby",
        "otto-app-ruby.bak",
        "otto-app-ruby~",
        "xotto-app-ruby",
        "otto_app_ruby",
    ] {
        machine.program(format!("user/{other}"));
    }
    machine.program(Path::new("user").join(OsStr::from_bytes(b"otto-app-\xff")));
    let found = machine.standard().find();
    assert_eq!(names(&found), ["otto-app-ruby"]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let file = &found.files[0];
    assert_eq!(file.path, machine.path("user/otto-app-ruby"));
    let identity = FileIdentity::of(&file.path).unwrap();
    assert_eq!(*file.identity.as_ref().unwrap(), identity);
}

#[test]
fn a_missing_directory_is_no_problem() {
    let machine = Machine::new();
    for name in ["user", "current", "extra"] {
        fs::remove_dir(machine.path(name)).unwrap();
    }
    machine.program("bin/otto-app-ruby");
    let found = machine.standard().extra(machine.path("extra")).find();
    assert_eq!(places(&found), [(Place::Executable, false)]);
    assert_eq!(names(&found), ["otto-app-ruby"]);
    assert!(found.problems.is_empty(), "{:?}", found.problems);

    let gone = Discovery::new().executable(machine.path("bin/gone")).find();
    assert!(gone.files.is_empty() && gone.problems.is_empty());
}

#[test]
fn a_directory_that_cannot_be_read_is_told_and_hides_nothing() {
    let machine = Machine::new();
    machine.program("bin/otto-app-ruby");
    machine.program("extra/otto-app-php");
    fs::remove_dir(machine.path("user")).unwrap();
    fs::write(machine.path("user"), "no directory").unwrap();
    let below = machine.path("user/plugins");
    let long = machine.path(&"x".repeat(300));
    let list = std::env::join_paths([&below, &long, &machine.path("extra")]).unwrap();
    let found = machine.standard().extra(list).find();
    assert_eq!(names(&found), ["otto-app-php", "otto-app-ruby"]);
    let problems: Vec<_> = found
        .problems
        .iter()
        .map(|it| (it.path.clone(), it.place))
        .collect();
    let expected = [
        (machine.path("user"), Place::User),
        (below, Place::Extra),
        (long, Place::Extra),
    ];
    assert_eq!(problems, expected);
    let message = found.problems[0].to_string();
    assert!(
        message.contains("/user cannot be searched") && message.contains("directory"),
        "{message}"
    );
}

#[test]
fn a_directory_without_permission_is_told_and_hides_nothing() {
    let machine = Machine::new();
    machine.program("bin/otto-app-ruby");
    fs::set_permissions(machine.path("user"), Permissions::from_mode(0o000)).unwrap();
    let found = machine.standard().find();
    let readable = fs::read_dir(machine.path("user")).is_ok();
    fs::set_permissions(machine.path("user"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(names(&found), ["otto-app-ruby"]);
    // Nothing is unreadable for root.
    assert_eq!(found.problems.len(), usize::from(!readable));
}

#[test]
fn the_directory_of_the_executable_is_where_its_link_leads() {
    let machine = Machine::new();
    machine.program("bin/otto-app-ruby");
    machine.program("extra/otto-app-php");
    symlink(machine.path("bin/otto"), machine.path("extra/otto")).unwrap();
    let found = Discovery::new()
        .executable(machine.path("extra/otto"))
        .find();
    assert_eq!(names(&found), ["otto-app-ruby"]);
    assert_eq!(found.directories[0].path, machine.path("bin"));
}

#[test]
fn a_link_has_its_own_name_and_the_identity_of_its_target() {
    let machine = Machine::new();
    let target = machine.program("extra/anything");
    symlink(&target, machine.path("user/otto-app-ruby")).unwrap();
    symlink("otto-app-ruby", machine.path("user/otto-app-rails")).unwrap();
    let found = machine.standard().find();
    assert_eq!(names(&found), ["otto-app-rails", "otto-app-ruby"]);
    for file in &found.files {
        let identity = file.identity.as_ref().unwrap();
        assert_eq!(*identity, FileIdentity::of(&target).unwrap());
    }
}

#[test]
fn a_file_that_cannot_be_executed_is_listed_with_the_reason() {
    let machine = Machine::new();
    let path = machine.program("user/otto-app-a-mode");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    fs::create_dir(machine.path("user/otto-app-b-directory")).unwrap();
    symlink("nowhere", machine.path("user/otto-app-c-dangling")).unwrap();
    symlink("otto-app-d-loop", machine.path("user/otto-app-d-loop")).unwrap();
    let _socket = UnixListener::bind(machine.path("user/otto-app-e-socket")).unwrap();
    let pipe = machine.path("user/otto-app-f-pipe");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    machine.program("bin/otto-app-g-fine");
    let found = machine.standard().find();
    let ranked = found.rank(nobody);
    let reasons: Vec<_> = ranked
        .iter()
        .filter(|it| it.standing == Standing::Unusable)
        .map(|it| it.file.identity.clone().unwrap_err())
        .collect();
    let told: Vec<_> = reasons.iter().map(Unusable::to_string).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(matches!(reasons[0], Unusable::Mode(0o644)), "{told:?}");
    assert!(told[0].contains("0644"), "{told:?}");
    assert!(reasons[0].help(&path).ends_with("/otto-app-a-mode`"));
    assert!(told[1].contains("a directory"), "{told:?}");
    assert!(told[2].contains("nowhere"), "{told:?}");
    assert!(matches!(reasons[3], Unusable::Refused(_)), "{told:?}");
    assert!(told[4].contains("a socket"), "{told:?}");
    assert!(told[5].contains("a named pipe"), "{told:?}");
    assert_eq!(used(&ranked).file.name.short(), "app-g-fine");
}

#[test]
fn a_type_that_nobody_knows_is_listed_and_never_used() {
    let machine = Machine::new();
    machine.program("user/otto-infra-aws");
    machine.program("current/otto-infra-aws");
    let found = machine.standard().find();
    let expected = [
        (Place::User, Standing::Unsupported),
        (Place::Current, Standing::Unsupported),
    ];
    assert_eq!(standings(&found.rank(nobody)), expected);
}

#[test]
fn the_last_of_several_files_of_one_name_is_used() {
    let machine = Machine::new();
    let [bin, user] = ["bin", "user"].map(|at| machine.program(format!("{at}/otto-app-ruby")));
    let ranked = machine.standard().find().rank(nobody);
    let expected = [
        (Place::Executable, Standing::Overridden),
        (Place::User, Standing::Used),
    ];
    assert_eq!(standings(&ranked), expected);
    assert_eq!(ranked[0].overridden_by.as_ref(), Some(&user));
    assert_eq!(ranked[1].overrides, std::slice::from_ref(&bin));

    let current = machine.program("current/otto-app-ruby");
    let extra = machine.program("extra/otto-app-ruby");
    let all = machine.standard().extra(machine.path("extra"));
    // Nobody has to be asked about what is not going to be used.
    let ranked = all.find().rank(nobody);
    assert_eq!(used(&ranked).file.path, extra);
    assert_eq!(
        used(&ranked).overrides,
        [current.clone(), user.clone(), bin]
    );

    let ranked = machine.standard().find().rank(|file| file.path == current);
    assert_eq!(used(&ranked).file.path, current);
    assert_eq!(ranked.len(), 3);
}

#[test]
fn what_is_not_trusted_or_not_usable_is_passed_over() {
    let machine = Machine::new();
    let bin = machine.program("bin/otto-app-ruby");
    let user = machine.program("user/otto-app-ruby");
    machine.program("current/otto-app-ruby");
    fs::set_permissions(&user, Permissions::from_mode(0o600)).unwrap();
    let ranked = machine.standard().find().rank(|_| false);
    let expected = [
        (Place::Executable, Standing::Used),
        (Place::User, Standing::Unusable),
        (Place::Current, Standing::Untrusted),
    ];
    assert_eq!(standings(&ranked), expected);
    assert_eq!(ranked[0].file.path, bin);
    assert!(ranked.iter().all(|it| it.overrides.is_empty()));
    assert!(ranked.iter().all(|it| it.overridden_by.is_none()));
}

#[test]
fn a_directory_that_is_reached_twice_counts_where_it_is_reached_last() {
    let machine = Machine::new();
    machine.program("user/otto-app-ruby");
    symlink(machine.path("user"), machine.path("link")).unwrap();
    let list = std::env::join_paths([machine.path("extra"), machine.path("link")]).unwrap();
    let found = machine.standard().extra(list).find();
    let expected = [
        (Place::Executable, false),
        (Place::Current, true),
        (Place::Extra, false),
        (Place::Extra, false),
    ];
    assert_eq!(places(&found), expected);
    assert_eq!(found.files.len(), 1);
    assert_eq!(found.files[0].path, machine.path("link/otto-app-ruby"));
    assert_eq!(found.files[0].position, 3);

    // The user's own directory stays so when the host is started there.
    let found = Discovery::new()
        .user(machine.path("user"))
        .current(machine.path("user/."))
        .find();
    assert_eq!(places(&found), [(Place::Current, false)]);
    assert_eq!(found.files.len(), 1);
}

#[test]
fn a_further_directory_that_may_be_a_repositorys_needs_trust() {
    let machine = Machine::new();
    fs::create_dir_all(machine.path("current/plugins")).unwrap();
    machine.program("extra/otto-app-ruby");
    symlink(machine.path("current/plugins"), machine.path("link")).unwrap();
    let needs_trust = |path: &Path| {
        let found = machine.standard().extra(path).find();
        let last = found.directories.last().unwrap();
        assert_eq!(last.place, Place::Extra, "{}", path.display());
        last.needs_trust
    };
    assert!(!needs_trust(&machine.path("extra")));
    for hostile in [".", "plugins", "../extra", "./"] {
        assert!(needs_trust(Path::new(hostile)), "{hostile}");
    }
    for hostile in ["current", "current/plugins", "link", "extra/../current"] {
        assert!(needs_trust(&machine.path(hostile)), "{hostile}");
    }
    // Its neighbour has a name that begins as its own does.
    fs::create_dir(machine.path("current2")).unwrap();
    assert!(!needs_trust(&machine.path("current2")));
}

#[test]
fn a_relative_directory_begins_at_the_current_one() {
    let machine = Machine::new();
    let path = machine.program("current/otto-app-ruby");
    let found = machine.standard().extra(".").find();
    assert_eq!(names(&found), ["otto-app-ruby"]);
    let found = found.files[0].path.canonicalize().unwrap();
    assert_eq!(found, path);
}

#[test]
fn empty_elements_of_a_list_are_ignored() {
    let machine = Machine::new();
    machine.program("current/otto-app-ruby");
    let extra = machine.path("extra");
    for list in ["", ":", "::"] {
        let found = Discovery::new().user(&extra).extra(list).find();
        assert_eq!(places(&found), [(Place::User, false)], "{list:?}");
    }
    let list = format!(":{}:", extra.display());
    let found = Discovery::new().extra(list).find();
    assert_eq!(places(&found), [(Place::Extra, false)]);
}

#[test]
fn two_hundred_plugins_are_found_in_order() {
    let machine = Machine::new();
    for number in 0..200 {
        machine.program(format!("user/otto-app-p{number:03}"));
        if number % 2 == 0 {
            machine.program(format!("bin/otto-app-p{number:03}"));
        }
    }
    let found = machine.standard().find();
    assert_eq!(found.files.len(), 300);
    let sorted = found
        .files
        .is_sorted_by_key(|file| (file.name.clone(), file.position));
    assert!(sorted);
    let ranked = found.rank(nobody);
    let used = ranked.iter().filter(|it| it.standing == Standing::Used);
    assert_eq!(used.clone().count(), 200);
    assert!(used.clone().all(|it| it.file.place == Place::User));
    assert_eq!(used.filter(|it| it.overrides.len() == 1).count(), 100);
}
