//! A failure in words, so that it can be understood and repeated.

use super::event::{CaseEnded, Line, Lines};

/// A line of a block: its name, which only the first line of several has, and its content.
pub(super) type Field = (&'static str, String);

impl CaseEnded {
    /// All that there is to tell.
    pub(super) fn fields(&self) -> Vec<Field> {
        let details = &self.details;
        let mut fields = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let name = if index == 0 { "spec" } else { "" };
            fields.push((name, format!("{} \"{}\"", rule.id, rule.sentence)));
        }
        fields.extend(self.steps());
        for (name, value) in [
            ("expected", &details.expected),
            ("actual", &details.actual),
            ("error", &details.error),
            ("control", &details.control),
        ] {
            fields.extend(value.clone().map(|value| (name, value)));
        }
        for (name, output) in [("stderr", &details.stderr), ("stdout", &details.stdout)] {
            if details.did.lines.is_empty() {
                continue;
            }
            match output.lines.is_empty() {
                true => fields.push((name, "(empty)".to_owned())),
                false => fields.extend(list(name, output)),
            }
        }
        fields.extend(list("stacks", &details.stacks));
        fields.extend(list("wire", &details.wire));
        if let Some(record) = &details.record {
            let files = record.files.join(", ");
            fields.push(("record", format!("{}/ ({files})", record.directory)));
        }
        for (name, value) in [("hint", &details.hint), ("repro", &details.repro)] {
            fields.extend(value.clone().map(|value| (name, value)));
        }
        fields
    }

    /// What was done.
    pub(super) fn steps(&self) -> Vec<Field> {
        list("did", &self.details.did)
    }

    /// The block as text.
    pub(super) fn in_words(&self) -> String {
        let lines = self.fields().into_iter();
        let lines: Vec<_> = lines
            .map(|(name, value)| format!("{name:<9} {value}"))
            .collect();
        lines.join("\n")
    }
}

fn list(name: &'static str, lines: &Lines) -> Vec<Field> {
    let earlier = (lines.earlier > 0).then(|| format!("… {} earlier", lines.earlier));
    let told = lines
        .lines
        .iter()
        .map(|Line { at, text }| format!("t={at:.3} {text}"));
    let all = earlier.into_iter().chain(told).enumerate();
    all.map(|(index, line)| (if index == 0 { name } else { "" }, line))
        .collect()
}
