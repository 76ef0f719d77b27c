//! What the tests of this crate have in common.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test panics")]
#![allow(unreachable_pub, reason = "it is a module of each test")]

pub mod resources;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use otto_plugin::bindings::app::{App, CompileResult, Context, Meta};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, InputAnswer, InputQuery, Ui, UiClient};
use otto_plugin::host::{Launcher, Services};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::sync::oneshot;

/// The path of an example of this crate, which `cargo test` builds.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --examples`",
        path.display()
    );
    path
}

pub fn probe() -> Launcher {
    Launcher::new(example("otto-app-probe"))
}

/// Writes an executable script.
pub fn script(directory: &Path, text: &str) -> PathBuf {
    let path = directory.join("otto-app-script");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Watches a process that may not be a child of this one.
pub fn watch(pid: u32) -> OwnedFd {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

pub fn ends_within(process: &OwnedFd, limit: Duration) -> bool {
    readable_within(process, limit)
}

/// Waits until there is something to be read, or accepted.
pub fn readable_within(descriptor: &impl AsFd, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).unwrap();
    poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&limit)).unwrap() == 1
}

/// Services that nobody looks at.
pub fn services() -> Services {
    testing::services(&FakeUi::new(), &MemoryDirectory::new())
}

/// Longer than anything takes on a slow machine, unless it takes for ever.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Awaits what has no time limit of its own.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .expect("it did not end in 30 s")
}

/// A user who never answers. The question that is asked first sends a channel, which is closed when
/// it is withdrawn.
pub fn never_answering(asked: oneshot::Sender<oneshot::Receiver<()>>) -> UiClient {
    struct Mute(Mutex<Option<oneshot::Sender<oneshot::Receiver<()>>>>);
    impl Ui for Mute {
        async fn input(&self, _query: InputQuery) -> Result<InputAnswer, Error> {
            let (_open, withdrawn) = oneshot::channel();
            let asked = self.0.lock().unwrap().take().unwrap();
            asked.send(withdrawn).unwrap();
            std::future::pending().await
        }
    }
    UiClient::new(Mute(Mutex::new(Some(asked))))
}

/// Gives what `look` finds, as soon as it does, within 10 s.
pub async fn eventually<T>(look: impl Fn() -> Option<T>) -> T {
    let looking = async {
        let mut often = tokio::time::interval(Duration::from_millis(5));
        loop {
            if let Some(found) = look() {
                return found;
            }
            often.tick().await;
        }
    };
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, looking)
        .await
        .expect("it was not found in 10 s")
}

/// An app whose `compile` is a closure.
pub struct Compile<F>(pub F);

impl<F, Fut> App for Compile<F>
where
    F: Fn(Context, Host) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<CompileResult, Error>> + Send + 'static,
{
    async fn meta(&self) -> Result<Meta, Error> {
        Ok(Meta::default())
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        (self.0)(context, host).await
    }
}

/// Bytes that look random, and are the same each time.
pub fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..size.div_ceil(8)).flat_map(|_| word()).collect();
    bytes.truncate(size);
    bytes
}
