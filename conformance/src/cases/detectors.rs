//! MET: how a plugin recognises its applications.

use otto_plugin::wire::app_capnp::{detector, meta};

use super::Function;
use super::patterns::{check_expression, check_glob};
use crate::stage::{Session, Stage};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] =
    &[("MET-04", |stage| Box::pin(has_detectors_that_work(stage)))];

/// What stands for any application in a tuple.
const ANY: &str = "*";

async fn has_detectors_that_work(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let meta = session.meta(&session.app().await?).await?;
    let read = meta.read().map_err(|error| unreadable(stage, &error))?;
    let broken = |error: capnp::Error| unreadable(stage, &error.to_string());
    let apps = apps(read).map_err(broken)?;
    let detectors = read.get_detectors().map_err(broken)?;
    stage.did(format!("meta answered, with {} detectors", detectors.len()));
    for (index, detector) in detectors.iter().enumerate() {
        let kind = kind(detector).map_err(broken)?;
        if !apps.iter().any(|app| *app == kind || app == ANY) {
            let expected = format!("a type that is the app of one of its tuples: {apps:?}");
            let actual = format!("detector {index} has the type {kind:?}");
            return Err(stage.fail(Reason::ForeignType, expected, actual));
        }
        for pattern in patterns(detector).map_err(broken)? {
            if let Err(why) = pattern.check() {
                let expected =
                    "each glob and each regular expression of a detector is one, to every host";
                let actual = format!("detector {index}, of {kind:?}: {why}");
                return Err(stage.fail(Reason::InvalidPattern, expected, actual));
            }
        }
    }
    Ok(())
}

fn unreadable(stage: &Stage<'_>, error: &str) -> Stop {
    stage.fail(
        Reason::NotAnswered,
        "a meta with tuples and detectors",
        error,
    )
}

/// The kinds of application that the plugin is for.
fn apps(meta: meta::Reader<'_>) -> capnp::Result<Vec<String>> {
    let tuples = meta.get_tuples()?.iter();
    tuples
        .map(|tuple| Ok(tuple.get_app()?.to_string()?))
        .collect()
}

fn kind(detector: detector::Reader<'_>) -> capnp::Result<String> {
    Ok(detector.get_type()?.to_string()?)
}

enum Pattern {
    Glob(String),
    Regex(String),
}

fn patterns(detector: detector::Reader<'_>) -> capnp::Result<Vec<Pattern>> {
    let globs = detector.get_file()?.iter();
    let globs = globs.map(|glob| Ok(Pattern::Glob(glob?.to_string()?)));
    let contents = detector.get_contents()?.iter();
    let regexes = contents.map(|content| Ok(Pattern::Regex(content.get_pattern()?.to_string()?)));
    globs.chain(regexes).collect()
}

impl Pattern {
    /// Why this is none, as a host finds out.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Glob(glob) => check_glob(glob),
            Self::Regex(expression) => check_expression(expression),
        }
    }
}
