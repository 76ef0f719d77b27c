//! The ordinary end, and more than one end at once.

use rustix::process::Signal;

use super::{TERMINATED, ended_or_not, leaves_no_process, seconds, wrong_end};
use crate::protocol::{META_CALL, SHUT_DOWN_CALL};
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

/// How many calls of meta are in flight when a plugin is told to end.
const METAS: usize = 4;

pub(super) async fn exits(stage: &Stage<'_>) -> Result<(), Stop> {
    let before = stage.sandbox.snapshot();
    for life in 1..=stage.settings.lives {
        let session = Session::open(stage, &format!("life {life}")).await?;
        session.shut_down(stage.limit()).await?;
        stage.did(format!("life {life}: shutDown answered"));
        let exit = session.process.exited(stage.limit()).await;
        if let Some(reason) = wrong_end(exit, |status| status == 0) {
            let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
            return Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)));
        }
        leaves_no_process(stage, &session.process, &format!("life {life}")).await?;
        let files = stage.sandbox.snapshot().since(&before);
        if !files.is_empty() {
            let actual = format!("{} after life {life}", files.join(", "));
            return Err(stage.fail(Reason::FileLeft, "no file or socket left", actual));
        }
    }
    Ok(())
}

/// What tells a plugin to end beside two calls of `shutDown` in one flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    EndOfFile,
    /// SIGTERM, and then an end of file.
    TermFirst,
    /// An end of file, and then SIGTERM.
    TermLast,
}

impl Beside {
    fn label(self) -> &'static str {
        match self {
            Self::Nothing => "shutDown twice",
            Self::EndOfFile => "shutDown twice and end of file",
            Self::TermFirst => "SIGTERM, shutDown twice and end of file",
            Self::TermLast => "shutDown twice, end of file and SIGTERM",
        }
    }

    fn is_right(self, status: i32) -> bool {
        match self {
            Self::Nothing | Self::EndOfFile => status == 0,
            Self::TermFirst | Self::TermLast => status == 0 || status == TERMINATED,
        }
    }
}

pub(super) async fn ends_once(stage: &Stage<'_>) -> Result<(), Stop> {
    let all = [
        Beside::Nothing,
        Beside::EndOfFile,
        Beside::TermFirst,
        Beside::TermLast,
    ];
    for beside in all {
        ends_once_with(stage, beside).await?;
    }
    Ok(())
}

async fn ends_once_with(stage: &Stage<'_>, beside: Beside) -> Result<(), Stop> {
    let label = beside.label();
    let session = Session::open(stage, label).await?;
    let app = session.app().await?;
    let (link, process) = (&session.link, &session.process);
    link.hold();
    let calls = session.at_most(METAS);
    let metas = (0..calls).map(|_| app.meta_request().send().promise);
    let metas: Vec<_> = metas.collect();
    let shut_downs = [(); 2].map(|()| session.client().shut_down_request().send().promise);
    let held = link.until_held(stage.limit(), |held| {
        held.answers(META_CALL).len() == calls && held.answers(SHUT_DOWN_CALL).len() == 2
    });
    if !held.await {
        return Err(Stop::Harness("the calls could not be made".to_owned()));
    }
    if beside == Beside::TermFirst {
        process.signal(Signal::TERM);
    }
    // A plugin that is gone by now does not take them, and need not.
    let _ = link.release(stage.limit()).await;
    if beside != Beside::Nothing {
        link.end();
    }
    if beside == Beside::TermLast {
        process.signal(Signal::TERM);
    }
    let exit = process.exited(stage.limit()).await;
    stage.did(format!(
        "{label}, after {calls} calls of meta: {}",
        ended_or_not(process, exit)
    ));
    drop(metas);
    if let Some(reason) = wrong_end(exit, |status| beside.is_right(status)) {
        let or = match beside {
            Beside::Nothing | Beside::EndOfFile => "",
            Beside::TermFirst | Beside::TermLast => " or 143",
        };
        let limit = seconds(stage.limit());
        let expected = format!("{label}: exits with status 0{or} within {limit}");
        return Err(stage.fail(reason, expected, ended_or_not(process, exit)));
    }
    leaves_no_process(stage, process, label).await?;
    if beside == Beside::Nothing {
        for (answer, which) in shut_downs.into_iter().zip(["first", "second"]) {
            if let Err(error) = session.rpc.answer(answer, stage.answer_limit()).await {
                let expected = format!("the {which} of two calls of shutDown is answered");
                return Err(stage.fail(Reason::NotAnswered, expected, error.to_string()));
            }
        }
    }
    Ok(())
}
