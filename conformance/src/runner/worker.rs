//! The processes that run cases, seen from the suite.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::job::{Done, Job};
use crate::catalogue::Case;
use crate::commands::WORKER;
use crate::process;
use crate::settings::Settings;

/// How long a worker may take for what is not the case's own.
const SPARE: Duration = Duration::from_secs(60);
/// The longest answer that is read.
const LONGEST: u64 = 64 << 20;

/// The standard input of each worker. One that loses it cleans up and ends.
static LEASHES: Mutex<Option<BTreeMap<u32, ChildStdin>>> = Mutex::new(Some(BTreeMap::new()));

/// Has every worker clean up and end, and lets no more begin.
pub(crate) fn end_all() {
    LEASHES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
}

/// Whether [`end_all`] has been called.
pub(super) fn is_ending() -> bool {
    LEASHES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_none()
}

/// Runs a case in a process of its own, whose directories lie below this one. None if the suite is
/// being ended.
pub(super) fn run(
    settings: &Settings,
    case: &Case,
    silent: Option<String>,
    directory: &Path,
) -> Option<Done> {
    let job = Job {
        settings,
        case: case.id.clone(),
        silent,
        directory: directory.to_owned(),
    };
    match attempt(&job, case) {
        Ok(done) => done,
        Err(error) => Some(Done::harness(format!("the worker: {error}"))),
    }
}

fn attempt(job: &Job<&Settings>, case: &Case) -> io::Result<Option<Done>> {
    let line = serde_json::to_string(job)?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(WORKER)
        .env("TMPDIR", &job.directory)
        // What a terminal sends to its foreground is the suite's to handle.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = {
        let mut leashes = LEASHES.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(leashes) = leashes.as_mut() else {
            return Ok(None);
        };
        let mut child = process::spawn(&mut command)?;
        if let Some(mut stdin) = child.stdin.take() {
            let _ = writeln!(stdin, "{line}");
            leashes.insert(child.id(), stdin);
        }
        child
    };
    let settings = job.settings;
    let limit = Duration::from_secs_f64(case.timeout * settings.timeout_scale) + SPARE;
    let answer = read(&mut child, (!settings.attach).then_some(limit));
    let pid = child.id();
    process::end(&mut child);
    let was_left = {
        let mut leashes = LEASHES.lock().unwrap_or_else(PoisonError::into_inner);
        leashes.as_mut().map(|leashes| leashes.remove(&pid))
    };
    if was_left.is_none() {
        return Ok(None);
    }
    let answer = answer?;
    if answer.trim_ascii().is_empty() {
        let exit = child.try_wait()?;
        let exit = exit.map_or_else(|| "did not answer".to_owned(), |exit| exit.to_string());
        return Err(io::Error::other(exit));
    }
    Ok(Some(serde_json::from_slice(&answer)?))
}

/// Reads all that it writes, as long as it writes something within this time.
fn read(child: &mut Child, within: Option<Duration>) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let Some(mut stdout) = child.stdout.take() else {
        return Ok(answer);
    };
    let next = || within.map(|within| Instant::now() + within);
    let mut deadline = next();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let rest = match deadline {
            Some(deadline) => {
                let rest = deadline.saturating_duration_since(Instant::now());
                Some(Timespec::try_from(rest).map_err(io::Error::other)?)
            }
            None => None,
        };
        let mut fds = [PollFd::new(&stdout, PollFlags::IN)];
        match rustix::event::poll(&mut fds, rest.as_ref()) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match stdout.read(&mut buffer)? {
            0 => return Ok(answer),
            count => {
                answer.extend(&buffer[..count]);
                deadline = next();
            }
        }
        if answer.len() as u64 > LONGEST {
            return Err(io::Error::other("it said too much"));
        }
    }
}
