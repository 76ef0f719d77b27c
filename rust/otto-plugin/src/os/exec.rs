//! Starting a program so that it inherits what it is meant to, and nothing else.

use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::ptr;

/// What a program is started with. It is shown nowhere: there is a token in the environment.
pub(crate) struct Image {
    path: CString,
    environment: Vec<CString>,
    socket: Option<RawFd>,
}

impl Image {
    /// Takes everything that the new process needs, since nothing can be allocated in it.
    pub(crate) fn new(
        path: &Path,
        environment: &[(OsString, OsString)],
        socket: Option<RawFd>,
    ) -> io::Result<Self> {
        let zero = |_| io::Error::new(io::ErrorKind::InvalidInput, "a zero byte");
        let mut variables = Vec::with_capacity(environment.len());
        for (name, value) in environment {
            let mut variable = name.as_bytes().to_vec();
            variable.push(b'=');
            variable.extend(value.as_bytes());
            variables.push(CString::new(variable).map_err(zero)?);
        }
        Ok(Self {
            path: CString::new(path.as_os_str().as_bytes()).map_err(zero)?,
            environment: variables,
            socket,
        })
    }

    /// Makes `command` start this, in the place of the program that it names.
    ///
    /// The standard library would have a shell run a file that the kernel refuses to, which hides
    /// what is wrong with it.
    pub(crate) fn replace(self, command: &mut Command) {
        let parent = rustix::process::getpid().as_raw_nonzero().get();
        // Not `Send` by themselves, but they point into `self`, which moves along.
        let pointers = Pointers::new(&self);
        let hook = move || {
            let image = &self;
            end_with_thread(parent)?;
            reset_signals();
            keep_only(image.socket)?;
            // SAFETY: the arrays end with a null pointer, and what they point to is in `image`.
            unsafe {
                libc::execve(image.path.as_ptr(), pointers.argv(), pointers.envp());
            }
            Err(io::Error::last_os_error())
        };
        // SAFETY: between fork and exec the hook allocates nothing, takes no lock, and calls only
        // functions that POSIX or the kernel allows there.
        unsafe {
            command.pre_exec(hook);
        }
    }
}

/// The arrays that `execve` takes.
struct Pointers {
    argv: [*const libc::c_char; 2],
    envp: Vec<*const libc::c_char>,
}

// SAFETY: they point into heap allocations of the `Image` that they travel with, which nobody
// changes.
unsafe impl Send for Pointers {}
// SAFETY: as above.
unsafe impl Sync for Pointers {}

impl Pointers {
    fn new(image: &Image) -> Self {
        let mut envp: Vec<_> = image
            .environment
            .iter()
            .map(|variable| variable.as_ptr())
            .collect();
        envp.push(ptr::null());
        Self {
            argv: [image.path.as_ptr(), ptr::null()],
            envp,
        }
    }

    fn argv(&self) -> *const *const libc::c_char {
        self.argv.as_ptr()
    }

    fn envp(&self) -> *const *const libc::c_char {
        self.envp.as_ptr()
    }
}

/// Has the kernel send SIGTERM when the thread that started this process ends.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn end_with_thread(parent: i32) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
    // The parent may have ended in between, and then nobody sends anything.
    if rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get()) != Some(parent) {
        super::exit_now(1);
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn end_with_thread(_parent: i32) -> io::Result<()> {
    Ok(())
}

/// Gives every signal its default disposition: one that is ignored would stay so.
fn reset_signals() {
    /// One more than the highest number that Linux has. Others have fewer.
    const SIGNALS: libc::c_int = 65;
    for signal in 1..SIGNALS {
        // SAFETY: a signal that cannot be set, or does not exist, is an error without effect.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}

/// Makes every descriptor above the standard ones close at the exec, but for `socket`.
fn keep_only(socket: Option<RawFd>) -> io::Result<()> {
    if !close_range_on_exec() {
        let last = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        // Without a limit there is no end: 65,536 is what systems allow that have one.
        let last = last
            .and_then(|last| RawFd::try_from(last).ok())
            .unwrap_or(65_536);
        for number in 3..last {
            // SAFETY: a number that is not open is an error without effect.
            unsafe {
                libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
    }
    if let Some(socket) = socket {
        // SAFETY: as above.
        if unsafe { libc::fcntl(socket, libc::F_SETFD, 0) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn close_range_on_exec() -> bool {
    let (first, last) = (3_u32, u32::MAX);
    // SAFETY: it only marks descriptors. A kernel without it, before 5.11, answers an error.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            last,
            libc::CLOSE_RANGE_CLOEXEC,
        ) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn close_range_on_exec() -> bool {
    false
}
