//! LIF: how a plugin ends.

mod lost;
mod shutdown;
mod signals;

use super::{Function, ended_or_not, seconds, wrong_end};
use crate::process::{Left, Watched, describe};
use crate::stage::Stage;
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("LIF-01", |stage| Box::pin(shutdown::exits(stage))),
    ("LIF-03", |stage| Box::pin(lost::exits(stage))),
    ("LIF-04", |stage| Box::pin(lost::dies_with_its_host(stage))),
    ("LIF-05", |stage| Box::pin(signals::exits_at_sigterm(stage))),
    ("LIF-06", |stage| Box::pin(signals::stays_at_sigint(stage))),
    ("LIF-07", |stage| Box::pin(shutdown::ends_once(stage))),
];

/// The status of a plugin that SIGTERM has ended.
const TERMINATED: i32 = 128 + 15;

/// Nothing that a plugin has started runs on, but for what has made a session of its own.
async fn leaves_no_process(stage: &Stage<'_>, plugin: &Watched, after: &str) -> Result<(), Stop> {
    match plugin
        .left_behind(Left::InItsSession, stage.limit())
        .await
        .first()
    {
        Some(left) => {
            let actual = format!("{} after {after}", describe(*left));
            Err(stage.fail(Reason::ProcessLeft, "no process left", actual))
        }
        None => Ok(()),
    }
}
