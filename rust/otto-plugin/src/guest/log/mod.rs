//! What a plugin notes with `tracing`, on its way to the host's log.

mod layer;
mod queue;
mod record;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use layer::{LogLayer, log_layer};

pub(super) use queue::{attach, flush};

/// Has records go to the host, unless the author has seen to them.
pub(super) fn install() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    // One that is there already is the author's.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(log_layer())
        .try_init();
}
