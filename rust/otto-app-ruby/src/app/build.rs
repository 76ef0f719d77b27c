//! Makes what can be deployed, and records it.
//!
//! A record never names a blob that is not there: a new build has a key of its own, the record
//! changes hands when the blob is complete, and only then the blob before it goes.

use std::io::Write;
use std::panic::resume_unwind;
use std::path::Path;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{BuildRecord, Diagnostic, Expect, Host, Lookup, Severity};
use otto_plugin::stream::Writer;
use tokio::task::{JoinError, spawn_blocking};

use super::artifact::Artifact;
use super::bridge::produce;
use super::call;
use super::progress::Task;
use super::settings;
use crate::application::Name;
use crate::archive::{Limits, Listing, Packed, list, pack};
use crate::pending::{Left, Pending};

/// Where it is kept which blobs are being written, in the directory of the Appfile.
const PENDING: &str = "otto-app-ruby/pending";

pub(super) async fn build(context: Context, host: Host) -> Result<(), Error> {
    call::compiled(&context)?;
    let lookup = call::lookup(&context)?;
    // The compile has shown what there is to remark.
    let settings = settings::read(&context, &mut Vec::new())?;
    let name = Name::new(&settings)?;
    let local = call::directory(&context.local_dir, "localDir")?.join(PENDING);
    let source = call::directory(&settings.dir, "appfile.path")?;

    let owner = format!("{}\n{}\n{}\n", lookup.app_id, lookup.infra, lookup.flavor);
    let before = host.directory.get_build(lookup.clone()).await?;
    forget(&host, &local, &owner, before.as_ref()).await?;

    let _ = host.ui.message(format!("packing {}", name.as_str())).await;
    let listing = spawn_blocking(move || list(&source, &Limits::default()))
        .await
        .map_err(lost)??;
    let mut pending = Pending::begin(&local, &owner)?;
    let (archive, writer) = store(&host, name.as_str(), listing, pending.key()).await?;

    // From here on, a call that is to stop puts things in order first.
    let _hold = host.hold();
    pending.keep();
    let artifact = Artifact {
        blob: pending.key().to_owned(),
        archive,
    };
    let recorded = match writer.done().await {
        Ok(_) => record(&host, lookup, &artifact, before.as_ref()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = recorded {
        // If it cannot be deleted, the next build does it.
        return match host.directory.delete_blob(pending.key()).await {
            Ok(_) => {
                pending.end();
                Err(error)
            }
            Err(also) => Err(error.with_cause(also)),
        };
    }
    pending.end();
    replace(&host, before.as_ref()).await;
    let Packed {
        digest,
        files,
        bytes,
    } = artifact.archive;
    let _ = host
        .ui
        .message(format!(
            "built {}: {files} files of {bytes} bytes, packed into {} bytes with the SHA-256 {}",
            name.as_str(),
            digest.size,
            digest.sha256
        ))
        .await;
    Ok(())
}

/// Writes the archive into a blob, which is complete but for its `done`.
async fn store(
    host: &Host,
    name: &str,
    listing: Listing,
    key: &str,
) -> Result<(Packed, Writer), Error> {
    let task = Task::start(&host.ui, format!("building {name}"), listing.bytes).await;
    let mut writer = host.directory.write_blob(key).await?;
    let packing = task.clone();
    let pack = move |to: &mut dyn Write| pack(&listing, to, |bytes| packing.advance(bytes));
    let packed = produce(&mut writer, pack).await??;
    task.end().await;
    Ok((packed, writer))
}

/// Has the record name the new build, unless somebody else has built in between.
async fn record(
    host: &Host,
    lookup: Lookup,
    artifact: &Artifact,
    before: Option<&BuildRecord>,
) -> Result<(), Error> {
    let expect = match before {
        Some(record) => Expect::Revision(record.stamp.revision),
        None => Expect::Missing,
    };
    let put = host.directory.put_build(lookup, artifact.record(), expect);
    match put.await {
        Ok(_) => Ok(()),
        Err(error) => {
            let error = Error::from(error);
            if error.kind != ErrorKind::Conflict {
                return Err(error);
            }
            let message = "another build of the application was recorded while this one ran";
            Err(Error::new(ErrorKind::Conflict, message)
                .with_help("run `otto build` again, if that one is not what you want")
                .with_cause(error))
        }
    }
}

/// Deletes the blob of the build that was replaced.
async fn replace(host: &Host, before: Option<&BuildRecord>) {
    let blob = before.and_then(|record| Artifact::blob_of(&record.artifact));
    if let Some(blob) = blob
        && let Err(error) = host.directory.delete_blob(blob).await
    {
        let diagnostic = Diagnostic {
            severity: Severity::Warning,
            summary: format!("the build before this one could not be deleted: {error}"),
            detail: format!("it takes space in Otto's directory, under the key {blob}"),
            location: None,
        };
        let _ = host.ui.diagnostic(diagnostic).await;
    }
}

/// Deletes what builds have left that were killed before they could be recorded.
async fn forget(
    host: &Host,
    dir: &Path,
    owner: &str,
    before: Option<&BuildRecord>,
) -> Result<(), Error> {
    let recorded = before.and_then(|record| Artifact::blob_of(&record.artifact));
    for left in Left::find(dir, owner)? {
        if recorded.is_none_or(|blob| blob != left.key()) {
            host.directory.delete_blob(left.key()).await?;
        }
        left.end();
    }
    Ok(())
}

fn lost(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(error) => Error::new(ErrorKind::Unspecified, error.to_string()),
    }
}
