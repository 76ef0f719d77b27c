//! What a process holds of the system's.

use std::fs;

/// What a process holds.
#[derive(Clone, Debug)]
pub struct Resources {
    pub descriptors: usize,
    pub threads: usize,
    /// In bytes.
    pub memory: u64,
}

/// Looks at a process.
pub fn resources(pid: u32) -> Resources {
    let count = |name: &str| fs::read_dir(format!("/proc/{pid}/{name}")).unwrap().count();
    Resources {
        descriptors: count("fd"),
        threads: count("task"),
        memory: status(pid, "VmRSS:"),
    }
}

/// The largest amount of memory that a process has held since [`forget_peak`], in bytes.
pub fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

/// Begins to measure [`peak`] of this process anew.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// A line of `/proc/PID/status`, which is in KiB, in bytes.
fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes << 10
}

/// The first child of a process.
pub fn child_of(pid: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split(' ').next().unwrap().parse().unwrap()
}

impl Resources {
    /// Fails if there is much more of anything in `later`. Of threads, there may be `threads` more.
    pub fn assert_steady(&self, later: &Self, threads: usize, whose: &str) {
        let steady = later.descriptors <= self.descriptors + 4
            && later.threads <= self.threads + threads
            && later.memory <= self.memory + (4 << 20);
        assert!(steady, "{whose} grew from {self:?} to {later:?}");
    }
}
