//! What the probe logs.

use tracing::{debug, error_span, info, info_span, warn};

/// One record of each kind, and one below the level.
pub(crate) fn everything() {
    let app = info_span!(
        "app",
        name = "outer",
        shade = "red",
        step = tracing::field::Empty
    );
    let _app = app.enter();
    app.record("step", 3);
    let _part = error_span!("part", name = "inner").entered();
    let cause = "".parse::<i32>().unwrap_err();
    let error = std::io::Error::other(Failure(cause));
    warn!(
        target: "probe::values",
        flag = true,
        small = -1,
        fits = 1_u64,
        large = u64::MAX,
        ratio = 0.5,
        text = "text",
        list = ?[1, 2],
        shown = %"shown",
        error = &error as &(dyn std::error::Error + 'static),
        r#type = "raw",
        "noted {}",
        1
    );
    debug!("below the level");
    log::error!(target: "probe::log", "through the log crate");
    info!(
        long = "ä".repeat(50_000),
        deep = ?"x".repeat(20_000),
        "large"
    );
}

/// So many records, one after the other.
pub(crate) fn many(count: u32) {
    for number in 0..count {
        info!(number, "one of many");
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the file is damaged")]
struct Failure(#[source] std::num::ParseIntError);
