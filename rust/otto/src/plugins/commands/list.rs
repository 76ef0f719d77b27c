//! `otto plugins list`.

use std::io::{self, Write};
use std::path::PathBuf;

use comfy_table::{Cell, ContentArrangement, Row, Table, presets};
use otto_plugin::host::{PluginName, Ranked};
use serde::Serialize;

use super::{JSON_FORMAT, write_json};
use crate::plugins::args::Format;
use crate::plugins::catalogue::{Catalogue, Listed, State};
use crate::plugins::error::{PluginsError, PluginsWarning};
use crate::plugins::said::Kind;
use crate::plugins::text::{plain, plain_path, whole};

/// The list as a program reads it.
#[derive(Serialize)]
struct Document {
    format: u32,
    plugins: Vec<Entry>,
    /// What a person should know of.
    warnings: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    /// Such as `app-ruby`.
    name: String,
    r#type: String,
    path: String,
    /// `executable`, `user`, `current` or `extra`.
    place: String,
    state: &'static str,
    /// Null unless it is used and starts.
    version: Option<String>,
    tuples: Option<Vec<Kind>>,
    overrides: Vec<String>,
    overridden_by: Option<String>,
    /// Why it is not used, and what can be done about it.
    reason: Option<String>,
    help: Option<String>,
    /// The hash of one that is not trusted.
    sha256: Option<String>,
}

pub(super) fn list(
    catalogue: &Catalogue,
    format: Format,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    match format {
        Format::Json => write_json(
            &Document {
                format: JSON_FORMAT,
                plugins: catalogue.plugins.iter().map(entry).collect(),
                warnings: catalogue.warnings.iter().map(|it| whole(it)).collect(),
            },
            out,
        ),
        Format::Table => {
            if catalogue.plugins.is_empty() {
                writeln!(
                    out,
                    "there are no plugins: install one in ~/.otto.d/plugins"
                )?;
            } else {
                writeln!(out, "{}", table(catalogue).trim_fmt())?;
            }
            let warnings = catalogue.warnings.iter();
            // That one stands in the table.
            let others = warnings.filter(|it| !matches!(it, PluginsWarning::PassedOver { .. }));
            for (index, warning) in others.enumerate() {
                if index == 0 {
                    writeln!(out)?;
                }
                writeln!(out, "warning: {}", whole(warning))?;
                if let Some(help) = miette::Diagnostic::help(warning) {
                    writeln!(out, "  help: {help}")?;
                }
            }
            Ok(())
        }
    }
}

fn entry(listed: &Listed) -> Entry {
    let Ranked {
        file,
        overrides,
        overridden_by,
        ..
    } = &listed.ranked;
    let said = listed.description();
    let (reason, help) = reason(listed).unzip();
    let sha256 = match &listed.state {
        State::Untrusted(Ok(hash)) => Some(hash.to_string()),
        _ => None,
    };
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    Entry {
        name: file.name.short(),
        r#type: file.name.r#type().into(),
        path: text(&file.path),
        place: file.place.to_string(),
        state: state(&listed.state),
        version: said.map(|said| said.info.version.clone()),
        tuples: said.map(|said| said.meta.tuples.iter().map(Kind::from).collect()),
        overrides: overrides.iter().map(text).collect(),
        overridden_by: overridden_by.as_ref().map(text),
        reason,
        help,
        sha256,
    }
}

fn table(catalogue: &Catalogue) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .force_no_tty()
        // A path that is broken into pieces cannot be copied.
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["NAME", "VERSION", "TUPLES", "STATE", "PATH"]);
    let mut last: Option<&PluginName> = None;
    for listed in &catalogue.plugins {
        let name = &listed.ranked.file.name;
        table.add_row(row(listed, last != Some(name)));
        last = Some(name);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// The files of one name stand together, with the name beside the first of them.
fn row(listed: &Listed, is_first: bool) -> Row {
    let file = &listed.ranked.file;
    let name = if is_first {
        file.name.short()
    } else {
        String::new()
    };
    let (mut version, mut tuples) = (String::new(), Vec::new());
    if let Some(said) = listed.description() {
        version = plain(&said.info.version);
        let said = said.meta.tuples.iter();
        tuples.extend(said.map(|it| plain(&format!("{}/{}/{}", it.app, it.infra, it.flavor))));
    }
    let mut path = vec![plain_path(&file.path)];
    let overrides = listed.ranked.overrides.iter();
    path.extend(overrides.map(|it| format!("  overrides {}", plain_path(it))));
    if let Some(by) = &listed.ranked.overridden_by {
        path.push(format!("  overridden by {}", plain_path(by)));
    }
    if let Some((reason, help)) = reason(listed) {
        path.extend(
            reason
                .lines()
                .map(|line| format!("  {}", plain(line.trim()))),
        );
        path.push(format!("  help: {}", plain(&help)));
    }
    Row::from([
        Cell::new(name),
        Cell::new(version),
        Cell::new(tuples.join("\n")),
        Cell::new(state(&listed.state)),
        Cell::new(path.join("\n")),
    ])
}

fn state(state: &State) -> &'static str {
    match state {
        State::Broken(_) => "broken",
        State::Overridden => "overridden",
        State::Unsupported => "unsupported",
        State::Untrusted(_) => "untrusted",
        State::Unusable(_) => "unusable",
        State::Used(_) => "used",
    }
}

/// Why a file is not used, and what can be done about it. An overridden one is as it should be.
fn reason(listed: &Listed) -> Option<(String, String)> {
    let path = &listed.ranked.file.path;
    match &listed.state {
        State::Used(_) | State::Overridden => None,
        State::Broken(error) => Some(told(error)),
        State::Unsupported => Some((
            "its TYPE is one that this version cannot start".into(),
            "update otto".into(),
        )),
        State::Unusable(why) => Some((why.to_string(), why.help(path))),
        State::Untrusted(Ok(_)) => Some((
            "it lies where anybody may have put it".into(),
            format!(
                "look at it, and run `otto plugins trust {}` if you mean it",
                path.display()
            ),
        )),
        State::Untrusted(Err(error)) => Some((
            format!("it lies where anybody may have put it, and cannot be trusted: {error}"),
            "make the file readable".into(),
        )),
    }
}

/// A start that failed has its path in the table already.
fn told(error: &PluginsError) -> (String, String) {
    match error {
        PluginsError::Start(error) => {
            let (listening, excerpt) = (&error.listening, error.output.excerpt());
            (
                format!(
                    "phase {}: {}{listening}{excerpt}",
                    error.phase,
                    error.what()
                ),
                error.help(),
            )
        }
        other => {
            let help = miette::Diagnostic::help(other);
            let help = help.map_or_else(String::new, |help| help.to_string());
            (whole(other), help)
        }
    }
}
