//! Compiles schema files, without the `capnp` tool.

use std::path::{Path, PathBuf};

/// Otto's own schema files, which a schema imports as `/otto/error.capnp`. They are in the
/// repository that this crate is a part of.
const OTTO: [(&str, &str); 6] = [
    ("app.capnp", include_str!("../../../schema/app.capnp")),
    (
        "appfile.capnp",
        include_str!("../../../schema/appfile.capnp"),
    ),
    ("error.capnp", include_str!("../../../schema/error.capnp")),
    (
        "handshake.capnp",
        include_str!("../../../schema/handshake.capnp"),
    ),
    ("host.capnp", include_str!("../../../schema/host.capnp")),
    ("stream.capnp", include_str!("../../../schema/stream.capnp")),
];

/// Why a schema was not compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The compiler refused the schema. What is wrong with it, and where, is on stderr.
    #[error("the schema in {} was not compiled", dir.display())]
    #[non_exhaustive]
    Compile {
        /// The directory of the schema.
        dir: PathBuf,
        /// The compiler's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// Otto's own schema files could not be laid out for the compiler, in the system's directory for
    /// temporary files. Make room there.
    #[error("otto's schema could not be laid out in the directory for temporary files")]
    Otto(#[source] std::io::Error),
}

/// Compiles files of a directory, named relative to it. The result depends on their contents and
/// their names, and not on where the directory is.
///
/// A schema can import Otto's own files as `/otto/error.capnp`, and Cap'n Proto's as
/// `/capnp/c++.capnp`.
///
/// # Errors
///
/// [`CompileError::Compile`] for a schema with a fault in it or a file that is not there, and
/// [`CompileError::Otto`] if there is no room for temporary files.
pub fn compile(dir: impl AsRef<Path>, files: &[impl AsRef<Path>]) -> Result<Vec<u8>, CompileError> {
    let dir = dir.as_ref();
    let imports = tempfile::tempdir().map_err(CompileError::Otto)?;
    lay_out(imports.path()).map_err(CompileError::Otto)?;
    let mut command = capnpc_embedded::CompileCommand::new();
    command.src_prefix(dir).import_path(imports.path());
    for file in files {
        command.file(dir.join(file));
    }
    command.compile().map_err(|source| CompileError::Compile {
        dir: dir.to_owned(),
        source: Box::new(source),
    })
}

fn lay_out(dir: &Path) -> std::io::Result<()> {
    let otto = dir.join("otto");
    std::fs::create_dir(&otto)?;
    for (name, text) in OTTO {
        std::fs::write(otto.join(name), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::OTTO_FILES;

    #[test]
    fn otto_s_files_have_the_ids_that_their_bindings_are_found_by() {
        for ((file, text), (id, module)) in OTTO.iter().zip(OTTO_FILES) {
            assert_eq!(*file, format!("{module}.capnp"));
            assert!(
                text.starts_with(&format!("@{id:#018x};")),
                "{file} has another id"
            );
        }
    }
}
