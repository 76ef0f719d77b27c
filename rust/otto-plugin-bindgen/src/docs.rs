//! Comments of the schema, as documentation of Rust items.

/// Makes the lines of a comment fit to stand in rustdoc.
///
/// A comment of a schema is plain text: outside of back quotes, what Markdown would take for a link
/// or for a tag is escaped, and what it would take for a code block, which would be compiled as a
/// test, loses its indentation.
pub(crate) fn lines(comment: &str) -> Vec<String> {
    let mut quoted = false;
    let mut fenced = false;
    let mut out: Vec<String> = Vec::new();
    for line in comment.trim_end().lines() {
        let line = line.trim_end();
        if line.trim_start().starts_with("```") {
            let language = if fenced || line.trim() != "```" {
                ""
            } else {
                "text"
            };
            fenced = !fenced;
            out.push(format!("{}{language}", line.trim_start()));
        } else if fenced {
            out.push(line.to_owned());
        } else {
            let text = line.trim_start();
            let indentation = (line.len() - text.len()).min(2);
            quoted = quoted && !text.is_empty();
            out.push(format!("{:indentation$}{}", "", escape(text, &mut quoted)));
        }
    }
    out
}

/// Puts a word before the text: used to tell apart the comments of several members in one text.
pub(crate) fn labelled(label: &str, text: &[String]) -> Vec<String> {
    let mut lines = text.to_vec();
    if let Some(first) = lines.first_mut() {
        *first = format!("{label}: {first}");
    }
    lines
}

/// Joins texts as paragraphs, without the empty ones.
pub(crate) fn paragraphs<const N: usize>(texts: [Vec<String>; N]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.extend(text);
    }
    out
}

fn escape(text: &str, quoted: &mut bool) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '`' => *quoted = !*quoted,
            '[' | ']' | '<' | '>' if !*quoted => out.push('\\'),
            _ => {}
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_take_for_a_link_is_escaped_outside_of_quotes() {
        assert_eq!(lines("see [x] and `[y]`"), [r"see \[x\] and `[y]`"]);
    }

    #[test]
    fn a_quote_may_go_on_in_the_next_line() {
        assert_eq!(lines("`a <b\nc> d` <e>"), ["`a <b", r"c> d` \<e\>"]);
    }

    #[test]
    fn an_indented_line_is_no_code() {
        assert_eq!(lines("a\n\n      b"), ["a", "", "  b"]);
    }

    #[test]
    fn a_fence_without_a_language_is_text() {
        assert_eq!(lines("```\n[x]\n```"), ["```text", "[x]", "```"]);
    }

    #[test]
    fn empty_texts_make_no_paragraphs() {
        let joined = paragraphs([vec!["a".into()], vec![], vec!["b".into()]]);
        assert_eq!(joined, ["a", "", "b"]);
    }
}
