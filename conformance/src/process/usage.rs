//! What a process takes of the machine.

use std::fs;
use std::time::Duration;

/// What a process has, and what it has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) descriptors: usize,
    pub(crate) threads: u32,
    /// The memory that is its own, in bytes: not what it shares with files, such as its program.
    pub(crate) memory: u64,
    /// The time that it has run on a processor, itself and the kernel for it.
    pub(crate) processor: Duration,
}

impl Usage {
    /// What a process takes now, if it runs.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        let status = read("status")?;
        Some(Self {
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count(),
            threads: number(&status, "Threads:").and_then(|count| u32::try_from(count).ok())?,
            memory: number(&status, "RssAnon:")? << 10,
            processor: processor(&read("stat")?)?,
        })
    }
}

/// The number after a name in `/proc/PID/status`.
fn number(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The sum of `utime` and `stime`, which are the 14th and the 15th field of `/proc/PID/stat`, in
/// ticks.
fn processor(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    let second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(ticks * 1000 / second))
}

/// The numbers of a process's descriptors of a socket that its children would inherit.
pub(crate) fn inheritable(pid: u32, socket: u64) -> Vec<String> {
    let socket = format!("socket:[{socket}]");
    let entries = fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten();
    let numbers = entries.flatten().filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let number = entry.file_name().into_string().ok()?;
        (target.to_str()? == socket).then_some(number)
    });
    numbers
        .filter(|number| {
            let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}"));
            info.is_ok_and(|info| is_inheritable(&info))
        })
        .collect()
}

/// Reads the `flags:` of `/proc/PID/fdinfo/NUMBER`, which are octal.
fn is_inheritable(info: &str) -> bool {
    const CLOSES_ON_EXEC: u64 = 0o2_000_000;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u64::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & CLOSES_ON_EXEC == 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_process_shows_what_it_takes() {
        let before = Usage::of(std::process::id()).expect("this process");
        let files: Vec<_> = (0..64).map(|_| File::open("/dev/null")).collect();
        let memory = vec![1_u8; 16 << 20];
        let after = Usage::of(std::process::id()).expect("this process");
        // Other tests of this process close some of theirs meanwhile.
        assert!(after.descriptors >= before.descriptors + files.len() / 2);
        assert!(after.memory >= before.memory + memory.len() as u64 / 2);
        assert!(after.processor >= before.processor);
    }

    #[test]
    fn the_times_of_a_process_with_any_name_are_found() {
        let line = "17 (a) S (b) 1) S 1 17 17 0 -1 4194560 1 2 3 4 300 200 7 8 20 0 9 0 100 0\n";
        let second = rustix::param::clock_ticks_per_second();
        assert_eq!(
            processor(line),
            Some(Duration::from_millis(500 * 1000 / second))
        );
    }

    #[test]
    fn a_descriptor_that_closes_on_exec_is_told_from_one_that_does_not() {
        assert!(is_inheritable("pos:\t0\nflags:\t02\n"));
        assert!(!is_inheritable("pos:\t0\nflags:\t02000002\n"));
    }
}
