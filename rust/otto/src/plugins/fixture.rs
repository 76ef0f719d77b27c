//! What the tests of this module share: directories with plugins in them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use otto_plugin::host::{Discovery, Launcher};
use tempfile::TempDir;

use super::catalogue::Opening;
use crate::places::Places;
use crate::settings::TrustPolicy;

/// The directories of a user, and the three where plugins are looked for.
pub(crate) struct Machine {
    root: PathBuf,
    places: Places,
    _directory: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        for name in ["bin", "user", "current/plugins"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("bin/otto"), "").unwrap();
        Self {
            places: Places::below(&root),
            root,
            _directory: directory,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    pub(crate) fn discovery(&self) -> Discovery {
        Discovery::new()
            .executable(self.path("bin/otto"))
            .user(self.path("user"))
            .current(self.path("current"))
    }

    /// Asks nobody. A plugin has 2 s to start.
    pub(crate) fn opening(&self) -> Opening<'_> {
        let starts = self.path("starts");
        Opening {
            names: None,
            discovery: self.discovery(),
            places: &self.places,
            policy: TrustPolicy::Ask,
            ask: None,
            launching: Arc::new(move |path: &Path| {
                Launcher::new(path)
                    .start_timeout(Duration::from_secs(2))
                    .env("STARTS", &starts)
            }),
        }
    }

    /// Writes an executable script.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// Writes a plugin that is like `otto-app-hello`, and whose starts are counted. Each has other
    /// contents.
    pub(crate) fn counting(&self, name: &str) -> PathBuf {
        let hello = hello();
        let text = format!("echo {name} >> \"$STARTS\"; exec {}", hello.display());
        self.script(name, &text)
    }

    /// How often something was started that counts.
    pub(crate) fn starts(&self) -> usize {
        let starts = fs::read_to_string(self.path("starts")).unwrap_or_default();
        starts.lines().count()
    }
}

/// The smallest plugin, which is an example of another package.
///
/// A test of the whole workspace has made it. If only this package is tested, it may be missing or old.
pub(crate) fn hello() -> PathBuf {
    static HELLO: OnceLock<PathBuf> = OnceLock::new();
    let hello = HELLO.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.parent().and_then(Path::parent).unwrap();
        let hello = profile.join("examples/otto-app-hello");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../otto-plugin/src");
        if modified(&hello).is_none_or(|made| made < newest(&sources)) {
            build(profile);
        }
        assert!(hello.exists(), "{} is missing", hello.display());
        hello
    });
    hello.clone()
}

fn build(profile: &Path) {
    let name = profile.file_name().and_then(|name| name.to_str());
    let profile = name.filter(|name| *name != "debug").unwrap_or("dev");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "otto-plugin"]);
    cargo.args(["--example", "otto-app-hello", "--profile", profile]);
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status();
    assert!(status.unwrap().success(), "otto-app-hello cannot be built");
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

fn newest(path: &Path) -> SystemTime {
    let children = fs::read_dir(path).into_iter().flatten().flatten();
    let newest = children.map(|child| newest(&child.path())).max();
    let own = if path.is_dir() { None } else { modified(path) };
    newest.max(own).unwrap_or(SystemTime::UNIX_EPOCH)
}
