//! `otto-conformance trace`: recordings, and what stands between a host and a plugin to make them.

#![cfg(target_os = "linux")]

mod between;
mod hosted;
mod kinds;
mod printed;
mod suite;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use tempfile::TempDir;

/// Longer than anything takes on a slow machine, unless it takes for ever.
const LIMIT: Duration = Duration::from_secs(30);

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF";

/// A directory with a program in it that records the sessions of a plugin.
struct Recorder {
    directory: TempDir,
    program: PathBuf,
    file: PathBuf,
}

impl Recorder {
    fn of(plugin: &Path) -> Self {
        Self::with(plugin, &[])
    }

    fn with(plugin: &Path, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let output = support::suite(directory.path())
            .args(["trace", "record", "--in", "launchers"])
            .args(options)
            .arg(plugin)
            .output()
            .expect("the suite runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let program = PathBuf::from(text(&output.stdout).trim());
        let name = plugin.file_name().expect("a name");
        assert_eq!(program, directory.path().join("launchers").join(name));
        Self {
            file: program.with_file_name("wire.ndjson"),
            directory,
            program,
        }
    }

    /// The same, of a shell script, in which `3` is the socket.
    fn of_script(script: &str) -> Self {
        let plugins = tempfile::tempdir().expect("a directory");
        let plugin = executable(plugins.path(), "otto-app-script", script);
        let recorder = Self::of(&plugin);
        // The script has to outlive this function.
        let kept = recorder.directory.path().join("otto-app-script");
        fs::rename(&plugin, &kept).expect("the same file system");
        let launcher = fs::read_to_string(&recorder.program).expect("a script");
        let moved = launcher.replace(plugin.to_str().expect("text"), kept.to_str().expect("text"));
        fs::write(&recorder.program, moved).expect("a script");
        recorder
    }

    /// Starts it as a host does, and gives the host's end of its socket.
    fn start(&self) -> (Child, UnixStream) {
        let (host, plugin) = UnixStream::pair().expect("a pair");
        host.set_read_timeout(Some(LIMIT)).expect("a socket");
        (self.start_on(plugin.into(), &[]), host)
    }

    fn start_on(&self, socket: OwnedFd, variables: &[(&str, &str)]) -> Child {
        let mut command = self.command(variables);
        command
            .env("OTTO_PLUGIN_FD", "3")
            .fd_mappings(vec![FdMapping {
                parent_fd: socket,
                child_fd: 3,
            }])
            .expect("a descriptor")
            .spawn()
            .expect("the program starts")
    }

    fn command(&self, variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE)
            .envs(variables.iter().copied())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What was recorded.
    fn recording(&self) -> String {
        fs::read_to_string(&self.file).expect("a recording")
    }

    /// What was recorded, as it is printed.
    fn printed(&self) -> String {
        let output = print(&self.file, &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }
}

/// The plugin of the tests of recordings, which is an example of this package.
///
/// `cargo test` has made it. If only a test is chosen, it may be missing or old.
fn recorded() -> &'static Path {
    static RECORDED: OnceLock<PathBuf> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let directory = Path::new(env!("CARGO_BIN_EXE_otto-conformance")).parent();
        let directory = directory.expect("a program lies in a directory");
        let recorded = directory.join("examples/otto-app-recorded");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trace/plugin.rs");
        if support::modified(&recorded).is_none_or(|made| made < support::newest(&source)) {
            support::build(
                directory,
                &["otto-conformance", "--example", "otto-app-recorded"],
            );
        }
        assert!(
            recorded.exists(),
            "{} is not where cargo was to put it",
            recorded.display()
        );
        recorded
    })
}

/// Prints a recording.
fn print(file: &Path, options: &[&str]) -> Output {
    support::suite(Path::new("/"))
        .arg("trace")
        .args(options)
        .arg(file)
        .output()
        .expect("the suite runs")
}

/// What is printed, without what differs from one session to the next.
fn normalised(printed: &str) -> String {
    let mut lines = Vec::new();
    for line in printed.lines() {
        let mut line = line.to_owned();
        // A time stands in the first ten columns, or nothing does.
        if line
            .get(..10)
            .is_some_and(|time| time.trim().parse::<f64>().is_ok())
        {
            line.replace_range(..10, "         t");
        }
        if let Some(at) = line.find(", after ") {
            let end = line[at + 8..]
                .find(',')
                .map_or(line.len(), |end| at + 8 + end);
            line.replace_range(at + 8..end, "a while");
        }
        if let Some(at) = line
            .find(" at ")
            .filter(|_| line.starts_with("  unanswered"))
        {
            let end = line[at..].find(" s").map_or(line.len(), |end| at + end);
            line.replace_range(at + 4..end, "t");
        }
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes an executable shell script.
fn executable(directory: &Path, name: &str, script: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    path
}
