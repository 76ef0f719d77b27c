//! How long `otto plugins list` takes with 100 plugins, beside 100 spawns of an empty program in the
//! same run.
//!
//! `cargo bench -p otto --bench plugins_list` prints a table. Cold, every plugin is started, asked and
//! ended; warm, none is. The middle of several rounds counts. The cores that are busy are the time on
//! processors of all programs, theirs included, by the time on the clock.

#![expect(clippy::unwrap_used, reason = "a benchmark panics")]
#![expect(clippy::print_stdout, reason = "it shows what it has found out")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How many plugins there are, and how many spawns they are compared with.
const PLUGINS: usize = 100;

/// How often each is measured.
const ROUNDS: usize = 9;

fn main() {
    let user = User::new();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let spawns = measured(|| spawn(1));
    let all = [
        ("plugins list, cold", measured(|| user.list_cold())),
        ("plugins list, warm", measured(|| user.list())),
        ("bare spawns, one by one", spawns),
        ("bare spawns, on all cores", measured(|| spawn(cores))),
    ];
    // What else runs has its share of the cores.
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("{PLUGINS} plugins, {PLUGINS} spawns of /bin/true, {cores} cores, load {load}");
    println!(
        "{:26} {:>10} {:>10} {:>12}",
        "", "ms", "of spawns", "cores busy"
    );
    for (what, Measured { took, busy }) in all {
        println!(
            "{what:26} {:10.1} {:10.2} {busy:12.2}",
            took.as_secs_f64() * 1000.0,
            took.as_secs_f64() / spawns.took.as_secs_f64(),
        );
    }
}

/// A user with plugins, and with nothing else.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        let home = tempfile::tempdir_in(programs()).unwrap();
        let plugins = home.path().join(".otto.d/plugins");
        fs::create_dir_all(&plugins).unwrap();
        fs::create_dir(home.path().join("project")).unwrap();
        let hello = hello();
        for number in 0..PLUGINS {
            // Each has a path of its own, so each is asked; they share their bytes on the disk.
            fs::hard_link(&hello, plugins.join(format!("otto-app-p{number:03}"))).unwrap();
        }
        Self { home }
    }

    fn list_cold(&self) {
        let _ = fs::remove_dir_all(self.home.path().join(".cache"));
        self.list();
    }

    fn list(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_otto"))
            .args(["plugins", "list", "--format", "json"])
            .current_dir(self.home.path().join("project"))
            .env("HOME", self.home.path())
            .env_remove("OTTO_PLUGIN_PATH")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let plugins = list["plugins"].as_array().unwrap();
        // Beside `otto` there may be others.
        let own = self.home.path().to_str().unwrap();
        let used = plugins.iter().filter(|plugin| {
            let path = plugin["path"].as_str().unwrap();
            plugin["state"] == "used" && path.starts_with(own)
        });
        assert_eq!(used.count(), PLUGINS, "{list:#}");
    }
}

/// Spawns an empty program as often as there are plugins, on so many threads.
fn spawn(threads: usize) {
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for _ in (thread..PLUGINS).step_by(threads) {
                    let status = Command::new("/bin/true")
                        .stdin(Stdio::null())
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .status();
                    assert!(status.unwrap().success());
                }
            });
        }
    });
}

#[derive(Clone, Copy)]
struct Measured {
    took: Duration,
    busy: f64,
}

/// Does something once to warm up, and then in rounds.
fn measured(work: impl Fn()) -> Measured {
    work();
    let (processors, began) = (time_of_children(), Instant::now());
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let round = Instant::now();
            work();
            round.elapsed()
        })
        .collect();
    let busy = (time_of_children() - processors) / began.elapsed().as_secs_f64();
    rounds.sort();
    Measured {
        took: rounds[ROUNDS / 2],
        busy,
    }
}

/// The seconds that ended children, and theirs, have spent on processors.
fn time_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may have anything in it, the 14th and 15th are the children's.
    let behind = stat.rsplit_once(") ").unwrap().1;
    let numbers = behind.split(' ').skip(13).take(2);
    let ticks: f64 = numbers.map(|it| it.parse::<f64>().unwrap()).sum();
    // Linux counts in hundredths of a second for programs, whatever it does itself.
    ticks / 100.0
}

fn programs() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_otto")).parent().unwrap()
}

/// The smallest plugin, made as `otto` itself was.
fn hello() -> PathBuf {
    let name = programs().file_name().and_then(|name| name.to_str());
    let profile = name.filter(|name| *name != "debug").unwrap_or("dev");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "otto-plugin"])
        .args(["--example", "otto-app-hello", "--profile", profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.unwrap().success(), "otto-app-hello cannot be built");
    programs().join("examples/otto-app-hello")
}
