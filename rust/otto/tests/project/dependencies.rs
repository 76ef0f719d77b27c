//! Applications that need others.

use crate::support::World;

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
