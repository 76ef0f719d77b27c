//! The one thread that owns everything of Cap'n Proto's: its objects cannot leave it.
//!
//! Nothing that an author wrote runs here, so nothing slow does.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::once::Once;
use super::workers::OWN_THREAD;

/// The name of the thread.
const RPC_THREAD: &str = "otto-plugin-rpc";

type Job = Box<dyn FnOnce() + Send>;

/// A way into the RPC thread.
#[derive(Debug)]
pub(crate) struct RpcThread {
    jobs: mpsc::UnboundedSender<Job>,
}

static THREAD: Once<RpcThread> = Once::new();

/// Gives the RPC thread of this process, and starts it if there is none yet.
///
/// It lives as long as the process does.
pub(crate) fn rpc_thread() -> io::Result<&'static RpcThread> {
    THREAD.get(RpcThread::start)
}

impl RpcThread {
    fn start() -> io::Result<Self> {
        let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name(RPC_THREAD.into())
            .spawn(move || {
                let local = LocalSet::new();
                local.block_on(&runtime, async move {
                    while let Some(job) = queue.recv().await {
                        // A job that panics has spoiled its own connection, which ends by itself.
                        let _ = catch_unwind(AssertUnwindSafe(job));
                    }
                });
            })?;
        Ok(Self { jobs })
    }

    /// Runs `job` on the RPC thread, after all that were submitted before it.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        // The receiver lives as long as the process.
        let _ = self.jobs.send(Box::new(job));
    }
}

/// Whether this is a thread of the library's, on which no author's code runs.
pub(crate) fn is_own_thread() -> bool {
    matches!(thread::current().name(), Some(RPC_THREAD | OWN_THREAD))
}

/// What a panic said, for a message.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
