//! STD: standard output and standard error.

use super::{Function, ended_or_not, seconds, wrong_end};
use crate::stage::{Session, Stage};
use crate::verdict::Stop;

pub(super) const CASES: &[(&str, Function)] =
    &[("STD-02", |stage| Box::pin(survives_without_a_reader(stage)))];

/// A plugin that prints finds out in one of so many calls.
const CALLS: usize = 3;

async fn survives_without_a_reader(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    session.meta(&app).await?;
    session.process.stdout.close().await;
    session.process.stderr.close().await;
    stage.did("meta answered, closed the host's ends of stdout and stderr");
    for _ in 0..CALLS {
        session.meta(&app).await?;
        session.ping().await?;
    }
    stage.did(format!("meta and ping answered, {CALLS} times"));
    session.link.end();
    let exit = session.process.exited(stage.limit()).await;
    if let Some(reason) = wrong_end(exit, |status| status == 0) {
        let limit = seconds(stage.limit());
        let expected = format!("exits with status 0 within {limit} of the end of the connection");
        return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
    }
    Ok(())
}
