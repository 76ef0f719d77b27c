//! Secrets reach a plugin for its build and its deploy, and nobody else.

use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;

use crate::support::{Ended, Project, World};

const SECRET: &str = "correct-horse-battery";

/// Runs `otto` with a passphrase in a descriptor that it inherits.
fn with_passphrase(
    project: &Project<'_>,
    passphrase: &str,
    arguments: &[&str],
    input: &str,
) -> Ended {
    let (read, write) = rustix::pipe::pipe().unwrap();
    fs::File::from(write)
        .write_all(format!("{passphrase}\n").as_bytes())
        .unwrap();
    let number = read.as_raw_fd().to_string();
    let mut all = arguments.to_vec();
    all.extend(["--passphrase-fd", &number]);
    project.otto(&all).input(input).run()
}

#[test]
fn credentials_reach_the_plugin_in_a_build_and_a_deploy_only_and_appear_nowhere() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[
            r#"compile = ["credentials"]"#,
            r#"build = ["credentials"]"#,
            r#"deploy = ["credentials"]"#,
            r#"dev = ["credentials"]"#,
        ],
    );
    let passphrase = "open sesame, please";
    let input = format!("API_TOKEN={SECRET}\n");
    let set = with_passphrase(
        &project,
        passphrase,
        &["credentials", "set", "shop"],
        &input,
    );
    assert!(set.status.success(), "{set}");
    set.hides(SECRET).hides(passphrase);

    let compiled = project.otto(&["compile"]).ok();
    compiled.says("credentials: \n").hides("API_TOKEN");
    for command in ["build", "deploy"] {
        let ended = with_passphrase(&project, passphrase, &[command], "");
        assert!(ended.status.success(), "{ended}");
        ended.says("credentials: API_TOKEN").hides(SECRET);
        let wrong = with_passphrase(&project, "open barley", &[command], "");
        assert_eq!(wrong.status.code(), Some(3), "{wrong}");
        wrong.says("passphrase").hides(SECRET);
        project.otto(&[command]).code(3).says("passphrase");
    }
    project.otto(&["dev"]).ok().hides("API_TOKEN");

    let mut open = vec![world.path("home"), project.path("")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.is_file() {
            let contents = fs::read(&path).unwrap();
            let found = contents
                .windows(SECRET.len())
                .any(|it| it == SECRET.as_bytes());
            assert!(!found, "the secret is in {}", path.display());
        }
    }
}
