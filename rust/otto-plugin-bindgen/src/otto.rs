//! How Otto's own bindings are made: what `cargo bindings` writes, and what a test compares.

use std::path::{Path, PathBuf};

use crate::compiler::{self, CompileError};
use crate::{Bindings, Error, Module};

/// Where the bindings go, in the repository.
const BINDINGS: &str = "rust/otto-plugin/src/bindings";

/// Where the compiled schema goes, in the repository.
const REQUEST: &str = "rust/otto-plugin/schema.request";

/// A generated file of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generated {
    /// Its path in the repository.
    pub path: PathBuf,
    /// What is to be in it.
    pub bytes: Vec<u8>,
}

/// Why Otto's own bindings were not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OttoError {
    /// The bindings could not be made of the schema.
    #[error("no bindings were made of otto's schema")]
    Bindings(#[from] Error),
    /// The schema was not compiled.
    #[error("otto's schema was not compiled")]
    Compile(#[from] CompileError),
    /// The folder of the schema cannot be listed. Run this in a complete repository.
    #[error("{} cannot be listed", path.display())]
    #[non_exhaustive]
    Schema {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Makes the generated files of the repository: the compiled schema, and the typed bindings.
///
/// # Errors
///
/// [`OttoError`] if there is a fault in the schema.
pub fn generate(repository: &Path) -> Result<Vec<Generated>, OttoError> {
    let schema = repository.join("schema");
    let request = compiler::compile(&schema, &schema_files(&schema)?)?;
    let modules = bindings(request.clone()).modules()?;
    let request = Generated {
        path: REQUEST.into(),
        bytes: request,
    };
    let modules = modules
        .into_iter()
        .map(|Module { name, text, .. }| Generated {
            path: Path::new(BINDINGS).join(format!("{name}.rs")),
            bytes: text.into_bytes(),
        });
    Ok(std::iter::once(request).chain(modules).collect())
}

/// The names of the schema files in a folder, in order.
fn schema_files(folder: &Path) -> Result<Vec<PathBuf>, OttoError> {
    let unreadable = |source| OttoError::Schema {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = PathBuf::from(entry.map_err(unreadable)?.file_name());
        if name
            .extension()
            .is_some_and(|extension| extension == "capnp")
        {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

fn bindings(request: Vec<u8>) -> Bindings {
    Bindings::new(request)
        .runtime("crate::rpc")
        .wire("crate::wire")
        // The only capability that a host may not have.
        .optional("Host.terminal")
        // Keeps a `Result` with it below the size that clippy warns of, in every plugin.
        .boxed("Error.location.at")
        // Without these, a plugin or a stream would be of no use.
        .required("App.meta")
        .required("ByteStream.done")
        .required("Plugin.connect")
        .required("Session.app")
}
