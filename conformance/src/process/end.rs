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
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => match signal_hook::low_level::signal_name(*signal) {
                Some(name) => write!(f, "killed by signal {signal} ({name})"),
                None => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

/// A process whose end is seen: a child, or the child of one that will have died by then.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: u32,
    since: Instant,
    ended: watch::Receiver<bool>,
}

impl Watched {
    /// Watches a process that has not been reaped, and which nobody else reaps.
    pub(crate) fn of(pid: u32) -> io::Result<Self> {
        Ok(Self {
            pid,
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

    /// How it ended, if it has.
    pub(crate) fn exit(&self) -> Option<Exit> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let status = waitid(WaitId::Pid(registry::pid(self.pid)?), options).ok()??;
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

    /// Waits for everything that it started to be gone, and returns what is not.
    pub(crate) async fn left_behind(&self, within: Duration) -> Vec<u32> {
        let deadline = Instant::now() + within;
        let mut left = Vec::new();
        for pid in family(&Table::now(), self.pid) {
            let Ok(mut ended) = watch_end(pid) else {
                continue;
            };
            let wait = deadline.saturating_duration_since(Instant::now());
            if timeout(wait, ended.wait_for(|ended| *ended)).await.is_err() && proc::runs(pid) {
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
