//! The end of the connection.

use super::{ended_or_not, leaves_no_process, seconds, wrong_end};
use crate::process::{Exit, Watched};
use crate::protocol::META_CALL;
use crate::stage::{CALLS_IN_FLIGHT, Session, Stage};
use crate::verdict::{Reason, Stop};
use crate::wire::Record;

pub(super) async fn exits(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "end of file").await?;
    session.meta(&session.app().await?).await?;
    session.link.end();
    stage.did("meta answered, ended the connection (end of file)");
    let exit = session.process.exited(stage.limit()).await;
    if let Some(reason) = wrong_end(exit, |status| status == 0) {
        let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
        return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
    }

    let session = Session::open(stage, "reset").await?;
    let app = session.app().await?;
    session.meta(&app).await?;
    // An answer that nobody has read makes a reset of the close.
    session.link.set_reading(false);
    let call = app.meta_request().send();
    let asked = |record: &Record| record.answers(META_CALL).len() > 1;
    let asked = session.link.until(stage.answer_limit(), asked).await;
    if !(asked && session.link.readable(stage.answer_limit()).await) {
        let actual = "nothing to read after a second call of meta";
        return Err(stage.fail(Reason::NotAnswered, "App.meta is answered", actual));
    }
    session.link.close();
    drop(call);
    stage.did("closed the connection over an unread answer (reset)");
    let exit = session.process.exited(stage.limit()).await;
    let reason = match wrong_end(exit, |_| true) {
        None => return Ok(()),
        Some(Reason::StillRunning) => Reason::StillRunningAfterReset,
        Some(reason) => reason,
    };
    let expected = format!("exits by itself within {}", seconds(stage.limit()));
    Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)))
}

pub(super) async fn dies_with_its_host(stage: &Stage<'_>) -> Result<(), Stop> {
    for (label, calls) in [("idle", 0), ("with calls in flight", CALLS_IN_FLIGHT)] {
        let (session, plugin) = Session::by_stand_in(stage, label).await?;
        let calls = session.at_most(calls);
        let app = session.app().await?;
        session.meta(&app).await?;
        session.link.set_reading(false);
        let metas = (0..calls).map(|_| app.meta_request().send().promise);
        let metas: Vec<_> = metas.collect();
        let asked = |record: &Record| record.answers(META_CALL).len() == 1 + calls;
        let written = tokio::select! {
            biased;
            written = session.link.until(stage.answer_limit(), asked) => written,
            _ = plugin.exited(stage.answer_limit()) => false,
        };
        if !written && plugin.has_ended() {
            return Err(ended_early(stage, label, &session, &plugin).await?);
        }
        if !written {
            return Err(Stop::Harness("the calls could not be written".to_owned()));
        }
        // They are in flight as long as their answers are in the socket.
        if calls > 0 && !session.link.readable(stage.answer_limit()).await {
            let actual = format!("nothing to read after {calls} calls of meta");
            return Err(stage.fail(Reason::NotAnswered, "App.meta is answered", actual));
        }
        // From here on the socket is open in the stand-in alone.
        session.link.close();
        drop(metas);
        if plugin.has_ended() {
            return Err(ended_early(stage, label, &session, &plugin).await?);
        }
        kill(stage, &session).await?;
        stage.did(format!("{label}: sent SIGKILL to its host, which is dead"));
        let exit = plugin.exited(stage.limit()).await;
        if let Some(reason) = wrong_end(exit, |_| true) {
            let limit = seconds(stage.limit());
            let expected = format!("{label}: exits by itself within {limit}");
            return Err(stage.fail(reason, expected, ended_or_not(&plugin, exit)));
        }
        stage.did(format!("{label}: {}", ended_or_not(&plugin, exit)));
        leaves_no_process(stage, &plugin, "the death of its host").await?;
    }
    Ok(())
}

/// Kills the host of a plugin, which inherits the plugin to the suite.
async fn kill(stage: &Stage<'_>, session: &Session<'_>) -> Result<(), Stop> {
    session.process.kill();
    match session.process.exited(stage.answer_limit()).await {
        Some(_) => Ok(()),
        None => Err(Stop::Harness("the stand-in does not die".to_owned())),
    }
}

/// The failure of a plugin that ended while its host lived.
async fn ended_early(
    stage: &Stage<'_>,
    label: &str,
    session: &Session<'_>,
    plugin: &Watched,
) -> Result<Stop, Stop> {
    // How it ended is known when it is the suite's.
    kill(stage, session).await?;
    let exit = plugin.exit();
    let reason = match exit {
        Some(Exit::Signal(_)) => Reason::KilledBySignal,
        _ => Reason::NotAnswered,
    };
    let expected = format!("{label}: runs as long as its host does");
    let actual = format!("{}, before its host died", ended_or_not(plugin, exit));
    Ok(stage.fail(reason, expected, actual))
}
