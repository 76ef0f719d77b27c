//! How Otto's own bindings are made: what `cargo bindings` writes, and what a test compares.

use std::path::{Path, PathBuf};

use crate::compiler::{self, CompileError};
use crate::{Bindings, Error, Module};

/// The schema files, in the folder `schema` of the repository.
const SCHEMA: [&str; 6] = [
    "app.capnp",
    "appfile.capnp",
    "error.capnp",
    "handshake.capnp",
    "host.capnp",
    "stream.capnp",
];

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
}

/// Makes the generated files of the repository: the compiled schema, and the typed bindings.
///
/// # Errors
///
/// [`OttoError`] if there is a fault in the schema.
pub fn generate(repository: &Path) -> Result<Vec<Generated>, OttoError> {
    let request = compiler::compile(repository.join("schema"), &SCHEMA)?;
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
