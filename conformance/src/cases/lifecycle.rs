//! LIF: how a plugin ends.

use super::{Function, ended_or_not, seconds};
use crate::process::{Exit, describe};
use crate::protocol::META_CALL;
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("LIF-01", |stage| Box::pin(exits_at_shutdown(stage))),
    ("LIF-03", |stage| {
        Box::pin(exits_when_the_connection_is_lost(stage))
    }),
];

/// How many lives of a plugin are looked at for what they leave.
const LIVES: usize = 50;

async fn exits_at_shutdown(stage: &Stage<'_>) -> Result<(), Stop> {
    let before = stage.sandbox.snapshot();
    for life in 1..=LIVES {
        let session = Session::open(stage, &format!("life {life}")).await?;
        session.shut_down(stage.limit()).await?;
        stage.did(format!("life {life}: shutDown answered"));
        let exit = session.process.exited(stage.limit()).await;
        let reason = match exit {
            Some(Exit::Status(0)) => None,
            Some(Exit::Status(_)) => Some(Reason::ExitStatus),
            Some(Exit::Signal(_)) => Some(Reason::KilledBySignal),
            None => Some(Reason::StillRunning),
        };
        if let Some(reason) = reason {
            let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
            return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
        }
        let left = session.process.left_behind(stage.limit()).await;
        if let Some(left) = left.first() {
            let actual = format!("{} after life {life}", describe(*left));
            return Err(stage.fail(Reason::ProcessLeft, "no process left", actual));
        }
        let files = stage.sandbox.snapshot().since(&before);
        if !files.is_empty() {
            let actual = format!("{} after life {life}", files.join(", "));
            return Err(stage.fail(Reason::FileLeft, "no file or socket left", actual));
        }
    }
    Ok(())
}

async fn exits_when_the_connection_is_lost(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "end of file").await?;
    session.meta(&session.app().await?).await?;
    session.link.end();
    stage.did("meta answered, ended the connection (end of file)");
    let exit = session.process.exited(stage.limit()).await;
    let reason = match exit {
        Some(Exit::Status(0)) => None,
        Some(Exit::Status(_)) => Some(Reason::ExitStatus),
        Some(Exit::Signal(_)) => Some(Reason::KilledBySignal),
        None => Some(Reason::StillRunning),
    };
    if let Some(reason) = reason {
        let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
        return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
    }

    let session = Session::open(stage, "reset").await?;
    let app = session.app().await?;
    session.meta(&app).await?;
    // An answer that nobody has read makes a reset of the close.
    session.link.set_reading(false);
    let call = app.meta_request().send();
    let asked = |record: &crate::wire::Record| record.answers(META_CALL).len() > 1;
    let asked = session.link.until(stage.answer_limit(), asked).await;
    if !(asked && session.link.readable(stage.answer_limit()).await) {
        let actual = "nothing to read after a second call of meta";
        return Err(stage.fail(Reason::NotAnswered, "App.meta is answered", actual));
    }
    session.link.close();
    drop(call);
    stage.did("closed the connection over an unread answer (reset)");
    let exit = session.process.exited(stage.limit()).await;
    let reason = match exit {
        Some(Exit::Status(_)) => return Ok(()),
        Some(Exit::Signal(_)) => Reason::KilledBySignal,
        None => Reason::StillRunningAfterReset,
    };
    let expected = format!("exits by itself within {}", seconds(stage.limit()));
    Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)))
}
