//! Places in the user's files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

/// A place in an Appfile, which an error can show.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The file, fit to be shown.
    pub(crate) file: NamedSource<Arc<str>>,
    pub(crate) at: SourceSpan,
}

/// Where the user wrote what can turn out to be wrong later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// By their sources.
    pub(super) dependencies: BTreeMap<String, Mark>,
    /// By their names.
    pub(super) infrastructures: BTreeMap<String, Mark>,
    /// The infrastructure that the project uses.
    pub(super) project_infrastructure: Option<Mark>,
}

impl Mark {
    pub(super) fn new(file: &NamedSource<Arc<str>>, at: Range<usize>) -> Self {
        Self {
            file: file.clone(),
            at: at.into(),
        }
    }

    /// Where it is in the bytes of the file.
    pub(super) fn range(&self) -> Range<usize> {
        self.at.offset()..self.at.offset() + self.at.len()
    }
}
