//! What the bindings are told about the code around them.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;

/// The ids of Otto's own schema files, and the names of their modules.
pub(crate) const OTTO_FILES: [(u64, &str); 6] = [
    (0xab5b_2abe_c5d3_49bc, "app"),
    (0x94ed_1d05_2a25_26bc, "appfile"),
    (0xa386_fb9c_71e3_983a, "error"),
    (0xd83e_5a9c_0b7f_1642, "handshake"),
    (0x8c7d_0ae1_8b84_d2eb, "host"),
    (0xa2ec_0847_e8d3_0ac8, "stream"),
];

/// Where the bindings of a file are that is not among the generated ones.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// The path of the module of its typed bindings.
    pub(crate) typed: String,
    /// The path of the module that holds its wire module.
    pub(crate) wire: String,
}

/// What the bindings are told about the code around them.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The path of the runtime.
    pub(crate) runtime: String,
    /// The path of the module that holds the wire modules of the generated files.
    pub(crate) wire: String,
    pub(crate) foreign: BTreeMap<u64, Foreign>,
    pub(crate) boxed: BTreeSet<String>,
    pub(crate) optional: BTreeSet<String>,
    pub(crate) required: BTreeSet<String>,
}

impl Default for Options {
    fn default() -> Self {
        let foreign = OTTO_FILES.map(|(id, name)| {
            let foreign = Foreign {
                typed: format!("::otto_plugin::bindings::{name}"),
                wire: "::otto_plugin::wire".to_owned(),
            };
            (id, foreign)
        });
        Self {
            runtime: "::otto_plugin::rpc".to_owned(),
            wire: "crate".to_owned(),
            foreign: foreign.into(),
            boxed: BTreeSet::new(),
            optional: BTreeSet::new(),
            required: BTreeSet::new(),
        }
    }
}

/// Reads an option that is a path.
pub(crate) fn path(path: &str) -> Result<syn::Path, Error> {
    syn::parse_str(path).map_err(|source| Error::Path {
        path: path.to_owned(),
        source,
    })
}
