//! Brings a build to where it is deployed.

use std::sync::Arc;

use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{CancelReason, Diagnostic, Host, Lookup, Severity};

use super::record::Record;
use super::say;
use crate::app::artifact::{Artifact, BUILD_AGAIN};
use crate::app::bridge::{Fed, consume};
use crate::app::call;
use crate::app::progress::Task;
use crate::archive::{Digest, Limits, Refused, unpack};
use crate::problem::{Problem, Reason};
use crate::releases::{Locked, Release};

const METHOD: &str = "App.deploy";

/// Unpacks the build that was recorded, and has it be used. If it fails, nothing on the disk has
/// changed.
pub(super) async fn release(
    host: &Host,
    lookup: Lookup,
    locked: &Arc<Locked>,
    record: &mut Record<'_>,
) -> Result<(), Error> {
    let build = host.directory.get_build(lookup);
    let Some(build) = call::heed(host, METHOD, build).await? else {
        return Err(Error::invalid("the application has not been built").with_help(BUILD_AGAIN));
    };
    let artifact = Artifact::read(&build)?;
    record.archive(&artifact.archive.digest);
    let release = add(host, locked, artifact).await?;
    record.release(&release);
    // It takes no time, and is done as a whole or not at all.
    locked.switch(&release)?;
    say(
        host,
        format!(
            "release {release} is used: {}",
            locked.site().current().display()
        ),
    )
    .await;
    match locked.prune() {
        Ok(removed) => {
            for release in removed {
                say(host, format!("release {release} is removed")).await;
            }
        }
        Err(problem) => {
            let diagnostic = Diagnostic {
                severity: Severity::Warning,
                summary: format!("old releases could not be removed: {problem}"),
                detail: problem.help,
                location: None,
            };
            let _ = host.ui.diagnostic(diagnostic).await;
        }
    }
    Ok(())
}

/// Unpacks a build into a release of its own.
async fn add(host: &Host, locked: &Arc<Locked>, artifact: Artifact) -> Result<Release, Error> {
    let Artifact { blob, archive } = artifact;
    let blob = host.directory.read_blob(blob);
    let Some(reader) = call::heed(host, METHOD, blob).await? else {
        return Err(Error::invalid("the build that was recorded is gone").with_help(BUILD_AGAIN));
    };
    let digest = archive.digest;
    let task = Task::start(&host.ui, "unpacking the build", digest.size).await;
    let mut reason = CancelReason::Unspecified;
    let locked = Arc::clone(locked);
    let (added, fed) = consume(
        reader,
        async { reason = host.cancelled().await },
        move |from| {
            locked.add(&digest, |dir| {
                match unpack(from, &digest, dir, &Limits::default()) {
                    Ok(_) => Ok(()),
                    Err(refused) => Err(problem(refused, &digest)),
                }
            })
        },
        &task,
    )
    .await;
    match (added, fed) {
        // It has all that was recorded, whatever came after that.
        (Ok(release), _) => {
            task.end().await;
            Ok(release)
        }
        (Err(problem), Fed::Wholly) => Err(problem.into()),
        // What it failed of may be that it was to stop.
        (Err(_), Fed::Failed(error)) if !host.is_cancelled() => Err(error.into()),
        (Err(_), Fed::Failed(_) | Fed::Stopped) => Err(Error::cancelled(METHOD, reason)),
    }
}

fn problem(refused: Refused, expected: &Digest) -> Problem {
    match refused {
        Refused::Differs(found) if found.size > expected.size => Problem::invalid(
            format!(
                "the build is not what was recorded: it is longer than {} bytes",
                expected.size
            ),
            BUILD_AGAIN,
        ),
        Refused::Differs(found) => Problem::invalid(
            format!(
                "the build is not what was recorded: {} bytes with the SHA-256 {} were expected, \
                 and {} bytes with the SHA-256 {} have come",
                expected.size, expected.sha256, found.size, found.sha256
            ),
            BUILD_AGAIN,
        ),
        Refused::Disk(path, error) => Problem::disk("written", &path, &error),
        Refused::Holds(what) => Problem::invalid(
            format!("the build is refused, since it holds {what}"),
            BUILD_AGAIN,
        ),
        Refused::Source(error) => Problem::new(
            Reason::Unavailable,
            format!("the build cannot be read: {error}"),
            BUILD_AGAIN,
        ),
    }
}
