//! An error or a remark, taken out of what it was made of, so that it can be shown anywhere.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode, SourceSpan};
use serde::{Serialize, Serializer};

use super::escape;

/// How many errors are followed from one to what it follows from.
const CAUSES_MAX: usize = 32;

/// An error or a remark. Every text in it is fit for a terminal.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    pub(super) level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
    /// What it follows from.
    #[serde(rename = "causes", serialize_with = "messages")]
    pub(super) cause: Option<Box<Self>>,
    pub(super) labels: Vec<Label>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related: Vec<Self>,
    /// The file that the labels point into.
    #[serde(skip)]
    pub(super) source: Option<NamedSource<Arc<str>>>,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Note,
    Warning,
    Error,
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub(super) struct Label {
    pub(super) file: String,
    /// Counted from 1; 0 is the file as a whole.
    pub(super) line: usize,
    /// In bytes, counted from 1; 0 is the line as a whole.
    pub(super) column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// Where it lies in the source, if there is one.
    #[serde(skip)]
    pub(super) span: Option<SourceSpan>,
}

impl Problem {
    /// Takes everything out of `diagnostic`.
    pub(super) fn of(diagnostic: &dyn Diagnostic) -> Self {
        Self::within(diagnostic, None, CAUSES_MAX)
    }

    fn within(diagnostic: &dyn Diagnostic, outer: Option<&dyn SourceCode>, depth: usize) -> Self {
        let code = diagnostic.source_code().or(outer);
        let spans: Vec<_> = diagnostic.labels().into_iter().flatten().collect();
        let cause = match (depth, diagnostic.diagnostic_source(), diagnostic.source()) {
            (0, ..) => None,
            (_, Some(cause), _) => Some(Box::new(Self::within(cause, code, depth - 1))),
            (_, None, Some(cause)) => Some(Box::new(Self::of_error(cause, depth - 1))),
            (_, None, None) => None,
        };
        let related = match depth {
            0 => Vec::new(),
            _ => diagnostic
                .related()
                .into_iter()
                .flatten()
                .map(|related| Self::within(related, code, depth - 1))
                .collect(),
        };
        Self {
            level: match diagnostic.severity() {
                Some(Severity::Advice) => Level::Note,
                Some(Severity::Warning) => Level::Warning,
                Some(Severity::Error) | None => Level::Error,
            },
            code: diagnostic
                .code()
                .map(|code| escape::line(&code.to_string()).into_owned()),
            message: escape::block(&diagnostic.to_string()),
            help: diagnostic
                .help()
                .map(|help| escape::block(&help.to_string())),
            cause,
            labels: spans.iter().map(|span| Label::of(span, code)).collect(),
            related,
            source: code
                .filter(|_| !spans.is_empty())
                .and_then(|code| whole(code, &spans)),
        }
    }

    fn of_error(error: &dyn Error, depth: usize) -> Self {
        let cause = error.source().filter(|_| depth > 0);
        Self {
            level: Level::Error,
            code: None,
            message: escape::block(&error.to_string()),
            help: None,
            cause: cause.map(|cause| Box::new(Self::of_error(cause, depth - 1))),
            labels: Vec::new(),
            related: Vec::new(),
            source: None,
        }
    }

    /// Whether it is more than a message and what that follows from.
    fn has_detail(&self) -> bool {
        self.help.is_some() || !self.labels.is_empty() || !self.related.is_empty()
    }
}

impl Label {
    fn of(span: &LabeledSpan, code: Option<&dyn SourceCode>) -> Self {
        let at = code.and_then(|code| code.read_span(span.inner(), 0, 0).ok());
        let file = at.as_ref().and_then(|at| at.name()).unwrap_or_default();
        Self {
            file: escape::line(file).into_owned(),
            line: at.as_ref().map_or(0, |at| at.line() + 1),
            column: at.as_ref().map_or(0, |at| at.column() + 1),
            text: span.label().map(|text| escape::line(text).into_owned()),
            span: at.map(|_| *span.inner()),
        }
    }
}

/// The whole of the file that the labels point into.
fn whole(code: &dyn SourceCode, spans: &[LabeledSpan]) -> Option<NamedSource<Arc<str>>> {
    let name = spans.iter().find_map(|span| {
        code.read_span(span.inner(), 0, 0)
            .ok()?
            .name()
            .map(str::to_owned)
    });
    let all = code
        .read_span(&(0, 0).into(), usize::MAX, usize::MAX)
        .ok()?;
    let text = std::str::from_utf8(all.data()).ok()?;
    let name = escape::line(&name.unwrap_or_default()).into_owned();
    Some(NamedSource::new(name, escape::in_place(text).into()))
}

fn messages<S: Serializer>(cause: &Option<Box<Problem>>, serializer: S) -> Result<S::Ok, S::Error> {
    let causes = std::iter::successors(cause.as_deref(), |problem| problem.cause.as_deref());
    serializer.collect_seq(causes.map(|problem| &problem.message))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the source, the place has to be said.
        for label in self.labels.iter().filter(|_| self.source.is_none()) {
            match label {
                Label { file, line: 0, .. } => write!(f, "{file}: ")?,
                Label { file, line, .. } => write!(f, "{file}:{line}: ")?,
            }
        }
        f.write_str(&self.message)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as _)
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.level {
            Level::Note => Severity::Advice,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let spans = self.labels.iter().filter_map(|label| {
            let span = label.span?;
            Some(LabeledSpan::new_with_span(label.text.clone(), span))
        });
        self.source.as_ref().map(|_| Box::new(spans) as _)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let related = self
            .related
            .iter()
            .map(|related| related as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as _)
    }

    fn diagnostic_source(&self) -> Option<&dyn Diagnostic> {
        let detailed = self.cause.as_deref().filter(|cause| cause.has_detail());
        detailed.map(|cause| cause as _)
    }
}
