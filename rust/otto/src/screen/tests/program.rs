//! Programs in the foreground of a terminal. `otto` itself is played by this test program, started
//! again on a pseudo-terminal of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{Terminal, Ui};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, setsid, test_kill_process};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::termios::{LocalModes, tcgetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::super::{Options, Screen, Unit};
use super::{Person, recorded};

const PATH: &str = "OTTO_TEST_TERMINAL";
const SCRIPT: &str = "OTTO_TEST_SCRIPT";
const ACT: &str = "OTTO_TEST_ACT";

/// Plays `otto`, with one act, on the terminal of the person.
fn play(person: &Person, act: &str, script: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "screen::tests::program::a_process_that_was_given_an_act_plays_otto",
            "--nocapture",
        ])
        .env(PATH, &person.path)
        .env(ACT, act)
        .env(SCRIPT, script)
        .env("OTTO_PLUGIN_TOKEN", "secret")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Tells `otto` to go on with its act.
fn tell(otto: &Child) {
    kill_process(Pid::from_child(otto), Signal::USR1).unwrap();
}

fn ends(mut otto: Child) {
    assert!(otto.wait().unwrap().success());
}

/// The last line of what a person sees is told by `otto` at the end of an act.
const END: &str = "the act is over";

#[test]
fn a_process_that_was_given_an_act_plays_otto() {
    let Some(path) = env::var_os(PATH) else {
        // The others start it.
        return;
    };
    setsid().unwrap();
    // The first terminal that the leader of a session opens is the one of the session.
    let terminal = File::options().read(true).write(true).open(path).unwrap();
    dup2_stdin(&terminal).unwrap();
    dup2_stdout(&terminal).unwrap();
    dup2_stderr(&terminal).unwrap();
    drop(terminal);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let screen = Screen::new(Options::default());
    match env::var(ACT).unwrap().as_str() {
        "run" => runtime.block_on(runs(&screen)),
        "cancel" => runtime.block_on(cancels(&screen)),
        "bar" => runtime.block_on(runs_below_a_bar(&screen)),
        "bars" => {
            shows_bars(&screen);
            runtime.block_on(begins_a_line_above_a_bar(&screen));
        }
        act => panic!("there is no act {act}"),
    }
    screen.message(END);
}

fn program() -> (Vec<String>, String, BTreeMap<String, String>) {
    let argv = ["sh", "-c", &env::var(SCRIPT).unwrap()]
        .map(str::to_owned)
        .to_vec();
    let variables = [("GIVEN", "given"), ("OTTO_PLUGIN_FD", "7")];
    let env = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    (argv, "/".into(), env)
}

async fn runs(screen: &Screen) {
    // As otto's own handler does, which leaves these to the program.
    let mut interrupts = signal(SignalKind::interrupt()).unwrap();
    let terminal = screen.terminal().unwrap();
    let (argv, dir, env) = program();
    let running = terminal.run(argv, dir, env);
    let told = async {
        interrupts.recv().await;
        let whose = if screen.in_foreground() {
            "the program"
        } else {
            "otto"
        };
        screen.message(format!("interrupt of {whose}"));
        tell_past_the_screen("noted");
        std::future::pending().await
    };
    let status = tokio::select! {
        status = running => status.unwrap(),
        () = told => unreachable!(),
    };
    assert!(!screen.in_foreground());
    screen.message(format!("ended {status:?}"));
}

async fn cancels(screen: &Screen) {
    let mut told = signal(SignalKind::user_defined1()).unwrap();
    let terminal = screen.terminal().unwrap();
    let (argv, dir, env) = program();
    tokio::select! {
        _ = terminal.run(argv, dir, env) => unreachable!(),
        told = told.recv() => told.unwrap(),
    }
    screen.settled().await;
}

async fn runs_below_a_bar(screen: &Screen) {
    let mut told = signal(SignalKind::user_defined1()).unwrap();
    let task = screen.task("turning", None, Unit::Items);
    let terminal = screen.terminal().unwrap();
    let (argv, dir, env) = program();
    let moved = async {
        told.recv().await;
        for unit in 0..100 {
            task.update(unit, "at work");
        }
        tell_past_the_screen("noted");
        std::future::pending().await
    };
    tokio::select! {
        status = terminal.run(argv, dir, env) => status.unwrap(),
        () = moved => unreachable!(),
    };
    task.end("all of it");
}

/// Says something while the screen is silent.
fn tell_past_the_screen(text: &str) {
    let mut terminal = File::options().write(true).open("/dev/tty").unwrap();
    terminal.write_all(text.as_bytes()).unwrap();
}

fn shows_bars(screen: &Screen) {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                let task = screen.task(format!("task {thread}"), Some(50), Unit::Items);
                for unit in 0..50 {
                    task.update(unit, "at work");
                    screen.message(format!("line {thread}.{unit}."));
                }
                if thread > 0 {
                    task.end("all of it");
                }
            });
        }
    });
}

async fn begins_a_line_above_a_bar(screen: &Screen) {
    let ui = screen.ui("app-ruby", None, BTreeSet::new());
    let task = screen.task("bar", Some(2), Unit::Items);
    ui.raw("begun, ".into()).await.unwrap();
    task.update(1, "at work");
    ui.raw("and ended\n".into()).await.unwrap();
    ui.raw("cut short".into()).await.unwrap();
    task.end("");
}

#[test]
fn a_program_has_the_terminal_and_answers_with_its_status() {
    let person = Person::new();
    let script = "test -t 0 && test -t 1 && test -t 2 && echo \"in $PWD $GIVEN ${OTTO_PLUGIN_FD-no fd} \
                  ${OTTO_PLUGIN_TOKEN-no token}\"; read line; echo \"got $line\"; exit 3";
    let otto = play(&person, "run", script);
    person.sees("in / given no fd no token");
    // One in the background would be stopped, and never get it.
    person.types("hello\n");
    person.sees("got hello");
    person.sees("ended Code(3)");
    person.sees(END);
    ends(otto);
}

#[test]
fn a_program_that_a_signal_ends_answers_with_it_and_leaves_the_terminal_as_it_was() {
    let person = Person::new();
    let otto = play(
        &person,
        "run",
        "stty raw -echo; echo ready; read x; kill -9 $$",
    );
    person.sees("ready");
    let modes = || tcgetattr(&person.terminal).unwrap().local_modes;
    assert!(!modes().contains(LocalModes::ICANON));
    person.types("\n");
    person.sees("ended Signal(9)");
    assert!(modes().contains(LocalModes::ICANON | LocalModes::ECHO));
    person.sees(END);
    ends(otto);
}

#[test]
fn ctrl_c_is_for_the_program_and_what_otto_says_waits_for_its_end() {
    let person = Person::new();
    let otto = play(
        &person,
        "run",
        "trap 'echo caught; read y; exit 5' INT; echo ready; while :; do read x; done",
    );
    person.sees("ready");
    person.types("\x03");
    let meanwhile = person.sees("noted");
    assert!(!meanwhile.contains("interrupt of"), "{meanwhile:?}");
    // A line for a shell that reads on before it looks at the signal, and one for its end.
    person.types("x\ny\n");
    let seen = meanwhile + &person.sees("interrupt of the program");
    assert!(
        seen.contains("caught") && !seen.contains("ended"),
        "{seen:?}"
    );
    person.sees("ended Code(5)");
    person.sees(END);
    ends(otto);
}

#[test]
fn a_program_whose_call_is_cancelled_is_ended_even_if_it_does_not_want_to() {
    for script in ["echo pid $$.; read x", "trap '' TERM; echo pid $$.; read x"] {
        let person = Person::new();
        let otto = play(&person, "cancel", script);
        person.sees("pid ");
        let pid = person.sees(".").trim_end_matches('.').parse().unwrap();
        tell(&otto);
        person.sees(END);
        assert_eq!(
            test_kill_process(Pid::from_raw(pid).unwrap()),
            Err(Errno::SRCH),
            "{script}"
        );
        ends(otto);
    }
}

#[test]
fn a_bar_stands_still_while_a_program_has_the_terminal() {
    let person = Person::new();
    let otto = play(&person, "bar", "echo begun; read x");
    assert!(person.sees("begun").contains("turning"));
    tell(&otto);
    let meanwhile = person.sees("noted");
    assert!(!meanwhile.contains("turning"), "{meanwhile:?}");
    person.types("x\n");
    person.sees("turning: all of it");
    person.sees(END);
    ends(otto);
}

#[test]
fn bars_and_lines_do_not_tear_each_other() {
    let person = Person::new();
    let otto = play(&person, "bars", "");
    let seen = person.sees(END);
    assert!(seen.contains("task 1 ["), "there are no bars in {seen:?}");
    let rows = rows(&seen);
    for thread in 0..4 {
        for unit in 0..50 {
            let line = format!("    line {thread}.{unit}.");
            let count = rows.iter().filter(|row| **row == line).count();
            assert_eq!(count, 1, "{line} in {rows:#?}");
        }
    }
    for line in [
        "    task 0: given up",
        "    task 1: all of it",
        "begun, and ended",
        "cut short",
        "    bar: done",
    ] {
        assert!(rows.iter().any(|row| row == line), "{line} in {rows:#?}");
    }
    let left = rows.iter().filter(|row| row.contains('['));
    assert_eq!(left.count(), 0, "a bar is left in {rows:#?}");
    ends(otto);
}

/// What a terminal of 80 columns and any height shows in the end, row by row.
fn rows(output: &str) -> Vec<String> {
    let mut rows = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0);
    let mut chars = output.chars();
    while let Some(char) = chars.next() {
        match char {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let sequence: String = chars.by_ref().take_while(|char| *char != '[').collect();
                assert_eq!(sequence, "", "only these sequences are known");
                let mut number = String::new();
                let last = loop {
                    match chars.next().unwrap() {
                        digit @ ('0'..='9' | ';') => number.push(digit),
                        last => break last,
                    }
                };
                match last {
                    'A' => row -= number.parse::<usize>().unwrap(),
                    'B' => row += number.parse::<usize>().unwrap(),
                    'K' => rows[row].clear(),
                    'm' => {}
                    other => panic!("the sequence {other:?} is not known"),
                }
            }
            char => {
                // A full row goes on in the next one.
                if column == 80 {
                    (row, column) = (row + 1, 0);
                    rows.resize(rows.len().max(row + 1), Vec::new());
                }
                let width = rows[row].len().max(column + 1);
                rows[row].resize(width, ' ');
                rows[row][column] = char;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    let texts = rows
        .into_iter()
        .map(|row| row.into_iter().collect::<String>());
    texts.map(|row| row.trim_end().to_owned()).collect()
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    // This one needs no terminal: it never gets that far.
    let (screen, _recording) = recorded();
    assert!(screen.terminal().is_none());
    let terminal = super::super::terminal::UserTerminal(screen);
    let run = async |argv: &[&str], dir: &str, name: &str| -> Error {
        let argv = argv.iter().map(|text| (*text).to_owned()).collect();
        let env = BTreeMap::from([(name.to_owned(), String::new())]);
        terminal.run(argv, dir.into(), env).await.unwrap_err()
    };
    let missing = run(&["otto-test-no-such-program"], "/", "A").await;
    assert_eq!(missing.kind, ErrorKind::Unavailable, "{missing}");
    let nowhere = run(&["true"], "/no/such/directory", "A").await;
    assert_eq!(nowhere.kind, ErrorKind::Unavailable, "{nowhere}");
    for (argv, dir, name) in [
        (&[] as &[&str], "/", "A"),
        (&["true", "\0"], "/", "A"),
        (&["true"], "relative", "A"),
        (&["true"], "/", ""),
        (&["true"], "/", "A=B"),
    ] {
        let error = run(argv, dir, name).await;
        assert_eq!(
            error.kind,
            ErrorKind::Invalid,
            "{argv:?} {dir} {name}: {error}"
        );
    }
    assert!(!terminal.0.in_foreground());
}
