//! What the system says about processes and their sockets.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

/// More than a line of `/proc/PID/stat` can have: a short name, and 51 numbers.
const LINE: usize = 2048;

/// A line of `/proc/PID/stat`, as far as it is needed.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    state: char,
    parent: u32,
    group: u32,
    session: u32,
    threads: u32,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        // Each process there is gets looked at, again and again, and the line comes in one piece.
        let mut line = [0; LINE];
        let mut file = fs::File::open(format!("/proc/{pid}/stat")).ok()?;
        let size = file.read(&mut line).ok()?;
        // A name need not be text.
        Self::parse(&String::from_utf8_lossy(&line[..size]))
    }

    /// The second field is the name, in parentheses, and may hold anything, parentheses included.
    fn parse(line: &str) -> Option<Self> {
        let pid = line.split_once(' ')?.0.parse().ok()?;
        let mut rest = line.rsplit_once(") ")?.1.split(' ');
        let state = rest.next()?.chars().next()?;
        let parent = rest.next()?.parse().ok()?;
        let group = rest.next()?.parse().ok()?;
        let session = rest.next()?.parse().ok()?;
        let threads = rest.nth(13)?.parse().ok()?;
        Some(Self {
            pid,
            state,
            parent,
            group,
            session,
            threads,
        })
    }

    fn runs(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// All processes of a moment. To look at each of them takes a while, so this is asked several things.
#[derive(Debug)]
pub(crate) struct Table(Vec<Stat>);

impl Table {
    pub(crate) fn now() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let all = entries.filter_map(|entry| Stat::of(entry.file_name().to_str()?.parse().ok()?));
        Self(all.collect())
    }

    /// The processes whose parent this is, dead ones included.
    pub(crate) fn children_of(&self, parent: u32) -> Vec<u32> {
        let children = self.0.iter().filter(|process| process.parent == parent);
        children.map(|process| process.pid).collect()
    }

    /// The running processes of a group, and those that descend from one of them, without the
    /// leader.
    pub(crate) fn descendants(&self, leader: u32) -> Vec<u32> {
        let mut family = BTreeSet::from([leader]);
        loop {
            let before = family.len();
            for process in &self.0 {
                if process.group == leader || family.contains(&process.parent) {
                    family.insert(process.pid);
                }
            }
            if family.len() == before {
                break;
            }
        }
        family.remove(&leader);
        let running = self.0.iter().filter(|process| process.runs());
        running
            .filter(|process| family.contains(&process.pid))
            .map(|process| process.pid)
            .collect()
    }
}

/// The session of a process that is there, be it dead or not.
pub(crate) fn session(pid: u32) -> Option<u32> {
    Stat::of(pid).map(|process| process.session)
}

/// Whether a process is there and has not ended.
pub(crate) fn runs(pid: u32) -> bool {
    Stat::of(pid).is_some_and(|process| process.runs())
}

/// A process in a few words, for a report.
pub(crate) fn describe(pid: u32) -> String {
    let Some(stat) = Stat::of(pid) else {
        return format!("pid {pid} gone");
    };
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let mut words = vec![format!("state {}", stat.state)];
    match read("wchan").trim() {
        "" | "0" => {}
        place => words.push(format!("in {place}")),
    }
    words.push(match stat.threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    });
    words.extend(
        listeners(pid)
            .into_iter()
            .map(|address| format!("listening on {address}")),
    );
    format!("pid {pid} ({}, {})", read("comm").trim(), words.join(", "))
}

/// What a process was at some moment.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    /// Since the start of the case, in seconds.
    pub(crate) t: f64,
    /// Which of the case's processes it is.
    pub(crate) run: String,
    /// What had just been done.
    pub(crate) after: String,
    pid: u32,
    state: char,
    threads: u32,
    descriptors: usize,
    resident_kib: u64,
}

impl Sample {
    /// Looks at a process. None if it is gone.
    pub(crate) fn of(pid: u32, t: f64, run: &str, after: &str) -> Option<Self> {
        let stat = Stat::of(pid)?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd"));
        Some(Self {
            t,
            run: run.to_owned(),
            after: after.to_owned(),
            pid,
            state: stat.state,
            threads: stat.threads,
            descriptors: descriptors.map_or(0, Iterator::count),
            // One that has ended has none.
            resident_kib: resident.unwrap_or(0),
        })
    }
}

/// The addresses on which a process listens.
pub(crate) fn listeners(pid: u32) -> Vec<String> {
    let sockets = socket_inodes(pid);
    if sockets.is_empty() {
        return Vec::new();
    }
    let table =
        |name: &str| fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default();
    let mut found = unix_listeners(&table("unix"), &sockets);
    found.extend(tcp_listeners(&table("tcp"), &sockets));
    found.extend(tcp_listeners(&table("tcp6"), &sockets));
    found
}

fn socket_inodes(pid: u32) -> BTreeSet<u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten();
    entries
        .filter_map(|entry| socket_inode(&fs::read_link(entry.path()).ok()?))
        .collect()
}

fn socket_inode(target: &Path) -> Option<u64> {
    let inode = target
        .to_str()?
        .strip_prefix("socket:[")?
        .strip_suffix(']')?;
    inode.parse().ok()
}

/// Lines of `Num RefCount Protocol Flags Type St Inode Path`.
fn unix_listeners(table: &str, sockets: &BTreeSet<u64>) -> Vec<String> {
    const ACCEPTS: u64 = 0x10000;
    let lines = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .filter(|fields| {
            let flags = fields
                .get(3)
                .and_then(|flags| u64::from_str_radix(flags, 16).ok());
            let inode = fields.get(6).and_then(|inode| inode.parse().ok());
            flags.is_some_and(|flags| flags & ACCEPTS != 0)
                && inode.is_some_and(|inode| sockets.contains(&inode))
        })
        .map(|fields| format!("unix:{}", fields.get(7).unwrap_or(&"(no path)")))
        .collect()
}

/// Lines of `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode`.
fn tcp_listeners(table: &str, sockets: &BTreeSet<u64>) -> Vec<String> {
    let lines = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .filter(|fields| {
            let inode = fields.get(9).and_then(|inode| inode.parse().ok());
            fields.get(3) == Some(&"0A") && inode.is_some_and(|inode| sockets.contains(&inode))
        })
        .map(|fields| {
            let port = fields[1].rsplit_once(':').map_or("", |(_, port)| port);
            format!(
                "tcp port {}",
                u16::from_str_radix(port, 16).unwrap_or_default()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_process_name_may_hold_anything() {
        let line = "17 (a) S (b) 1) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 100 0\n";
        let stat = Stat::parse(line).expect("a line");
        assert_eq!(
            stat,
            Stat {
                pid: 17,
                state: 'S',
                parent: 1,
                group: 17,
                session: 17,
                threads: 9
            }
        );
    }

    #[test]
    fn a_process_is_seen_as_it_is() {
        let sample = Sample::of(std::process::id(), 1.5, "case", "started").expect("a process");
        assert!(sample.descriptors >= 3, "{sample:?}");
        assert!(sample.resident_kib > 100, "{sample:?}");
        assert!(sample.threads >= 1, "{sample:?}");
    }

    #[test]
    fn listeners_are_found_by_the_descriptors_of_the_process() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("socket");
        let _unix = UnixListener::bind(&path).expect("a listener");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = tcp.local_addr().expect("an address").port();
        let found = listeners(std::process::id());
        assert!(
            found.contains(&format!("unix:{}", path.display())),
            "{found:?}"
        );
        assert!(found.contains(&format!("tcp port {port}")), "{found:?}");
    }
}
