//! LNC: the ways in which a plugin is started.

use std::fs;
use std::time::{Duration, Instant};

use super::{Function, not_answered, seconds, took};
use crate::stage::{Listener, Session, Stage, Start, Surroundings};
use crate::verdict::{Failure, Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("LNC-01", |stage| Box::pin(starts_anywhere(stage))),
    ("LNC-02", |stage| Box::pin(starts_with_nothing(stage))),
    ("LNC-03", |stage| Box::pin(starts_in_time(stage))),
    ("LNC-04", |stage| Box::pin(starts_many_times_at_once(stage))),
    ("LNC-05", |stage| Box::pin(starts_in_time(stage))),
];

/// How many processes run side by side.
const COPIES: usize = 8;
/// A name that is awkward, and allowed.
const AWKWARD: &str = "a directory of – someone's";

async fn starts_anywhere(stage: &Stage<'_>) -> Result<(), Stop> {
    let awkward = stage.sandbox.work().join(AWKWARD);
    fs::create_dir(&awkward)?;
    let plugin = &stage.settings.plugin;
    let at = |directory: &str| Start {
        directory: Some(directory.into()),
        ..Start::default()
    };
    let by_name = Start {
        program: plugin.file_name().map(Into::into),
        surroundings: Surroundings::OnPath(plugin.parent().unwrap_or(plugin).to_owned()),
        ..Start::default()
    };
    let starts = [
        ("in the directory /", at("/")),
        (
            "in a directory with an awkward name",
            at(&awkward.to_string_lossy()),
        ),
        ("found by its name on PATH", by_name),
    ];
    for (label, start) in starts {
        answers_meta(stage, label, start).await?;
    }
    Ok(())
}

async fn starts_with_nothing(stage: &Stage<'_>) -> Result<(), Stop> {
    let start = Start {
        surroundings: Surroundings::PathAlone,
        ..Start::default()
    };
    answers_meta(stage, "with PATH and the variables of the protocol", start).await
}

async fn answers_meta(stage: &Stage<'_>, label: &str, start: Start) -> Result<(), Stop> {
    let answered = async {
        let session = Session::open_as(stage, label, start).await?;
        session.meta(&session.app().await?).await
    };
    answered.await.map_err(|stop| not_answered(stop, label))?;
    stage.did(format!("{label}: meta answered"));
    Ok(())
}

async fn starts_in_time(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "inherited").await?;
    is_in_time(
        stage,
        "with an inherited socket",
        session.process.since().elapsed(),
    )?;

    let listener = Listener::tcp()?;
    let label = "with a port to dial";
    let began = Instant::now();
    match Session::dialled(stage, "dialled", &listener).await {
        Ok(session) => is_in_time(stage, label, session.process.since().elapsed()),
        // It took all of its time, to come or to answer. What else can be wrong is what DIA is about.
        Err(Stop::Fail(Failure {
            reason: Reason::NoSession | Reason::NotDialled,
            ..
        })) if began.elapsed() >= stage.start_limit() => is_in_time(stage, label, began.elapsed()),
        Err(Stop::Fail(failure)) => {
            stage.did(format!("{label}: {}", failure.actual));
            Ok(())
        }
        Err(stop) => Err(stop),
    }
}

fn is_in_time(stage: &Stage<'_>, label: &str, time: Duration) -> Result<(), Stop> {
    stage.did(format!(
        "{label}: {} until connect was answered",
        took(time)
    ));
    if time < stage.limit() {
        return Ok(());
    }
    let limit = seconds(stage.limit());
    let expected = format!("{label}, connect is answered within {limit} of the start");
    Err(stage.fail(
        Reason::TooSlow,
        expected,
        format!("not within {}", took(time)),
    ))
}

async fn starts_many_times_at_once(stage: &Stage<'_>) -> Result<(), Stop> {
    let sessions = (1..=COPIES).map(|copy| async move {
        let label = format!("copy {copy}");
        let session = Session::open(stage, &label).await;
        session.map_err(|stop| not_answered(stop, &format!("copy {copy} of {COPIES}")))
    });
    let sessions = futures::future::try_join_all(sessions).await?;
    for (copy, session) in (1..).zip(&sessions) {
        let answered = async { session.meta(&session.app().await?).await };
        let label = format!("copy {copy} of {COPIES}");
        answered.await.map_err(|stop| not_answered(stop, &label))?;
    }
    stage.did(format!("{COPIES} copies answered meta side by side"));
    Ok(())
}
