//! Takes applications through all that Otto asks of the plugin, in a process of its own.

#![expect(clippy::unwrap_used, reason = "a test panics")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use otto_plugin::bindings::app::{CompileResult, Context, Tuple};
use otto_plugin::bindings::appfile::{Appfile, Application, Customization, Value};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::Severity;
use otto_plugin::host::{Exit, Launcher, Plugin, PluginError, PluginErrorCause, detect};
use otto_plugin::launch;
use otto_plugin::testing::{self, FakeUi, MemoryDirectory, UiCall};
use tempfile::TempDir;

const PLUGIN: &str = env!("CARGO_BIN_EXE_otto-app-ruby");

/// The files of a directory, with what is in them and their permission bits.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn tree(directory: &Path) -> Tree {
    let mut files = Tree::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_owned();
                files.insert(name, (mode(&path), fs::read(&path).unwrap()));
            }
        }
    }
    files
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> u32 {
    0
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// An application made of a few files.
fn application(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::Builder::new().prefix("app").tempdir().unwrap();
    for (name, contents) in files {
        fs::write(directory.path().join(name), contents).unwrap();
    }
    directory
}

/// The Appfile that a host makes up where there is none.
fn appfile(directory: &Path, kind: &str) -> Appfile {
    Appfile {
        path: directory.join("Appfile").to_str().unwrap().into(),
        application: Application {
            name: directory.file_name().unwrap().to_str().unwrap().into(),
            r#type: kind.into(),
            detect: true,
            ..Application::default()
        },
        ..Appfile::default()
    }
}

/// What came of an application.
#[derive(Debug, PartialEq)]
struct Taken {
    kind: String,
    implicit: Option<Appfile>,
    result: CompileResult,
    files: Tree,
    shown: Vec<UiCall>,
}

/// Detection, `implicit` and `compile`, as a host does it.
async fn take(plugin: &Plugin, directory: &Path) -> Result<Taken, PluginError> {
    let kind = &detect(directory, &plugin.meta().detectors)
        .unwrap()
        .unwrap()
        .r#type;
    let mut appfile = appfile(directory, kind);
    let (ui, records) = (FakeUi::new(), MemoryDirectory::new());
    let services = testing::services(&ui, &records);

    let context = Context {
        appfile: appfile.clone(),
        ..Context::default()
    };
    let implicit = plugin.implicit(context, &services).await?;
    appfile
        .customization
        .extend(implicit.clone().unwrap_or_default().customization);

    let compiled = tempfile::tempdir().unwrap();
    let context = Context {
        dir: compiled.path().to_str().unwrap().into(),
        tuple: Tuple {
            app: kind.clone(),
            infra: "local".into(),
            flavor: "simple".into(),
        },
        application: appfile.application.clone(),
        appfile,
        ..Context::default()
    };
    let mut result = plugin.compile(context, &services).await?;
    assert_eq!(records.calls(), []);
    if let Some(path) = &mut result.dev_dep_fragment_path {
        // What does not depend on where it was compiled.
        let name = Path::new(path).strip_prefix(compiled.path()).unwrap();
        *path = name.to_str().unwrap().to_owned();
    }
    Ok(Taken {
        kind: kind.clone(),
        implicit,
        result,
        files: tree(compiled.path()),
        shown: ui.calls(),
    })
}

/// The same, in a process that is started for it and ends well.
fn take_in_new_process(directory: &Path) -> Result<Taken, PluginError> {
    pollster::block_on(async {
        let plugin = Launcher::new(PLUGIN).start().await.unwrap();
        let taken = take(&plugin, directory).await;
        let ended = plugin.shut_down().await;
        assert_eq!(ended.exit, Some(Exit::Status(0)));
        taken
    })
}

/// The application's error that a call failed with.
fn failed(directory: &Path) -> Error {
    let error = take_in_new_process(directory).unwrap_err();
    match *error.cause {
        PluginErrorCause::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn customization(kind: &str, config: &[(&str, Value)]) -> Customization {
    let config = config
        .iter()
        .map(|(key, value)| ((*key).into(), value.clone()))
        .collect();
    Customization {
        r#type: kind.into(),
        config,
    }
}

#[test]
fn the_guestbook_goes_through_everything_twice_with_the_same_bytes() {
    let directory = fixture("guestbook");
    let before = tree(&directory);
    let taken = take_in_new_process(&directory).unwrap();
    assert_eq!(taken, take_in_new_process(&directory).unwrap());
    assert_eq!(tree(&directory), before);

    assert_eq!(taken.kind, "ruby");
    assert_eq!(
        taken.implicit.unwrap(),
        Appfile {
            customization: vec![
                customization("app", &[("ruby_version", text("3.3.6"))]),
                customization(
                    "postgresql",
                    &[
                        ("gems", Value::List(vec![text("pg")])),
                        ("version", text("17"))
                    ]
                ),
                customization(
                    "redis",
                    &[
                        (
                            "gems",
                            Value::List(vec![text("redis"), text("redis-client")])
                        ),
                        ("version", text("7"))
                    ]
                ),
            ],
            ..Appfile::default()
        }
    );
    assert_eq!(taken.result.version, 2);
    assert_eq!(taken.result.foundation_config.service_name, "guestbook");
    assert_eq!(taken.result.foundation_config.service_port, 9292);
    assert_eq!(taken.result.foundation_config.service_tags, ["rack"]);
    let dev_dep = taken.result.dev_dep_fragment_path;
    assert_eq!(dev_dep.as_deref(), Some("dev-dep.json"));
    assert_eq!(
        taken.shown,
        [UiCall::Message(
            "guestbook is a Rack application on Ruby 3.3.6 (from `.ruby-version`, line 1), \
             with postgresql, redis"
                .into()
        )]
    );

    // What does not depend on where the application lies is as in the golden files.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/guestbook");
    let names: Vec<_> = taken
        .files
        .keys()
        .map(|name| name.to_str().unwrap())
        .collect();
    let all = [
        "Containerfile",
        "Containerfile.dockerignore",
        "deploy.json",
        "dev",
        "dev-dep.json",
        "run",
    ];
    assert_eq!(names, all);
    for name in [all[0], all[1], all[2], all[4]] {
        let expected = fs::read(golden.join(name)).unwrap();
        assert_eq!(taken.files[Path::new(name)].1, expected, "{name}");
    }
    #[cfg(unix)]
    for (name, expected) in all.iter().zip([0o644, 0o644, 0o644, 0o755, 0o644, 0o755]) {
        // The user's mask may take some of them away.
        let mode = taken.files[Path::new(name)].0;
        assert_eq!(mode & 0o700, expected & 0o700, "{name}");
    }
}

#[test]
fn a_rails_application_is_detected_as_one_and_keeps_its_kind() {
    let directory = fixture("blog");
    let taken = take_in_new_process(&directory).unwrap();
    assert_eq!(taken, take_in_new_process(&directory).unwrap());
    assert_eq!(taken.kind, "rails");
    assert_eq!(taken.result.foundation_config.service_tags, ["rails"]);
    let kinds: Vec<_> = taken.implicit.unwrap().customization;
    let kinds: Vec<_> = kinds
        .iter()
        .map(|customization| customization.r#type.as_str())
        .collect();
    assert_eq!(kinds, ["app", "mysql", "redis"]);
}

#[test]
fn nothing_follows_from_a_program_that_says_nothing() {
    let directory = application(&[("main.rb", "puts 'hello'\n")]);
    let taken = take_in_new_process(directory.path()).unwrap();
    assert_eq!(taken.implicit, None);
    assert_eq!(taken.result.foundation_config.service_name, "");
    let UiCall::Diagnostic(note) = &taken.shown[0] else {
        panic!("{:?}", taken.shown)
    };
    assert_eq!(note.severity, Severity::Note);
    assert!(note.detail.contains(".ruby-version"));
}

#[test]
fn a_gemfile_that_makes_no_sense_is_an_error_with_help_and_its_line() {
    let directory = application(&[("Gemfile", "gem 'rack'\ngroup :test do\n  gem 'a'\n")]);
    let error = failed(directory.path());
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(
        error.message,
        "the block that begins in line 2 has no `end`"
    );
    assert_eq!(error.help, "write the missing `end`");
    let location = error.location.unwrap();
    assert_eq!((location.file.as_str(), location.line), ("Gemfile", 2));
}

#[test]
fn versions_that_exclude_each_other_are_an_error_that_names_both() {
    let directory = application(&[
        (".ruby-version", "3.2.2\n"),
        ("Gemfile", "source 'x'\nruby '~> 3.3'\n"),
    ]);
    let error = failed(directory.path());
    assert_eq!(
        error.message,
        "`.ruby-version`, line 1 asks for Ruby `3.2.2`, but `Gemfile`, line 2 allows only `~> 3.3`"
    );
}

#[test]
fn a_call_without_a_directory_is_an_error_and_no_fault() {
    pollster::block_on(async {
        let plugin = Launcher::new(PLUGIN).start().await.unwrap();
        let services = testing::services(&FakeUi::new(), &MemoryDirectory::new());
        let errors = [
            plugin
                .compile(Context::default(), &services)
                .await
                .unwrap_err(),
            plugin
                .implicit(Context::default(), &services)
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let PluginErrorCause::Failed(error) = &*error.cause else {
                panic!("{error}")
            };
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert!(!error.help.is_empty());
        }
        plugin.ping().await.unwrap();
    });
}

#[test]
fn started_by_hand_it_says_that_it_is_a_plugin() {
    let output = Command::new(PLUGIN)
        .env_remove(launch::COOKIE_VARIABLE)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        launch::NOT_BY_HAND
    );
}
