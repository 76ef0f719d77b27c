//! `otto plugins inspect`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use comfy_table::{ContentArrangement, Table, presets};
use otto_plugin::host::{FileHash, FileIdentity, Plugin, PluginName, Timings};
use serde::Serialize;

use super::subject::Subject;
use super::trusting::hash;
use super::{JSON_FORMAT, milliseconds, write_json};
use crate::plugins::args::Format;
use crate::plugins::catalogue::Opening;
use crate::plugins::error::PluginsError;
use crate::plugins::said::{For, Info, Kind, Recognises};
use crate::plugins::text::plain;

/// The first second of the year 10000, which has no short form.
const END_OF_TIME: u64 = 253_402_300_800;

/// All of it, as a program reads it.
#[derive(Serialize)]
struct Document {
    format: u32,
    /// The name of its file, such as `app-ruby`. Null if that is no plugin's.
    name: Option<String>,
    path: String,
    file: File,
    start: Start,
    info: Info,
    meta: For,
}

/// What is known of the file without asking the plugin.
#[derive(Serialize)]
struct File {
    /// Where it lies, links resolved.
    target: String,
    device: u64,
    inode: u64,
    size: u64,
    modified: String,
    changed: String,
    sha256: String,
}

/// How long each part of the start took, in milliseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    execute_ms: f64,
    connect_ms: f64,
    meta_ms: f64,
}

pub(super) async fn inspect(
    plugin: &str,
    format: Format,
    opening: Opening<'_>,
    out: &mut (dyn Write + Send),
) -> Result<(), PluginsError> {
    let subject = Subject::of(plugin, &opening).await?;
    let plugin = subject.start(&opening).await?;
    let document = describe(&subject.path, &plugin).await;
    plugin.shut_down().await;
    let document = document?;
    match format {
        Format::Json => write_json(&document, out)?,
        Format::Table => writeln!(out, "{}", table(&document).trim_fmt())?,
    }
    Ok(())
}

async fn describe(path: &Path, plugin: &Plugin) -> Result<Document, PluginsError> {
    let unreadable = |source: io::Error| PluginsError::Hash {
        path: path.into(),
        source: source.into(),
    };
    let target = fs::canonicalize(path).map_err(unreadable)?;
    let identity = FileIdentity::of(&target).map_err(unreadable)?;
    let sha256 = hash(&target, identity).await?;
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.and_then(|name| name.parse::<PluginName>().ok());
    Ok(Document {
        format: JSON_FORMAT,
        name: name.map(|name| name.short()),
        path: path.to_string_lossy().into_owned(),
        file: file(&target, &identity, sha256),
        start: start(plugin.timings()),
        info: Info::from(plugin.info()),
        meta: For::from(plugin.meta()),
    })
}

fn file(target: &Path, identity: &FileIdentity, sha256: FileHash) -> File {
    File {
        target: target.to_string_lossy().into_owned(),
        device: identity.device,
        inode: identity.inode,
        size: identity.size,
        modified: time(identity.modified),
        changed: time(identity.changed),
        sha256: sha256.to_string(),
    }
}

fn start(timings: Option<Timings>) -> Start {
    let part =
        |part: fn(&Timings) -> Duration| timings.as_ref().map_or(0.0, |it| milliseconds(part(it)));
    Start {
        execute_ms: part(|it| it.execute),
        connect_ms: part(|it| it.connect),
        meta_ms: part(|it| it.meta),
    }
}

/// Shows a time, or the seconds of one that has no date in the usual form.
fn time((seconds, nanoseconds): (i64, i64)) -> String {
    let since = u64::try_from(seconds).ok().filter(|it| *it < END_OF_TIME);
    let nanoseconds = u64::try_from(nanoseconds).unwrap_or_default();
    match since {
        Some(since) => {
            let since = Duration::from_secs(since) + Duration::from_nanos(nanoseconds);
            let time: SystemTime = UNIX_EPOCH + since;
            humantime::format_rfc3339_nanos(time).to_string()
        }
        None => format!("{seconds} s since 1970"),
    }
}

fn table(document: &Document) -> Table {
    let Document {
        name,
        path,
        file,
        start,
        info,
        meta,
        ..
    } = document;
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Disabled);
    let says = format!("{}-{}", info.r#type, info.name);
    let mut add = |title: &str, lines: Vec<String>| {
        // A line feed of a plugin's is shown as one, and does not begin a line.
        let lines: Vec<_> = lines.iter().map(|line| plain(line)).collect();
        table.add_row([title, &lines.join("\n")]);
    };
    add("NAME", vec![name.clone().unwrap_or_else(|| says.clone())]);
    if name.as_ref() != Some(&says) {
        let named = name.as_deref().unwrap_or("no plugin's name");
        add(
            "",
            vec![format!(
                "it says that it is {says}, and its file has {named}"
            )],
        );
    }
    add("VERSION", vec![or_none(&info.version)]);
    add("PATH", vec![path.clone()]);
    if file.target != *path {
        add("", vec![format!("leads to {}", file.target)]);
    }
    add("SHA-256", vec![file.sha256.clone()]);
    add(
        "FILE",
        vec![
            format!(
                "{} bytes, device {}, inode {}",
                file.size, file.device, file.inode
            ),
            format!("contents changed {}", file.modified),
            format!("anything changed {}", file.changed),
        ],
    );
    let library = format!("{} {}", info.library, info.library_version);
    add("LIBRARY", vec![or_none(library.trim())]);
    let speaks: Vec<_> = info.protocols.iter().map(u16::to_string).collect();
    add(
        "PROTOCOL",
        vec![format!(
            "{}, and it speaks {}",
            info.protocol,
            speaks.join(", ")
        )],
    );
    add("FEATURES", vec![or_none(&info.features.join(", "))]);
    let limits = &info.limits;
    add(
        "LIMITS",
        vec![
            format!(
                "{} bytes in a message, in {} segments",
                limits.message_bytes, limits.segments
            ),
            format!("{} bytes in a chunk of a stream", limits.stream_chunk_bytes),
            format!("{} calls at once", limits.calls_in_flight),
            format!("values nest {} deep", limits.value_depth),
            format!("{} ms to stop a call", info.cancel_grace_ms),
        ],
    );
    add("TUPLES", or_nothing(meta.tuples.iter().map(kind).collect()));
    add(
        "DETECTORS",
        or_nothing(meta.detectors.iter().flat_map(recognises).collect()),
    );
    add(
        "START",
        vec![
            format!("execute {:7.1} ms", start.execute_ms),
            format!("connect {:7.1} ms", start.connect_ms),
            format!("meta    {:7.1} ms", start.meta_ms),
        ],
    );
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn kind(kind: &Kind) -> String {
    format!("{}/{}/{}", kind.app, kind.infra, kind.flavor)
}

fn recognises(detector: &Recognises) -> Vec<String> {
    let mut lines = vec![format!(
        "{}, priority {}",
        detector.r#type, detector.priority
    )];
    let files = detector.file.iter();
    lines.extend(files.map(|glob| format!("  a file {glob}")));
    let contents = detector.contents.iter();
    lines.extend(contents.map(|it| format!("  {} has {}", it.file, it.pattern)));
    lines
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none" } else { text }.to_owned()
}

fn or_nothing(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        vec!["none".into()]
    } else {
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_a_file_can_have_is_shown() {
        assert_eq!(time((0, 1)), "1970-01-01T00:00:00.000000001Z");
        assert_eq!(time((1_764_042_000, 0)), "2025-11-25T03:40:00.000000000Z");
        assert_eq!(time((-1, 0)), "-1 s since 1970");
        assert_eq!(
            time((i64::MAX, 999_999_999)),
            format!("{} s since 1970", i64::MAX)
        );
    }
}
