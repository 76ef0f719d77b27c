//! A user with a home of their own, their plugins and their projects.

mod person;
mod program;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

pub(crate) use program::{Ended, Program, wait_until_gone};

/// A user. Nothing of theirs is left when this is dropped.
pub(crate) struct World {
    directory: TempDir,
}

/// An application of the user's.
pub(crate) struct Project<'a> {
    world: &'a World,
    path: PathBuf,
}

impl World {
    /// A user without plugins, and `otto` in a directory of its own.
    pub(crate) fn new() -> Self {
        // On the file system of the programs, so that a link is enough.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let world = Self { directory };
        for name in ["bin", "home/.otto.d/plugins", "tmp", "projects"] {
            fs::create_dir_all(world.path(name)).unwrap();
        }
        // A link of the other kind would be resolved, and plugins looked for where it leads.
        let program = Path::new(env!("CARGO_BIN_EXE_otto"));
        if fs::hard_link(program, world.path("bin/otto")).is_err() {
            fs::copy(program, world.path("bin/otto")).unwrap();
        }
        world
    }

    /// A user who has installed the puppet.
    pub(crate) fn with_puppet() -> Self {
        let world = Self::new();
        world.install(puppet(), "home/.otto.d/plugins/otto-app-puppet");
        world
    }

    /// A path of the user's: below `home`, `bin`, `tmp` or `projects`.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Puts a plugin somewhere, under the name that it is to have.
    pub(crate) fn install(&self, plugin: &Path, path: impl AsRef<Path>) {
        symlink(plugin, self.path(path)).unwrap();
    }

    /// Puts a script somewhere.
    pub(crate) fn script(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.path(path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An empty application.
    pub(crate) fn project(&self, name: &str) -> Project<'_> {
        let path = self.path("projects").join(name);
        fs::create_dir_all(&path).unwrap();
        Project { world: self, path }
    }

    /// An application that the puppet does, with these lines in its customization.
    pub(crate) fn puppet(&self, name: &str, lines: &[&str]) -> Project<'_> {
        let project = self.project(name);
        project.puppet(lines);
        project
    }

    /// `otto`, in the home directory.
    pub(crate) fn otto(&self, arguments: &[&str]) -> Program {
        self.otto_in(&self.path("home"), arguments)
    }

    fn otto_in(&self, directory: &Path, arguments: &[&str]) -> Program {
        let mut command = Command::new(self.path("bin/otto"));
        command
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"));
        Program::new(command)
    }
}

impl Project<'_> {
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.path.join(path)
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes an Appfile for the puppet.
    pub(crate) fn puppet(&self, lines: &[&str]) {
        let text = format!(
            "application {{\n  type = \"puppet\"\n}}\n\ncustomization \"app\" {{\n  {}\n}}\n",
            lines.join("\n  ")
        );
        self.write("Appfile", text);
    }

    /// `otto`, in the directory of the application.
    pub(crate) fn otto(&self, arguments: &[&str]) -> Program {
        self.world.otto_in(&self.path, arguments)
    }

    /// `otto`, in a directory below it.
    pub(crate) fn otto_below(&self, below: &str, arguments: &[&str]) -> Program {
        self.world.otto_in(&self.path(below), arguments)
    }
}

/// The plugin that does what the Appfile says.
pub(crate) fn puppet() -> &'static Path {
    static PUPPET: OnceLock<PathBuf> = OnceLock::new();
    PUPPET.get_or_init(|| {
        let path = programs().join("examples/otto-app-puppet");
        build(
            &["--package", "otto", "--example", "otto-app-puppet"],
            &path,
        );
        path
    })
}

/// The plugin for Ruby, which is a program of another package.
pub(crate) fn ruby() -> &'static Path {
    static RUBY: OnceLock<PathBuf> = OnceLock::new();
    RUBY.get_or_init(|| {
        let path = programs().join("otto-app-ruby");
        build(
            &["--package", "otto-app-ruby", "--bin", "otto-app-ruby"],
            &path,
        );
        path
    })
}

fn programs() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_otto")).parent().unwrap()
}

/// Has cargo look after a program: it has made it already, unless only a part is tested.
fn build(what: &[&str], path: &Path) {
    let profile = match programs().file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", profile])
        .args(what)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(
        status.success() && path.exists(),
        "{} is missing",
        path.display()
    );
}
