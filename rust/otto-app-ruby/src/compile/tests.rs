//! What is written for the fixtures, compared with the files in `tests/golden/`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p otto-app-ruby` rewrites those: look at the difference.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{File, files};
use crate::application::{Application, Surroundings};
use crate::problem::Remark;
use crate::settings::Settings;

fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn settings(dir: &Path) -> Settings {
    Settings {
        dir: dir.to_str().unwrap().to_owned(),
        appfile: "Appfile".to_owned(),
        ..Settings::default()
    }
}

/// The files for an application that is said to lie elsewhere, so that they do not differ from
/// machine to machine.
fn compiled(settings: &Settings) -> (Vec<File>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let mut application =
        Application::read(settings, Surroundings::Container, &mut remarks).unwrap();
    application.dir = format!("/home/user/{}", application.name.as_str());
    (files(&application).unwrap(), remarks)
}

fn assert_golden(name: &str, files: &[File]) {
    let dir = tests_dir().join("golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&dir).unwrap();
        for file in files {
            fs::write(dir.join(file.name), &file.contents).unwrap();
        }
    }
    for file in files {
        let golden = fs::read_to_string(dir.join(file.name)).unwrap();
        assert!(
            golden == file.contents,
            "{name}/{} differs from what is written now:\n{}",
            file.name,
            file.contents
        );
    }
}

/// An application made of a few files.
fn application(files: &[(&str, &str)]) -> (TempDir, Settings) {
    let dir = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    let settings = Settings {
        name: "Sample".to_owned(),
        ..settings(dir.path())
    };
    (dir, settings)
}

#[test]
fn a_rack_application_is_compiled_as_expected() {
    let (files, remarks) = compiled(&settings(&tests_dir().join("fixtures/guestbook")));
    assert_eq!(remarks, []);
    assert_golden("guestbook", &files);
}

#[test]
fn a_rails_application_is_compiled_as_expected() {
    let (files, remarks) = compiled(&settings(&tests_dir().join("fixtures/blog")));
    assert_eq!(remarks, []);
    assert_golden("blog", &files);
}

#[test]
fn a_program_without_gems_is_compiled_as_expected() {
    let (_dir, settings) = application(&[("main.rb", "puts 'hello'\n")]);
    let (files, remarks) = compiled(&settings);
    assert_eq!(remarks.len(), 1);
    assert_golden("script", &files);
}

#[test]
fn a_gemfile_without_a_lock_file_is_compiled_as_expected() {
    let gemfile = "gem 'sinatra'\ngem 'shop', path: 'shop'\ngem 'extra', git: 'x.git'\n";
    let (_dir, settings) = application(&[("app.rb", ""), ("Gemfile", gemfile)]);
    let (files, _) = compiled(&settings);
    assert_golden("sinatra", &files);
}

#[test]
fn the_same_application_gives_the_same_bytes() {
    let settings = settings(&tests_dir().join("fixtures/blog"));
    assert_eq!(compiled(&settings).0, compiled(&settings).0);
}

#[test]
fn hostile_names_are_quoted_wherever_they_stand() {
    let (_dir, mut settings) = application(&[
        ("Gemfile", "ruby file: 'a \" $(touch b); c'\ngem 'pg'\n"),
        ("a \" $(touch b); c", "3.3.6\n"),
        ("$(touch x).rb", ""),
    ]);
    settings.name = "My 'App'; $(touch y)".to_owned();
    let mut application =
        Application::read(&settings, Surroundings::Container, &mut Vec::new()).unwrap();
    application.dir = "/home/user/it's, \"$(touch z)\"\n".to_owned();
    let files = files(&application).unwrap();
    let contents = |name| {
        &files
            .iter()
            .find(|file| file.name == name)
            .unwrap()
            .contents
    };

    let containerfile = contents("Containerfile");
    assert!(containerfile.contains(r#"CMD ["bundle","exec","ruby","$(touch x).rb"]"#));
    assert!(!containerfile.contains("touch b"));
    let dev = contents("dev");
    assert!(dev.contains("application='/home/user/it'\\''s, \"$(touch z)\"\n'\n"));
    assert!(
        dev.contains(
            "'type=bind,\"source=/home/user/it'\\''s, \"\"$(touch z)\"\"\n\",target=/app'"
        )
    );
    assert!(dev.contains("otto-my-app-touch-y:development"));
    for file in &files {
        assert!(!file.contents.contains("touch y)"), "{}", file.name);
    }
}

/// Runs a script with a program in the place of a container engine, which writes down how it was
/// called. Gives the calls.
#[cfg(unix)]
fn run_script(name: &str, settings: &Settings, arguments: &[&str]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let application =
        Application::read(settings, Surroundings::Container, &mut Vec::new()).unwrap();
    super::compile(&application, dir.path()).unwrap();
    // Not executed itself: another test that forks right now may still hold it open for writing.
    let output = Command::new("sh")
        .arg(dir.path().join(name))
        .args(arguments)
        .env(
            "CONTAINER_ENGINE",
            tests_dir().join("fixtures/engine/podman"),
        )
        .env("RECORD", dir.path().join("record"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let record = fs::read_to_string(dir.path().join("record")).unwrap();
    record
        .split("--\n")
        .map(|call| call.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|call| !call.is_empty())
        .collect()
}

#[cfg(unix)]
#[test]
fn the_development_script_brings_up_services_and_takes_them_down() {
    let settings = settings(&tests_dir().join("fixtures/guestbook"));
    let calls = run_script("dev", &settings, &[]);
    let verbs: Vec<_> = calls.iter().map(|call| call[0].as_str()).collect();
    assert_eq!(
        verbs,
        [
            "build", "network", "ps", "run", "ps", "run", "exec", "exec", "run", "stop", "stop",
        ]
    );
    assert_eq!(calls[0].last().unwrap(), &settings.dir);
    assert!(calls[3].contains(&"docker.io/library/postgres:17".to_owned()));
    assert!(calls[5].contains(&"docker.io/library/redis:7".to_owned()));
    let application = &calls[8];
    assert_eq!(application.last().unwrap(), "otto-guestbook:development");
    assert!(application.contains(&"REDIS_URL=redis://redis:6379/0".to_owned()));
    assert!(application.contains(&"127.0.0.1:9292:9292".to_owned()));
}

#[cfg(unix)]
#[test]
fn the_development_script_runs_another_command_if_it_is_given_one() {
    let settings = settings(&tests_dir().join("fixtures/blog"));
    let calls = run_script("dev", &settings, &["bundle", "exec", "rake", "a b"]);
    let run = calls.iter().rfind(|call| call[0] == "run").unwrap();
    assert!(
        run.ends_with(
            &["otto-blog:development", "bundle", "exec", "rake", "a b"].map(String::from)
        )
    );
    assert!(!run.contains(&"--publish".to_owned()));
}

#[cfg(unix)]
#[test]
fn the_scripts_work_where_the_path_is_strange() {
    let (dir, _) = application(&[("it's a $(dir), \"so\"/main.rb", "")]);
    let strange = dir.path().join("it's a $(dir), \"so\"");
    let calls = run_script("dev", &settings(&strange), &[]);
    assert_eq!(calls[0].last().unwrap(), strange.to_str().unwrap());
    let calls = run_script("run", &settings(&strange), &["--help"]);
    assert_eq!(calls[0].last().unwrap(), strange.to_str().unwrap());
    assert!(calls[1].ends_with(&["otto-it-s-a-dir-so:production", "--help"].map(String::from)));
}
