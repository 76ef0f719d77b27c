//! Finds its way through a compiled schema.

use std::collections::{HashMap, HashSet};

use capnp::schema_capnp::{annotation, code_generator_request, node};

use crate::error::{Error, Unsupported};
use crate::names;

/// The ids of those annotations of `rust.capnp` that change what capnpc makes.
const RUST_ANNOTATIONS: [u64; 3] = [
    0xc2fe_4c6d_1001_66d0, // name
    0xabee_386c_d145_0364, // parentModule
    0xabfe_f22c_4ee1_964e, // option
];

/// A compiled schema.
pub(crate) struct Request<'a> {
    nodes: HashMap<u64, node::Reader<'a>>,
    comments: HashMap<u64, node::source_info::Reader<'a>>,
    /// The ids of the nodes, in the order of the request.
    pub(crate) order: Vec<u64>,
    /// The files to make bindings for, in the order of their names.
    pub(crate) files: Vec<RequestedFile>,
    /// The name of each imported file as the importing one writes it.
    imports: HashMap<u64, String>,
}

/// A file to make bindings for.
pub(crate) struct RequestedFile {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// Where a node stands.
pub(crate) struct Place {
    /// The id of its file.
    pub(crate) file: u64,
    /// Its name, after the names of what it is nested in.
    pub(crate) names: Vec<String>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(root: code_generator_request::Reader<'a>) -> Result<Self, Error> {
        let mut nodes = HashMap::new();
        let mut order = Vec::new();
        for node in root.get_nodes()? {
            nodes.insert(node.get_id(), node);
            order.push(node.get_id());
        }
        let mut comments = HashMap::new();
        for comment in root.get_source_info()? {
            comments.insert(comment.get_id(), comment);
        }
        let mut files = Vec::new();
        let mut imports = HashMap::new();
        for file in root.get_requested_files()? {
            files.push(RequestedFile {
                id: file.get_id(),
                name: owned(file.get_filename())?,
            });
            for import in file.get_imports()? {
                imports.insert(import.get_id(), owned(import.get_name())?);
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut modules = HashSet::new();
        for file in &files {
            if !modules.insert(module_name(&file.name)) {
                let node = file.name.clone();
                return Err(Error::Unsupported {
                    node,
                    what: Unsupported::SameName,
                });
            }
        }
        let request = Self {
            nodes,
            comments,
            order,
            files,
            imports,
        };
        for id in &request.order {
            request.check(*id)?;
        }
        Ok(request)
    }

    /// A node, which the compiler has put into the request if anything there refers to it.
    pub(crate) fn node(&self, id: u64) -> Result<node::Reader<'a>, Error> {
        self.nodes.get(&id).copied().ok_or_else(|| {
            Error::Request(capnp::Error::failed(format!(
                "the node {id:#018x} is missing"
            )))
        })
    }

    /// The struct of this id.
    pub(crate) fn structure(&self, id: u64) -> Result<node::struct_::Reader<'a>, Error> {
        match self.node(id)?.which().map_err(capnp::Error::from)? {
            node::Struct(structure) => Ok(structure),
            _ => Err(Error::Request(capnp::Error::failed(format!(
                "{id:#018x} is no struct"
            )))),
        }
    }

    /// The comment on a node.
    pub(crate) fn comment(&self, id: u64) -> Result<String, Error> {
        Ok(match self.comments.get(&id) {
            Some(comment) => owned(comment.get_doc_comment())?,
            None => String::new(),
        })
    }

    /// The comment on a field, an enumerant or a method, by its index in the node.
    pub(crate) fn member_comment(&self, id: u64, index: u32) -> Result<String, Error> {
        let Some(comment) = self.comments.get(&id) else {
            return Ok(String::new());
        };
        Ok(match comment.get_members()?.try_get(index) {
            Some(member) => owned(member.get_doc_comment())?,
            None => String::new(),
        })
    }

    /// Where a node stands. Not for groups, nor for the params and results of a method.
    pub(crate) fn place(&self, id: u64) -> Result<Place, Error> {
        let mut names = Vec::new();
        let mut node = self.node(id)?;
        while !matches!(node.which(), Ok(node::File(()))) {
            names.push(short_name(node)?);
            node = self.node(node.get_scope_id())?;
        }
        names.reverse();
        Ok(Place {
            file: node.get_id(),
            names,
        })
    }

    /// The name of a file, for its module.
    pub(crate) fn file_name(&self, id: u64) -> Result<String, Error> {
        if let Some(file) = self.files.iter().find(|file| file.id == id) {
            return Ok(file.name.clone());
        }
        match self.imports.get(&id) {
            Some(name) => Ok(name.clone()),
            // Imported by an import: only the compiler's own name for it is known.
            None => owned(self.node(id)?.get_display_name()),
        }
    }

    /// Whether bindings are made for this file.
    pub(crate) fn is_requested(&self, file: u64) -> bool {
        self.files.iter().any(|requested| requested.id == file)
    }

    /// Refuses what would make the wire types differ from what the bindings expect.
    fn check(&self, id: u64) -> Result<(), Error> {
        let node = self.node(id)?;
        self.check_annotations(node, node.get_annotations()?)?;
        match node.which().map_err(capnp::Error::from)? {
            node::Struct(structure) => {
                for field in structure.get_fields()? {
                    self.check_annotations(node, field.get_annotations()?)?;
                }
            }
            node::Enum(enumeration) => {
                for enumerant in enumeration.get_enumerants()? {
                    self.check_annotations(node, enumerant.get_annotations()?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check_annotations(
        &self,
        node: node::Reader<'_>,
        annotations: capnp::struct_list::Reader<'_, annotation::Owned>,
    ) -> Result<(), Error> {
        if annotations
            .iter()
            .any(|annotation| RUST_ANNOTATIONS.contains(&annotation.get_id()))
        {
            return Err(Error::Unsupported {
                node: owned(node.get_display_name())?,
                what: Unsupported::Annotation,
            });
        }
        Ok(())
    }
}

/// The module of a file's bindings.
pub(crate) fn module_name(file: &str) -> String {
    names::file_stem(file).replace('-', "_")
}

/// The name of a node in what it is nested in.
fn short_name(node: node::Reader<'_>) -> Result<String, Error> {
    let name = owned(node.get_display_name())?;
    let prefix = node.get_display_name_prefix_length() as usize;
    Ok(name.get(prefix..).unwrap_or(&name).to_owned())
}

/// A text of the request.
pub(crate) fn owned(text: capnp::Result<capnp::text::Reader<'_>>) -> Result<String, Error> {
    Ok(text?.to_string().map_err(capnp::Error::from)?)
}
