//! What the user says of an application: the file `Appfile`, in the syntax of HCL2.
//!
//! [`Written`] is what the user wrote, with what the file imports. [`Written::add_implicit`] adds
//! what a plugin says that follows from the sources, and [`Written::complete`] fills in what nobody
//! said. Nothing is evaluated: a value is the value that is written, or an error that marks it.
//!
//! ```text
//!  Appfile ──► file ──► blocks, value ──┐
//!                          ▲            ├─ merge ──► Written ──► defaults ──► Appfile, complete
//!  import "…" ──► import ──┘            │
//!  App.implicit ──► implicit ───────────┘
//! ```
//!
//! Everything here blocks its thread, for as long as small files take to read.

mod blocks;
mod defaults;
mod error;
mod fault;
mod file;
mod implicit;
mod import;
mod mark;
mod merge;
mod name;
mod quoted;
mod reader;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;

use otto_plugin::bindings::appfile::Appfile;

pub(crate) use error::AppfileError;
pub(crate) use file::FILE_NAME;
pub(crate) use implicit::ImplicitError;
pub(crate) use mark::{Mark, Marks};
pub(crate) use quoted::quoted;
pub(crate) use source::Source;

/// What the user says of an application, without what nobody said.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// What is written: a field is empty if it is not. `path` is set, to where the file is or would
    /// be; `id` and `source` are not.
    appfile: Appfile,
    marks: Marks,
    digest: String,
}

/// A dependency, and where the user wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// As it is written. Relative to the directory of the Appfile, if it is a relative path.
    pub(crate) source: String,
    /// `None` if a plugin says it.
    pub(crate) mark: Option<Mark>,
}

impl Written {
    /// Reads the Appfile of the application in `directory`, an absolute path, and what it imports.
    /// Without the file, nothing is written.
    ///
    /// An error names every fault of every file that could be read.
    pub(crate) fn read(directory: &Path) -> Result<Self, AppfileError> {
        import::read(directory)
    }

    /// What is written, with a default for what is not.
    ///
    /// The type of the application has none: if it is empty, `application.detect` is set, and the
    /// caller fills it in by looking at the files.
    pub(crate) fn complete(&self) -> Result<Appfile, AppfileError> {
        defaults::complete(self)
    }

    /// Adds what a plugin says that follows from the sources. What the user wrote wins.
    ///
    /// `asked` is the Appfile that the plugin was given. The answer is not trusted: an error says
    /// what is wrong with it, and the plugin is at fault.
    pub(crate) fn add_implicit(
        self,
        answer: Appfile,
        asked: &Appfile,
    ) -> Result<Self, ImplicitError> {
        let answer = implicit::check(answer, asked)?;
        Ok(Self {
            appfile: merge::under(self.appfile, answer),
            ..self
        })
    }

    /// The dependencies, in order.
    pub(crate) fn needs(&self) -> Vec<Need> {
        let dependencies = &self.appfile.application.dependencies;
        let need = |source: &String| Need {
            source: source.clone(),
            mark: self.marks.dependencies.get(source).cloned(),
        };
        dependencies.iter().map(|d| need(&d.source)).collect()
    }

    /// The SHA-256 of the file and of all that it imports, in lower-case hexadecimal digits. It
    /// changes when the user changes one of them.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }
}
