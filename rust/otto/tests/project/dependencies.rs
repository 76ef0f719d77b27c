//! Applications that need others.

use std::fs;
use std::io::Write;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{World, puppet};

fn appfile(name: &str, needs: &[&str], lines: &[&str]) -> String {
    let needs: String = needs
        .iter()
        .map(|source| format!("  dependency {{\n    source = \"{source}\"\n  }}\n"))
        .collect();
    format!(
        "application {{\n  name = \"{name}\"\n  type = \"puppet\"\n{needs}}}\n\n\
         customization \"app\" {{\n  {}\n}}\n",
        lines.join("\n  ")
    )
}

#[test]
fn dependencies_are_compiled_first_and_leave_their_fragments_for_the_root() {
    let world = World::with_puppet();
    let compile = r#"compile = ["write fragment x", "say compiled NAME"]"#;
    let named = |name| compile.replace("NAME", name);
    let database = world.project("database");
    database.write("Appfile", appfile("database", &[], &[&named("database")]));
    let mailer = world.project("mailer");
    mailer.write(
        "Appfile",
        appfile("mailer", &["../database"], &[&named("mailer")]),
    );
    let shop = world.project("shop");
    let compile = r#"compile = ["fragments", "say compiled shop"]"#;
    let dev = r#"dev = ["say developing"]"#;
    shop.write(
        "Appfile",
        appfile("shop", &["../mailer", "../database"], &[compile, dev]),
    );

    let said = shop.otto(&["compile"]).ok().stderr;
    let place = |text: &str| said.find(text).unwrap_or_else(|| panic!("{text}: {said}"));
    assert!(
        place("compiled database") < place("compiled mailer"),
        "{said}"
    );
    assert!(place("compiled mailer") < place("compiled shop"), "{said}");
    assert!(said.contains("2 fragments"), "{said}");
    assert_eq!(said.matches("compiled database").count(), 1, "{said}");

    let first = shop.otto(&["dev"]).ok();
    first
        .says("needed: database by shop")
        .says("needed: mailer by shop");
    // What they need is kept for as long as its files are there.
    shop.otto(&["dev"]).ok().hides("needed:").says("developing");
}

#[test]
fn a_cycle_is_named() {
    let world = World::with_puppet();
    for (name, needs) in [("a", "../b"), ("b", "../c"), ("c", "../a")] {
        world
            .project(name)
            .write("Appfile", appfile(name, &[needs], &[]));
    }
    let ended = world.project("a").otto(&["compile"]).code(3);
    ended.says("/a").says("/b").says("/c");
}

#[test]
fn a_dependency_that_is_not_there_is_marked_in_the_appfile() {
    let world = World::with_puppet();
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../nowhere"], &[]));
    shop.otto(&["compile"])
        .code(3)
        .says("source = \"../nowhere\"");
}

#[test]
fn what_a_dependency_needs_is_asked_anew_when_its_plugin_has_changed() {
    let world = World::new();
    let plugin = world.path("home/.otto.d/plugins/otto-app-puppet");
    fs::copy(puppet(), &plugin).unwrap();
    world.puppet("mailer", &[]);
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../mailer"], &[]));
    shop.otto(&["compile"]).ok();
    shop.otto(&["dev"]).ok().says("needed: mailer");
    shop.otto(&["dev"]).ok().hides("needed:");
    // What stands behind a program changes nothing of what it does.
    let mut file = fs::File::options().append(true).open(&plugin).unwrap();
    file.write_all(b"another one").unwrap();
    drop(file);
    shop.otto(&["dev"]).ok().says("needed: mailer");
}

#[test]
fn a_fragment_that_was_exchanged_for_a_pipe_is_not_waited_for() {
    let world = World::with_puppet();
    world.puppet("mailer", &[r#"compile = ["write fragment x"]"#]);
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../mailer"], &[]));
    shop.otto(&["compile"]).ok();
    let compiled = fs::read_dir(shop.path(".otto/compiled")).unwrap();
    let mut compiled = compiled.map(|entry| entry.unwrap().path());
    let of_mailer = |path: &std::path::PathBuf| path.to_string_lossy().contains("/dep-");
    let fragment = compiled.find(of_mailer).unwrap().join("fragment");
    fs::remove_file(&fragment).unwrap();
    mknodat(CWD, &fragment, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    shop.otto(&["dev"]).ok();
}

#[test]
fn a_dependency_is_compiled_for_where_the_root_runs() {
    let world = World::with_puppet();
    world.puppet("mailer", &[r#"compile = ["where"]"#]);
    let shop = world.project("shop");
    let text = appfile("shop", &["../mailer"], &[]);
    let here = "infrastructure \"here\" {\n  type = \"cloud\"\n  flavor = \"vpc\"\n}\n";
    shop.write("Appfile", text + here);
    shop.otto(&["compile"]).ok().says("for puppet/cloud/vpc");
}

#[test]
fn an_application_that_was_copied_from_the_one_that_needs_it_is_told_apart() {
    let world = World::with_puppet();
    let mailer = world.puppet("mailer", &[]);
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../mailer"], &[]));
    shop.otto(&["compile"]).ok();
    fs::copy(shop.path(".ottoid"), mailer.path(".ottoid")).unwrap();
    shop.otto(&["compile"]).code(3).says("identity");
    shop.otto(&["dev"]).code(3).says("identity");
}

#[test]
fn a_fragment_has_to_be_a_file_that_the_compile_has_written() {
    let world = World::with_puppet();
    let mailer = world.project("mailer");
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../mailer"], &[]));
    for fragment in ["/etc/passwd", "fragment", "/nowhere"] {
        let fragment = format!("fragment = \"{fragment}\"");
        let write = r#"compile = ["write fragment x"]"#;
        mailer.write("Appfile", appfile("mailer", &[], &[write, &fragment]));
        shop.otto(&["compile"]).code(5).says("report this");
    }
}

#[test]
fn an_action_of_dev_does_without_what_the_application_needs() {
    let world = World::with_puppet();
    world.puppet("mailer", &[]);
    let shop = world.project("shop");
    let lines = [r#"dev_info = ["say informed"]"#];
    shop.write("Appfile", appfile("shop", &["../mailer"], &lines));
    shop.otto(&["compile"]).ok();
    shop.otto(&["dev", "info"])
        .ok()
        .says("informed")
        .hides("needed:");
}

#[test]
fn one_process_of_a_plugin_does_for_all_the_applications_of_a_command() {
    let world = World::new();
    let starts = world.path("tmp/starts");
    let text = format!(
        "#!/bin/sh\nPUPPET_STARTS={} exec {}\n",
        starts.display(),
        puppet().display()
    );
    world.script("home/.otto.d/plugins/otto-app-puppet", &text);
    world.puppet("mailer", &[]);
    let shop = world.project("shop");
    shop.write("Appfile", appfile("shop", &["../mailer"], &[]));
    world.otto(&["plugins", "list"]).ok();
    for command in ["compile", "dev", "build"] {
        fs::remove_file(&starts).unwrap();
        shop.otto(&[command]).ok();
        let starts = fs::read_to_string(&starts).unwrap();
        assert_eq!(starts.lines().count(), 1, "{command}");
    }
}
