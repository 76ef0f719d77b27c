//! What is the same for every block: its attributes, its labels, and what is unknown in it.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Attribute, Block, Body, Structure};

use super::fault::{Fault, FaultKind, Found};
use super::file::Text;
use super::mark::Mark;
use super::name::Name;
use super::quoted::quoted;

/// Reads one file, and keeps what is wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a Text,
    pub(super) found: &'a mut Found,
}

/// What can stand in a block.
#[derive(Debug)]
pub(super) struct Grammar {
    /// The block, as a message names it.
    pub(super) place: &'static str,
    pub(super) attributes: &'static [&'static str],
    pub(super) blocks: &'static [&'static str],
}

impl Reader<'_> {
    pub(super) fn fault(&mut self, kind: FaultKind, at: Option<Range<usize>>) {
        self.found.add(Fault {
            kind,
            mark: at.map(|at| self.file.mark(at)),
            first: None,
        });
    }

    /// Notes that something stands there twice.
    pub(super) fn twice(&mut self, what: String, at: Option<Range<usize>>, first: &Mark) {
        self.found.add(Fault {
            kind: FaultKind::Duplicate { what },
            mark: at.map(|at| self.file.mark(at)),
            first: Some(first.clone()),
        });
    }

    /// The mark of something in the syntax tree, or of the whole file.
    pub(super) fn mark(&self, part: &impl Span) -> Mark {
        self.file.mark(part.span().unwrap_or(0..0))
    }

    /// Goes through a block, notes what is unknown, and gives the rest to `attribute` and `block`.
    pub(super) fn walk(
        &mut self,
        body: &Body,
        grammar: &Grammar,
        mut each: impl FnMut(&mut Self, &Structure),
    ) {
        for structure in body {
            let (what, ident, is_known) = match structure {
                Structure::Attribute(Attribute { key, .. }) => {
                    ("attribute", key, grammar.attributes.contains(&key.as_str()))
                }
                Structure::Block(Block { ident, .. }) => {
                    ("block", ident, grammar.blocks.contains(&ident.as_str()))
                }
            };
            if is_known {
                each(self, structure);
            } else {
                let kind = FaultKind::Unknown {
                    what,
                    name: ident.to_string(),
                    place: grammar.place,
                    help: grammar.help(ident.as_str()),
                };
                self.fault(kind, ident.span());
            }
        }
    }

    /// The text of an attribute, which has to be a name. `None`, and a fault, if it is none.
    pub(super) fn name(&mut self, attribute: &Attribute, name: Name) -> Option<String> {
        let text = self.text(attribute)?;
        let what = match attribute.key.as_str() {
            "type" => "the type",
            "flavor" => "the flavor",
            "infrastructure" => "the infrastructure",
            "source" => "the source",
            _ => "the name",
        };
        self.checked(what, text, name, attribute.value.span())
    }

    /// The only label of a block, which has to be a name. `None`, and a fault, if it is not there.
    pub(super) fn label(
        &mut self,
        block: &Block,
        kind: &'static str,
        what: &'static str,
        name: Name,
        example: &'static str,
    ) -> Option<String> {
        let [label] = block.labels.as_slice() else {
            self.labels(block, kind, "needs one label", example);
            return None;
        };
        self.checked(what, label.as_str().to_owned(), name, label.span())
    }

    /// Notes that a block has labels that it should not have, or lacks one.
    pub(super) fn labels(
        &mut self,
        block: &Block,
        kind: &'static str,
        expected: &'static str,
        example: &'static str,
    ) {
        let kind = FaultKind::Labels {
            block: kind,
            found: block.labels.len(),
            expected,
            example,
        };
        self.fault(kind, block.ident.span());
    }

    fn text(&mut self, attribute: &Attribute) -> Option<String> {
        let found = match self.constant(&attribute.value)? {
            Constant::Text(text) => return Some(text),
            Constant::Other(expression) => kind(expression),
        };
        let kind = FaultKind::Type {
            key: attribute.key.to_string(),
            expected: "a text",
            found,
            help: "write it in quotes",
        };
        self.fault(kind, attribute.value.span());
        None
    }

    fn checked(
        &mut self,
        what: &'static str,
        text: String,
        name: Name,
        at: Option<Range<usize>>,
    ) -> Option<String> {
        let Some(reason) = name.fault(&text) else {
            return Some(text);
        };
        let kind = FaultKind::Name {
            what,
            name: text,
            reason,
            help: name.help(),
        };
        self.fault(kind, at);
        None
    }
}

/// An expression that says what it is.
pub(super) enum Constant<'a> {
    Text(String),
    /// Null, a truth value, a number, a list or an object.
    Other(&'a Expression),
}

/// What a constant is, as a message names it.
pub(super) fn kind(expression: &Expression) -> &'static str {
    match expression {
        Expression::Null(_) => "null",
        Expression::Bool(_) => "a truth value",
        Expression::Number(_) => "a number",
        Expression::Array(_) => "a list",
        Expression::Object(_) => "an object",
        _ => "a text",
    }
}

impl Grammar {
    /// What to write instead of something that is unknown.
    fn help(&self, name: &str) -> String {
        if self.blocks.contains(&name) {
            return format!("`{name}` is a block: write `{name} {{ … }}`");
        }
        if self.attributes.contains(&name) {
            return format!("`{name}` is an attribute: write `{name} = …`");
        }
        let known = || self.attributes.iter().chain(self.blocks).copied();
        if let Some(nearest) = nearest(name, known()) {
            return format!("did you mean `{nearest}`?");
        }
        let known: Vec<_> = known().map(quoted).collect();
        match known.as_slice() {
            [] => "nothing can stand there: remove it".to_owned(),
            [one] => format!("there can be {one}"),
            [most @ .., last] => format!("there can be {} and {last}", most.join(", ")),
        }
    }
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&name, known), known))
        .filter(|(distance, known)| *distance <= known.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
