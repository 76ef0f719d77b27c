//! Where an author's code runs: on threads of its own, inside a tokio runtime.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::once::Once;

/// More than what a dozen peers can make this process serve at once, at their worst.
const MAX_THREADS: usize = 4096;

static WORKERS: Once<Runtime> = Once::new();

/// Gives the runtime that author's code runs in, and starts it if there is none yet.
pub(crate) fn workers() -> io::Result<&'static Runtime> {
    WORKERS.get(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(MAX_THREADS)
            .thread_name("otto-plugin-work")
            .enable_all()
            .build()
    })
}

/// The name of the thread of the library's own futures.
pub(super) const OWN_THREAD: &str = "otto-plugin-own";

static OWN: Once<Runtime> = Once::new();

/// Gives the runtime of the library's own futures: no author's code runs in it, so nothing stalls
/// its clock.
pub(crate) fn own() -> io::Result<&'static Runtime> {
    OWN.get(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(OWN_THREAD)
            .enable_all()
            .build()
    })
}

/// Runs `future` to its end on a thread of its own, which it may block.
pub(crate) fn run(future: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = workers()?;
    let handle = runtime.handle().clone();
    runtime.spawn_blocking(move || handle.block_on(future));
    Ok(())
}

/// Runs `future` inside the runtime, whatever runs this. Dropping this drops it there.
pub(crate) async fn inside<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> io::Result<T> {
    let running = AbortOnDropHandle::new(own()?.spawn(future));
    running.await.map_err(io::Error::other)
}

/// Gives what `future` does, unless it takes longer than `limit`.
pub(crate) async fn within<T: Send + 'static>(
    limit: Duration,
    future: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    inside(async move { timeout(limit, future).await.ok() })
        .await
        .ok()
        .flatten()
}

/// Drops `value` on a thread on which an author's code may run: its `Drop` is the author's.
pub(crate) fn drop_elsewhere<T: Send + 'static>(value: T) {
    match workers() {
        Ok(runtime) => {
            runtime.spawn_blocking(move || drop(value));
        }
        Err(_) => drop(value),
    }
}
