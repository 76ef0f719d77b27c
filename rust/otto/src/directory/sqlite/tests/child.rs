//! Other processes: this program once more, with a task.

use std::env;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use super::{crash, failures, memory, together};

/// A process that does one of the tasks below. It says lines on its standard error, and is killed
/// when this is dropped.
pub(super) struct Other {
    pub(super) process: Child,
    pub(super) lines: Lines<BufReader<ChildStderr>>,
}

/// The command that does a task in a data directory.
pub(super) fn command(task: &str, data: &Path) -> Command {
    arrange(Command::new(env::current_exe().unwrap()), task, data)
}

/// Adds to a command, which is to run this program, what makes it do a task in a data directory.
pub(super) fn arrange(mut command: Command, task: &str, data: &Path) -> Command {
    command
        .args(["--exact", "--nocapture"])
        .arg("directory::sqlite::tests::child::a_process_that_was_given_a_task_does_it")
        .env(TASK, task)
        .env(DATA, data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

const TASK: &str = "OTTO_TEST_TASK";
const DATA: &str = "OTTO_TEST_DATA";

impl Other {
    pub(super) fn start(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, lines }
    }

    /// Says that it may go on.
    pub(super) fn go_on(&mut self) {
        let mut stdin = self.process.stdin.take().unwrap();
        stdin.write_all(b"\n").unwrap();
    }

    /// Waits for its end. Fails, and shows what it said, unless it was successful.
    pub(super) fn succeed(mut self) {
        let said: Vec<_> = self.lines.by_ref().map(Result::unwrap).collect();
        let status = self.process.wait().unwrap();
        assert!(status.success(), "{status}: {said:#?}");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until it may go on, in another process.
pub(super) fn wait() {
    let mut line = String::new();
    assert_eq!(std::io::stdin().read_line(&mut line).unwrap(), 1);
}

/// Says a line, in another process.
pub(super) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

/// What another process runs. Without a task there is nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_given_a_task_does_it() {
    let (Ok(task), Some(data)) = (env::var(TASK), env::var_os(DATA)) else {
        return;
    };
    let data = Path::new(&data);
    match &*task {
        "store side by side" => together::store_side_by_side(data).await,
        "store until killed" => crash::store_until_killed(data).await,
        "store too much for a file" => failures::store_too_much_for_a_file(data).await,
        "store and fetch a large blob" => memory::store_and_fetch_a_large_blob(data).await,
        "write to what can only be read" => failures::write_to_what_can_only_be_read(data).await,
        _ => panic!("{task}"),
    }
}
