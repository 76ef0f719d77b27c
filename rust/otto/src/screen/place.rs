//! Where in the user's files a plugin's remark lies.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};
use otto_plugin::bindings::error::Location;
use otto_plugin::bindings::host::{Diagnostic, Severity};
use rustix::fs::{Mode, OFlags, open};

use super::escape;
use super::problem::{Label, Level, Problem};

/// The largest file that a line is shown of, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// Makes what is shown of a remark. The line is shown if its file lies below `root`: a plugin shows
/// nothing of what lies elsewhere.
pub(super) fn problem(diagnostic: Diagnostic, root: Option<&Path>) -> Problem {
    let mut problem = Problem {
        level: match diagnostic.severity {
            Severity::Note => Level::Note,
            Severity::Error => Level::Error,
            // A severity that this version does not know is one that is looked at.
            _ => Level::Warning,
        },
        code: None,
        message: escape::block(&diagnostic.summary),
        help: Some(escape::block(&diagnostic.detail)).filter(|detail| !detail.is_empty()),
        cause: None,
        labels: Vec::new(),
        related: Vec::new(),
        source: None,
    };
    let Some(location) = diagnostic.location else {
        return problem;
    };
    let shown = root.and_then(|root| line_at(&location, root));
    let (source, span) = shown.unzip();
    problem.source = source;
    problem.labels.push(Label {
        file: escape::line(&location.file).into_owned(),
        line: usize::try_from(location.line).unwrap_or(usize::MAX),
        column: 0,
        text: None,
        span,
    });
    problem
}

/// The line of a plugin's error or remark, in its file, if that lies below `root`.
pub(crate) fn line_at(
    location: &Location,
    root: &Path,
) -> Option<(NamedSource<Arc<str>>, SourceSpan)> {
    let text = read(root, Path::new(&location.file)).ok()?;
    let span = span(&text, usize::try_from(location.line).ok()?)?;
    let name = escape::line(&location.file);
    Some((NamedSource::new(name, escape::in_place(&text).into()), span))
}

/// Reads a regular file of text below `root`, links followed.
fn read(root: &Path, file: &Path) -> io::Result<String> {
    let (root, path) = (root.canonicalize()?, root.join(file).canonicalize()?);
    if !path.starts_with(root) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // One that has become something else meanwhile is neither followed nor waited for.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    let about = file.metadata()?;
    if !about.is_file() || about.len() > FILE_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = String::new();
    file.take(FILE_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Where the text of a line lies, counted from 1.
fn span(text: &str, line: usize) -> Option<SourceSpan> {
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            let indent = whole.len() - whole.trim_start().len();
            return Some((start + indent, whole.trim().len()).into());
        }
        start += whole.len();
    }
    None
}
