//! How processes end, and what is left of them.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, waitid};
use tokio::sync::watch;
use tokio::time::timeout;

use super::proc::{self, Table};
use super::registry;

/// How long a killed process may take to be gone before it is left to the system.
const DEATH: Duration = Duration::from_secs(5);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// In a way that only its parent knows, which is neither the suite nor dead.
    Unseen,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => match signal_hook::low_level::signal_name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
            Self::Unseen => write!(f, "ended, with a status that is not known here"),
        }
    }
}

/// A process whose end is seen: a child, or the child of one that does not reap it. Of any other one,
/// such as the user's, it is seen that it ended, and not how.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: u32,
    /// The session in which it was started.
    session: Option<u32>,
    since: Instant,
    ended: watch::Receiver<bool>,
}

/// What counts as left behind by a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Whatever it has started.
    Anything,
    /// The same, but for what has made a session of its own, and so was meant to stay.
    InItsSession,
}

impl Watched {
    /// Watches a process that has not been reaped, and which nobody else reaps.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        Ok(Self {
            pid,
            session: proc::session(pid),
            since: Instant::now(),
            ended: watch_end(pid)?,
        })
    }

    /// Its process id, which stays its own until it is reaped.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Since when it has been watched.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Waits for it to end, without reaping it.
    pub(crate) async fn exited(&self, within: Duration) -> Option<Exit> {
        let mut ended = self.ended.clone();
        timeout(within, ended.wait_for(|ended| *ended))
            .await
            .ok()?
            .ok()?;
        self.exit()
    }

    /// Whether it has ended, however.
    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let status = match waitid(WaitId::Pid(registry::pid(self.pid)?), options) {
            Ok(status) => status?,
            // It is not a child of the suite's, or not yet.
            Err(_) => return self.has_ended().then_some(Exit::Unseen),
        };
        match (status.exit_status(), status.terminating_signal()) {
            (Some(status), _) => Some(Exit::Status(status)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (None, None) => None,
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        registry::signal(self.pid, signal);
    }

    /// Sends a signal to the group that it leads.
    pub(crate) fn signal_group(&self, signal: Signal) {
        registry::signal_group(self.pid, signal);
    }

    /// Waits for what it started to be gone, and returns what is not.
    pub(crate) async fn left_behind(&self, what: Left, within: Duration) -> Vec<u32> {
        let counts = |pid| what == Left::Anything || proc::session(pid) == self.session;
        let deadline = Instant::now() + within;
        let mut left = Vec::new();
        let family = family(&Table::now(), self.pid).into_iter();
        for pid in family.filter(|pid| counts(*pid)) {
            let Ok(mut ended) = watch_end(pid) else {
                continue;
            };
            let wait = deadline.saturating_duration_since(Instant::now());
            let stays = timeout(wait, ended.wait_for(|ended| *ended)).await.is_err();
            // It may have been about to make its session.
            if stays && proc::runs(pid) && counts(pid) {
                left.push(pid);
            }
        }
        left
    }
}

/// Waits for the end of a process, in a thread that ends with it. The process is not reaped.
fn watch_end(process: u32) -> io::Result<watch::Receiver<bool>> {
    let pid = registry::pid(process).ok_or(io::ErrorKind::NotFound)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let (sender, receiver) = watch::channel(false);
    std::thread::Builder::new()
        .name(format!("pid {process}"))
        .spawn(move || {
            let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
            while rustix::event::poll(&mut fds, None) == Err(rustix::io::Errno::INTR) {}
            let _ = sender.send(true);
        })?;
    Ok(receiver)
}

/// What descends from a process: its group, its children, and the orphans, which are ours.
fn family(table: &Table, leader: u32) -> Vec<u32> {
    let mut family = table.descendants(leader);
    family.extend(orphans(table));
    family.sort_unstable();
    family.dedup();
    family
}

/// What was not started here, and has become a child of the suite's since its parent has died.
fn orphans(table: &Table) -> impl Iterator<Item = u32> {
    let children = table.children_of(std::process::id()).into_iter();
    children.filter(|pid| !registry::started_here(*pid))
}

/// Kills a process with all that descends from it, and reaps all of that but the process itself.
pub(super) fn end(leader: u32) {
    // While the leader is not reaped, its number cannot be another group's.
    registry::kill_group(leader);
    wait_for_death(leader, DEATH);
    // A process that is killed leaves orphans, which are in no table from before.
    loop {
        let family = family(&Table::now(), leader);
        if family.is_empty() {
            return;
        }
        for process in family {
            registry::kill(process);
            let dead = wait_for_death(process, DEATH);
            let reaped = dead && reap(process);
            if !reaped && proc::runs(process) {
                return;
            }
        }
    }
}

fn reap(process: u32) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    registry::pid(process).is_some_and(|pid| waitid(WaitId::Pid(pid), options).is_ok())
}

/// Whether a process dies in this time, be it reaped or not.
pub(super) fn wait_for_death(process: u32, within: Duration) -> bool {
    let Some(pidfd) =
        registry::pid(process).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
    else {
        return true;
    };
    let within = Timespec::try_from(within).ok();
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    matches!(rustix::event::poll(&mut fds, within.as_ref()), Ok(1..))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn how_a_process_ended_is_for_its_parent_to_know() {
        let mut parent = Command::new("sh")
            .args(["-c", "sleep 600 > /dev/null & echo $!; read line"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let stdout = parent.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let watched = Watched::of(line.trim().parse().expect("a number")).expect("a process");
        assert_eq!((watched.exit(), watched.has_ended()), (None, false));
        watched.signal(Signal::KILL);
        let within = Duration::from_secs(20);
        assert_eq!(watched.exited(within).await, Some(Exit::Unseen));
        drop(parent.stdin.take());
        parent.wait().expect("its end");
    }
}
