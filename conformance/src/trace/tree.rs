//! The content of a message as lines: a field each, what is short on one line.

use super::words;
use crate::wire::{Capability, Party, Shown};

/// How long a value may be to stand on one line, in characters.
const INLINE: usize = 72;
/// How many items of one list are printed.
const ITEMS: usize = 20;
/// How deep values are printed.
const DEPTH: usize = 40;

/// The lines of the fields of a content. `from` has sent it, with these capabilities.
pub(super) fn lines(content: &Shown, capabilities: &[Capability], from: Party) -> Vec<String> {
    let mut tree = Tree {
        capabilities,
        from,
        lines: Vec::new(),
    };
    match content {
        Shown::Fields(fields) => tree.fields(0, fields),
        value => tree.value(0, "", value),
    }
    tree.lines
}

struct Tree<'a> {
    capabilities: &'a [Capability],
    from: Party,
    lines: Vec<String>,
}

impl Tree<'_> {
    fn push(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{:1$}{text}", "", depth * 2));
    }

    fn fields(&mut self, depth: usize, fields: &[(String, Shown)]) {
        for (name, value) in fields {
            self.value(depth, &format!("{}: ", words::line(name)), value);
        }
    }

    /// `head` stands before the value on its first line.
    fn value(&mut self, depth: usize, head: &str, value: &Shown) {
        if let Some(inline) = self.inline(value) {
            return self.push(depth, &format!("{head}{inline}"));
        }
        if depth > DEPTH {
            return self.push(depth, &format!("{head}…"));
        }
        match value {
            Shown::Fields(fields) => {
                self.push(depth, head.trim_end());
                self.fields(depth + 1, fields);
            }
            Shown::List(items) => {
                self.push(depth, head.trim_end());
                self.items(depth + 1, items);
            }
            value => self.push(depth, &format!("{head}{}", self.scalar(value))),
        }
    }

    fn items(&mut self, depth: usize, items: &[Shown]) {
        let (items, more) = match items {
            [items @ .., Shown::More(more)] => (items, *more),
            items => (items, 0),
        };
        for item in items.iter().take(ITEMS) {
            self.value(depth, "- ", item);
        }
        let more = more + items.len().saturating_sub(ITEMS);
        if more > 0 {
            self.push(depth, &Shown::More(more).to_string());
        }
    }

    fn scalar(&self, value: &Shown) -> String {
        match value {
            Shown::Capability { place, interface } => {
                let capability = place.and_then(|place| self.capabilities.get(place));
                words::capability(interface, capability.copied(), self.from)
            }
            value => words::scalar(value),
        }
    }

    /// The value on one line, if it is short enough.
    fn inline(&self, value: &Shown) -> Option<String> {
        let mut out = String::new();
        self.inline_into(value, &mut out)?;
        Some(out)
    }

    fn inline_into(&self, value: &Shown, out: &mut String) -> Option<()> {
        match value {
            Shown::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.inline_into(item, out)?;
                }
                out.push(']');
            }
            Shown::Fields(fields) => {
                out.push('(');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&format!("{} = ", words::line(name)));
                    self.inline_into(value, out)?;
                }
                out.push(')');
            }
            value => out.push_str(&self.scalar(value)),
        }
        (out.chars().count() <= INLINE).then_some(())
    }
}
