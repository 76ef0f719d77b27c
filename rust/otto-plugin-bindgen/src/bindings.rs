//! The builder: what to make bindings of, and where to put them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use capnp::message::ReaderOptions;
use capnp::schema_capnp::code_generator_request;

use crate::emit;
use crate::error::Error;
use crate::model;
use crate::options::{self, Foreign, Options};

/// Makes bindings of a compiled schema.
#[derive(Clone, Debug)]
#[must_use = "nothing is made before one of the functions that write"]
pub struct Bindings {
    request: Vec<u8>,
    options: Options,
}

/// A generated module.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Module {
    /// The name of the module, such as `host`, or `mod` for the one that holds the others.
    pub name: String,
    /// The text of its file.
    pub text: String,
}

impl Bindings {
    /// Starts with the bytes that the schema compiler wrote: a serialized `CodeGeneratorRequest`.
    pub fn new(request: impl Into<Vec<u8>>) -> Self {
        Self {
            request: request.into(),
            options: Options::default(),
        }
    }

    /// The path of the runtime module, `::otto_plugin::rpc` if it is not said.
    pub fn runtime(mut self, path: &str) -> Self {
        path.clone_into(&mut self.options.runtime);
        self
    }

    /// The path of the module that holds capnpc's modules, such as `crate::wire`, where
    /// `crate::wire::greeter_capnp` is one of them. It is `crate` if it is not said.
    pub fn wire(mut self, path: &str) -> Self {
        path.clone_into(&mut self.options.wire);
        self
    }

    /// Where the bindings of an imported file are, by the file's id: the path of its typed module,
    /// such as `::other::bindings::common`, and the path of the module that holds its wire module,
    /// such as `::other::wire`. Those of Otto's own files are known.
    pub fn foreign(mut self, file: u64, typed: &str, wire: &str) -> Self {
        let foreign = Foreign {
            typed: typed.to_owned(),
            wire: wire.to_owned(),
        };
        self.options.foreign.insert(file, foreign);
        self
    }

    /// Makes an `Option` of a capability, named as in `Host.terminal`. Any other is never absent:
    /// a message without it is malformed.
    pub fn optional(mut self, field: &str) -> Self {
        self.options.optional.insert(field.to_owned());
        self
    }

    /// Makes a method one that every implementor writes, named as in `App.meta`. Any other that
    /// answers an error has a body, which answers that it is unsupported.
    pub fn required(mut self, method: &str) -> Self {
        self.options.required.insert(method.to_owned());
        self
    }

    /// Keeps a struct in a box, named by its field as in `Error.location.at`: for a large one that
    /// is seldom there.
    pub fn boxed(mut self, field: &str) -> Self {
        self.options.boxed.insert(field.to_owned());
        self
    }

    /// Makes the bindings: one module for each file of the schema that was compiled by name, in the
    /// order of their names, and last the module `mod`, which declares them and has the table of
    /// all interfaces.
    ///
    /// # Errors
    ///
    /// All of [`Error`], but those of writing.
    pub fn modules(&self) -> Result<Vec<Module>, Error> {
        let modules = self.with_model(|model| emit::modules(model, &self.options))?;
        Ok(modules
            .into_iter()
            .map(|emit::Module { name, text }| Module { name, text })
            .collect())
    }

    /// Writes the bindings to a directory, a file for each module. A file that has the right bytes
    /// already is left alone. They are meant for a public module: `mod.rs` expects the lints that a
    /// public one cannot keep.
    ///
    /// # Errors
    ///
    /// All of [`Error`], but those of the wire types.
    pub fn write_to(&self, dir: impl AsRef<Path>) -> Result<(), Error> {
        for Module { name, text } in self.modules()? {
            write(&dir.as_ref().join(format!("{name}.rs")), &text)?;
        }
        Ok(())
    }

    /// Writes capnpc's wire types to a directory, so that they fit the bindings: `greeter_capnp.rs`
    /// for `greeter.capnp`. Each is to be included in a module of the same name, in the module that
    /// [`wire`](Self::wire) names.
    ///
    /// # Errors
    ///
    /// [`Error::Wire`] if capnpc fails, and [`Error::Request`] for a request that is none.
    pub fn write_wire_to(&self, dir: impl AsRef<Path>) -> Result<(), Error> {
        let dir = dir.as_ref();
        let parent = self.options.wire.split("::").skip(1).map(str::to_owned);
        let mut provided: HashMap<_, _> = HashMap::new();
        for (file, foreign) in &self.options.foreign {
            provided.insert(*file, foreign.wire.trim_start_matches("::").to_owned());
        }
        // capnpc would take these for provided even if it makes them itself.
        self.with_request(|request| {
            for file in request.get_requested_files()? {
                provided.remove(&file.get_id());
            }
            Ok(())
        })?;
        capnpc::codegen::CodeGenerationCommand::new()
            .output_directory(dir)
            .default_parent_module(parent.collect())
            .crates_provide_map(provided)
            .capnp_root(&format!("{}::capnp", self.options.runtime))
            .run(&self.request[..])
            .map_err(|source| Error::Wire {
                path: dir.to_owned(),
                source,
            })
    }

    /// For a build script: writes bindings and wire types to `OUT_DIR`, as a file to include in the
    /// module of this path. [`wire`](Self::wire) need not be said: it is the module `wire` in it.
    ///
    /// After `build("crate::bindings")`, the crate has its bindings with `pub mod bindings {
    /// include!(concat!(env!("OUT_DIR"), "/bindings.rs")); }`: a module for each file of the schema,
    /// a module `wire`, and the table of all interfaces.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn build(mut self, module: &str) -> Result<(), Error> {
        let out = std::env::var_os("OUT_DIR")
            .map(PathBuf::from)
            .ok_or(Error::OutDir)?;
        let path = options::path(module)?;
        let name = path
            .segments
            .last()
            .map_or_else(String::new, |last| last.ident.to_string());
        self.options.wire = format!("{module}::wire");
        let wire = format!("{name}_wire");
        let text = self.with_model(|model| emit::single(model, &self.options, &wire))?;
        self.write_wire_to(out.join(&wire))?;
        write(&out.join(format!("{name}.rs")), &text)
    }

    fn with_model<T>(
        &self,
        emit: impl FnOnce(&model::Model) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with_request(|request| emit(&model::build::model(request, &self.options)?))
    }

    fn with_request<T>(
        &self,
        take: impl FnOnce(code_generator_request::Reader<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // The schema is the caller's own: what protects a server from its clients is in the way.
        let mut limits = ReaderOptions::new();
        limits.traversal_limit_in_words(None);
        let message = capnp::serialize::read_message(&self.request[..], limits)?;
        take(message.get_root()?)
    }
}

/// Writes a file, if it would change.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|source| Error::Write {
            path: dir.to_owned(),
            source,
        })?;
    }
    std::fs::write(path, text).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
