//! Starts that succeed, and each way in which one fails.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use otto_plugin::bindings::app::CompileResult;
use otto_plugin::host::{
    Blame, Exit, Launcher, NotExecutable, Phase, StartCause, StartError, Transport,
};
use support::{example, probe, script};

fn failure(launcher: Launcher) -> StartError {
    match pollster::block_on(launcher.start()) {
        Ok(plugin) => panic!("{} was started", plugin.path().display()),
        Err(error) => error,
    }
}

/// Checks what every error has to say, and gives the text for the rest.
fn told(error: &StartError, path: &Path, phase: Phase) -> String {
    assert_eq!(error.path, path);
    assert_eq!(error.phase, phase, "{error}");
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
    assert!(text.contains(&format!("phase {phase}")), "{text}");
    assert!(text.contains("help: "), "{text}");
    text
}

#[test]
fn a_plugin_that_starts_says_who_it_is_and_ends_when_it_is_told_to() {
    pollster::block_on(async {
        let plugin = probe().start().await.unwrap();
        let info = plugin.info();
        assert_eq!((info.r#type.as_str(), info.name.as_str()), ("app", "probe"));
        assert_eq!((info.version.as_str(), info.protocol), ("1.2.3", 2));
        assert_eq!(plugin.meta().tuples[0].app, "probe");
        plugin.ping().await.unwrap();
        let ended = plugin.shut_down().await;
        assert_eq!(ended.exit, Some(Exit::Status(0)));
        plugin.ping().await.unwrap_err();
    });
}

#[tokio::test]
async fn a_start_says_how_long_each_part_of_it_took() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(
        directory.path(),
        &format!(
            "#!/bin/sh\nsleep 0.2\nexec {}\n",
            example("otto-app-probe").display()
        ),
    );
    let began = Instant::now();
    let plugin = Launcher::new(path).start().await.unwrap();
    let took = began.elapsed();
    let timings = plugin.timings().unwrap();
    assert!(timings.execute > Duration::ZERO, "{timings:?}");
    assert!(timings.connect >= Duration::from_millis(200), "{timings:?}");
    let sum = timings.execute + timings.connect + timings.meta;
    assert!(sum <= took, "{timings:?}, and {took:?} in all");

    let in_process = support::Compile(|_, _| async { Ok(CompileResult::default()) });
    let plugin = otto_plugin::testing::plugin(in_process).await.unwrap();
    assert_eq!(plugin.timings(), None);
    plugin.kill();
    plugin.ping().await.unwrap();
}

#[test]
fn a_file_without_the_permission_could_not_be_executed() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(directory.path(), "#!/bin/sh\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = failure(Launcher::new(&path));
    let text = told(&error, &path, Phase::Execute);
    let StartCause::CouldNotExecute { why, .. } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(*why, NotExecutable::Mode(0o644));
    assert!(text.contains("0644") && text.contains("chmod +x"), "{text}");
    assert_eq!(error.blame(), Blame::Plugin);
}

#[test]
fn a_script_without_its_interpreter_could_not_be_executed() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(directory.path(), "#!/no/such/interpreter -x\n");
    let error = failure(Launcher::new(&path));
    let text = told(&error, &path, Phase::Execute);
    let StartCause::CouldNotExecute { why, .. } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(
        *why,
        NotExecutable::Interpreter("/no/such/interpreter".into())
    );
    assert!(text.contains("/no/such/interpreter"), "{text}");
}

#[test]
fn a_file_that_is_no_program_is_not_handed_to_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(directory.path(), "echo this must not run\n");
    let error = failure(Launcher::new(&path));
    let text = told(&error, &path, Phase::Execute);
    let StartCause::CouldNotExecute { why, .. } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(*why, NotExecutable::Format);
}

#[test]
fn a_missing_file_is_the_callers_mistake() {
    let error = failure(Launcher::new("/no/such/otto-app-x"));
    told(&error, Path::new("/no/such/otto-app-x"), Phase::Execute);
    assert_eq!(error.blame(), Blame::Caller);
}

#[test]
fn a_process_that_exits_is_reported_with_its_status_and_both_streams() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(
        directory.path(),
        "#!/bin/sh\necho to stdout\necho to stderr >&2\nexit 3\n",
    );
    let error = failure(Launcher::new(&path));
    let text = told(&error, &path, Phase::Connect);
    assert!(
        matches!(*error.cause, StartCause::Exited(Exit::Status(3))),
        "{text}"
    );
    assert_eq!(error.output.stdout, b"to stdout\n");
    assert_eq!(error.output.stderr, b"to stderr\n");
    assert!(
        text.contains("status 3") && text.contains("to stdout"),
        "{text}"
    );
    assert!(text.contains("to stderr"), "{text}");
}

#[test]
fn a_process_that_a_signal_ends_is_reported_with_the_signal() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(directory.path(), "#!/bin/sh\nkill -SEGV $$\n");
    let error = failure(Launcher::new(&path));
    let text = told(&error, &path, Phase::Connect);
    assert!(
        matches!(*error.cause, StartCause::Exited(Exit::Signal(11))),
        "{text}"
    );
    assert!(text.contains("SIGSEGV"), "{text}");
}

#[test]
fn junk_on_the_socket_is_shown_escaped_and_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let junk = "#!/bin/bash\nprintf 'hello\\tworld\\n' >&\"$OTTO_PLUGIN_FD\"\nexec sleep 1000\n";
    let path = script(directory.path(), junk);
    let error = failure(Launcher::new(&path).start_timeout(Duration::from_secs(600)));
    let text = told(&error, &path, Phase::Connect);
    let StartCause::NotAPlugin { first_bytes } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(first_bytes, b"hello\tworld\n");
    assert!(text.contains(r"hello\tworld\n"), "{text}");
}

#[test]
fn a_few_bytes_of_junk_before_the_exit_are_junk_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(
        directory.path(),
        "#!/bin/bash\nprintf 'ok' >&\"$OTTO_PLUGIN_FD\"\n",
    );
    let error = failure(Launcher::new(&path));
    let StartCause::NotAPlugin { first_bytes } = &*error.cause else {
        panic!("{error}")
    };
    assert_eq!(first_bytes, b"ok");
}

#[test]
fn a_plugin_that_never_answers_has_timed_out_in_a_named_phase() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(
        directory.path(),
        "#!/bin/sh\necho waiting >&2\nexec sleep 1000\n",
    );
    let error = failure(Launcher::new(&path).start_timeout(Duration::from_millis(300)));
    let text = told(&error, &path, Phase::Connect);
    assert!(
        matches!(*error.cause, StartCause::TimedOut { .. }),
        "{text}"
    );
    assert!(text.contains("300ms"), "{text}");
}

#[test]
fn a_plugin_that_closes_its_socket_and_lives_has_hung_up() {
    let directory = tempfile::tempdir().unwrap();
    let hang_up = "#!/bin/bash\neval \"exec $OTTO_PLUGIN_FD>&-\"\nexec sleep 1000\n";
    let path = script(directory.path(), hang_up);
    let launcher = Launcher::new(&path).start_timeout(Duration::from_secs(600));
    // With an address to dial, it would have the time to.
    let error = failure(launcher.transports([Transport::Inherited]));
    let text = told(&error, &path, Phase::Connect);
    assert!(matches!(*error.cause, StartCause::HungUp), "{text}");
}

#[test]
fn a_plugin_of_another_version_is_incompatible_and_both_sets_are_named() {
    let error = failure(probe().env("PROBE", "newer"));
    let text = told(&error, &example("otto-app-probe"), Phase::Connect);
    let StartCause::Incompatible { ours, theirs } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(
        (ours.as_slice(), theirs.as_slice()),
        (&[2][..], &[3, 4][..])
    );
    assert!(text.contains("speaks 2, and the plugin 3, 4"), "{text}");
    assert!(text.contains("update Otto"), "{text}");
    assert_eq!(error.blame(), Blame::Incompatible);
}

#[test]
fn a_plugin_of_otto_02_is_recognised_by_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let old = "#!/bin/sh\necho '1|unix|/tmp/otto-plugin1234'\nexec sleep 1000\n";
    let path = script(directory.path(), old);
    let error = failure(Launcher::new(&path).start_timeout(Duration::from_millis(300)));
    let text = told(&error, &path, Phase::Connect);
    let StartCause::Otto02 { line } = &*error.cause else {
        panic!("{text}")
    };
    assert_eq!(line, "1|unix|/tmp/otto-plugin1234");
    assert_eq!(error.blame(), Blame::Incompatible);
}

#[test]
fn a_plugin_that_has_started_a_thread_before_serve_says_so() {
    let error = failure(probe().env("PROBE", "threads"));
    let text = told(&error, &example("otto-app-probe"), Phase::Connect);
    assert!(
        matches!(*error.cause, StartCause::Exited(Exit::Status(1))),
        "{text}"
    );
    assert!(text.contains("thread"), "{text}");
}

#[test]
fn a_flood_of_output_neither_blocks_a_plugin_nor_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let flood = "#!/bin/sh\nhead -c 5000000 /dev/zero\nhead -c 5000000 /dev/zero >&2\nexit 9\n";
    let path = script(directory.path(), flood);
    let error = failure(Launcher::new(&path));
    assert!(
        matches!(*error.cause, StartCause::Exited(Exit::Status(9))),
        "{error}"
    );
    assert_eq!(error.output.stdout.len(), 64 << 10);
    assert_eq!(error.output.stderr.len(), 64 << 10);
}

#[test]
fn a_plugin_gets_nothing_of_its_host_but_what_it_is_meant_to() {
    let directory = tempfile::tempdir().unwrap();
    // No pipeline: it would open descriptors of its own.
    let show = "#!/bin/bash\necho $OTTO_PLUGIN_FD $#\nreadlink /proc/$$/cwd /proc/$$/fd/0\n\
                cut -d' ' -f5 /proc/$$/stat\necho $$\nls /proc/$$/fd\n";
    let path = script(directory.path(), show);
    // A descriptor that a careless program left open for its children.
    let leaked = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&leaked, rustix::io::FdFlags::empty()).unwrap();
    let error = failure(Launcher::new(&path));
    let text = String::from_utf8(error.output.stdout.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let (socket, arguments) = lines[0].split_once(' ').unwrap();
    assert_eq!(arguments, "0", "{text}");
    let here = std::env::current_dir().unwrap();
    assert_eq!(
        (Path::new(lines[1]), lines[2]),
        (here.as_path(), "/dev/null"),
        "{text}"
    );
    assert_eq!(
        lines[3], lines[4],
        "it does not lead a group of its own: {text}"
    );
    let descriptors: BTreeSet<_> = lines[5..].iter().copied().collect();
    // 255 is the shell's own, for the script.
    assert_eq!(
        descriptors,
        BTreeSet::from(["0", "1", "2", socket, "255"]),
        "{text}"
    );
}

#[test]
fn a_signal_that_the_host_ignores_is_at_its_default_in_the_plugin() {
    let mut host = Command::new("sh")
        .args(["-c", "trap '' USR1; exec \"$0\" \"$1\""])
        .args([example("probe-host"), example("otto-app-probe")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(host.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let plugin = line.split(' ').next().unwrap();
    let ignored = |pid: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigIgn:"))
            .unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (signal_hook::consts::SIGUSR1 - 1))
    };
    let (in_host, in_plugin) = (ignored(&host.id().to_string()), ignored(plugin));
    host.kill().unwrap();
    host.wait().unwrap();
    assert_ne!(in_host, 0);
    assert_eq!(in_plugin, 0);
}

#[test]
fn a_start_may_be_given_all_the_time_there_is() {
    pollster::block_on(probe().start_timeout(Duration::MAX).start()).unwrap();
}

#[tokio::test]
async fn a_start_that_is_dropped_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = script(directory.path(), "#!/bin/sh\nexec sleep 4321\n");
    for number in 0..300 {
        let start = Launcher::new(&path).start();
        let moment = Duration::from_micros(100 + (number * 37) % 4000);
        tokio::time::timeout(moment, start).await.unwrap_err();
    }
    // The children of this process's threads that run this script or what it became.
    let children = || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        let children =
            tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<_> = children
            .flat_map(|line| {
                line.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        let ours = |pid: &&String| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line == b"sleep\x004321\0"
                || String::from_utf8_lossy(&line).contains(path.to_str().unwrap())
        };
        children.iter().filter(ours).count()
    };
    support::eventually(|| (children() == 0).then_some(())).await;
}
