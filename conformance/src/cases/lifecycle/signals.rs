//! Signals from outside.

use rustix::process::Signal;

use super::{TERMINATED, ended_or_not, leaves_no_process, seconds, wrong_end};
use crate::stage::{Session, Stage};
use crate::verdict::Stop;

/// Who gets a signal.
const TO: [&str; 2] = ["to the plugin", "to its group"];

fn send(session: &Session<'_>, signal: Signal, to: &str) {
    match to {
        "to its group" => session.process.signal_group(signal),
        _ => session.process.signal(signal),
    }
}

pub(super) async fn exits_at_sigterm(stage: &Stage<'_>) -> Result<(), Stop> {
    for to in TO {
        let session = Session::open(stage, to).await?;
        session.meta(&session.app().await?).await?;
        send(&session, Signal::TERM, to);
        stage.did(format!("meta answered, sent SIGTERM {to}"));
        let exit = session.process.exited(stage.limit()).await;
        let is_right = |status| status == 0 || status == TERMINATED;
        if let Some(reason) = wrong_end(exit, is_right) {
            let limit = seconds(stage.limit());
            let expected = format!("exits with status 0 or {TERMINATED} within {limit}");
            return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
        }
        leaves_no_process(stage, &session.process, &format!("SIGTERM {to}")).await?;
    }
    Ok(())
}

pub(super) async fn stays_at_sigint(stage: &Stage<'_>) -> Result<(), Stop> {
    for to in TO {
        let session = Session::open(stage, to).await?;
        let app = session.app().await?;
        session.meta(&app).await?;
        send(&session, Signal::INT, to);
        stage.did(format!("meta answered, sent SIGINT {to}"));
        session.meta(&app).await?;
        session.ping().await?;
        // An end that has only begun shows in how the plugin ends now.
        session.shut_down(stage.limit()).await?;
        let exit = session.process.exited(stage.limit()).await;
        stage.did(format!(
            "meta, ping and shutDown answered: {}",
            ended_or_not(&session.process, exit)
        ));
        if let Some(reason) = wrong_end(exit, |status| status == 0) {
            let limit = seconds(stage.limit());
            let expected = format!("exits with status 0 within {limit} of shutDown");
            return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
        }
    }
    Ok(())
}
