//! A process and all that it has started.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

/// A process and those that descend from it, as far as they were found. A process whose parent had
/// ended before is not: it ends with the process group.
#[derive(Debug)]
pub(super) struct Tree {
    root: u32,
    members: BTreeMap<u32, Member>,
}

impl Tree {
    /// Finds all that descend from a child of this process that has not been waited for.
    pub(super) fn of(root: u32) -> Self {
        let mut tree = Self {
            root,
            members: BTreeMap::new(),
        };
        tree.grow();
        tree
    }

    /// Finds those that were started in the meantime.
    pub(super) fn grow(&mut self) {
        let Ok(mut system) = System::new() else {
            return self.add([self.root]);
        };
        system.refresh_processes_specifics(
            ProcessesToUpdate::All,
            true,
            ProcessRefreshKind::nothing(),
        );
        let mut children = BTreeMap::<u32, Vec<u32>>::new();
        for (id, process) in system.processes() {
            // A thread is listed as a process of its own.
            if process.thread_kind().is_none()
                && let Some(parent) = process.parent()
            {
                children
                    .entry(parent.as_u32())
                    .or_default()
                    .push(id.as_u32());
            }
        }
        // The number of one that has ended may be another process's by now.
        let alive = |(id, member): (&u32, &Member)| (!member.wait(Duration::ZERO)).then_some(*id);
        let alive = self.members.iter().filter_map(alive);
        let mut next: Vec<_> = alive.chain([self.root]).collect();
        let mut found: BTreeSet<_> = next.iter().copied().collect();
        while let Some(parent) = next.pop() {
            for child in children.get(&parent).into_iter().flatten() {
                if found.insert(*child) {
                    next.push(*child);
                }
            }
        }
        self.add(found);
    }

    fn add(&mut self, found: impl IntoIterator<Item = u32>) {
        for id in found {
            if let Entry::Vacant(entry) = self.members.entry(id)
                && let Ok(member) = Member::open(id)
            {
                entry.insert(member);
            }
        }
    }

    /// Sends a signal to all of them.
    pub(super) fn signal(&self, signal: Signal) {
        for member in self.members.values() {
            member.signal(signal);
        }
    }

    /// Blocks until all of them have ended, or until `limit` has passed. Says whether they have.
    pub(super) fn wait(&self, limit: Duration) -> bool {
        let start = Instant::now();
        self.members
            .values()
            .all(|member| member.wait(limit.saturating_sub(start.elapsed())))
    }
}

/// One process, which cannot become another one.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct Member(std::os::fd::OwnedFd);

#[cfg(target_os = "linux")]
impl Member {
    fn open(id: u32) -> io::Result<Self> {
        let pid = pid(id)?;
        let process = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?;
        Ok(Self(process))
    }

    fn signal(&self, signal: Signal) {
        // It may have ended already.
        let _ = rustix::process::pidfd_send_signal(&self.0, signal);
    }

    fn wait(&self, limit: Duration) -> bool {
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            let left = Timespec::try_from(left).unwrap_or_default();
            // It is readable when the process has ended.
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&left)) {
                Err(rustix::io::Errno::INTR) => {}
                ended => return ended == Ok(1),
            }
        }
    }
}

/// One process, by its number: where there is nothing better.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
struct Member(Pid);

#[cfg(not(target_os = "linux"))]
impl Member {
    fn open(id: u32) -> io::Result<Self> {
        pid(id).map(Self)
    }

    fn signal(&self, signal: Signal) {
        // It may have ended already.
        let _ = rustix::process::kill_process(self.0, signal);
    }

    fn wait(&self, _limit: Duration) -> bool {
        rustix::process::test_kill_process(self.0).is_err()
    }
}

fn pid(id: u32) -> io::Result<Pid> {
    let raw = i32::try_from(id).ok().and_then(Pid::from_raw);
    raw.ok_or_else(|| io::Error::other("not the number of a process"))
}
