//! Tokens as text.

use proc_macro2::TokenStream;

use crate::error::Error;

/// Formats the tokens of a file.
pub(super) fn render(tokens: TokenStream) -> Result<String, Error> {
    let file = syn::parse2(tokens).map_err(|source| Error::Generated { source })?;
    Ok(space(&prettyplease::unparse(&file)))
}

/// Puts an empty line between what stands one below the other and is more than a line, which the
/// formatter leaves together.
fn space(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = "";
    for line in text.lines() {
        let is_list = LISTED
            .iter()
            .any(|word| last.starts_with(word) && line.starts_with(word));
        if is_end(last) && is_start(line) && !is_list && indentation(last) == indentation(line) {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
        last = line;
    }
    out
}

/// What stands in lists of single lines.
const LISTED: [&str; 3] = ["//!", "pub mod ", "use "];

/// Whether a line ends an item, or the head of a file.
fn is_end(line: &str) -> bool {
    let text = line.trim_start();
    let is_comment = text.starts_with("///");
    let is_closed = text.ends_with(';') || text.ends_with("{}");
    matches!(text, "}" | ")]") || text.starts_with("//!") || (is_closed && !is_comment)
}

/// Whether a line starts an item.
fn is_start(line: &str) -> bool {
    const STARTS: [&str; 11] = [
        "///",
        "#[",
        "#![",
        "async fn ",
        "enum ",
        "fn ",
        "impl",
        "pub ",
        "static ",
        "struct ",
        "use ",
    ];
    STARTS
        .iter()
        .any(|start| line.trim_start().starts_with(start))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
