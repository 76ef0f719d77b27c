//! The parts of a chapter that are made by a test: what stands between `<!-- KIND WHAT -->` and
//! `<!-- /KIND -->`.

use std::collections::BTreeSet;
use std::fs;

use otto_conformance::catalogue::CHAPTERS;

/// Replaces every block of this kind in all chapters by what `make` gives for it, if the tests are
/// told to, and fails if there is a difference otherwise. Gives what was asked for.
pub(crate) fn compare(kind: &str, make: impl Fn(&str) -> String) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for chapter in CHAPTERS {
        let path = crate::spec().join(chapter.file);
        let found = fs::read_to_string(&path).expect("a chapter can be read");
        let (made, blocks) = replace(&found, kind, &make);
        seen.extend(blocks);
        if found == made {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, made).expect("a chapter can be written");
        } else {
            let differs = found.lines().zip(made.lines()).find(|(a, b)| a != b);
            panic!(
                "spec/{} is not up to date; run UPDATE_GOLDEN=1 cargo test -p otto-conformance \
                 --test spec\nfirst difference: {differs:#?}",
                chapter.file
            );
        }
    }
    seen
}

/// Gives the text with the blocks of a kind made anew, and what they are of.
fn replace(text: &str, kind: &str, make: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let (begin, end) = (format!("<!-- {kind} "), format!("<!-- /{kind} -->"));
    let (mut out, mut blocks) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&begin) {
        let (what, after) = after.split_once(" -->").expect("a comment has an end");
        let (_, after) = after.split_once(&end).expect("a block has an end");
        let made = make(what);
        out += &format!("{before}{begin}{what} -->\n\n{made}\n\n{end}");
        blocks.push(what.to_owned());
        rest = after;
    }
    (out + rest, blocks)
}

#[test]
fn a_block_is_replaced_and_nothing_else() {
    let text = "a\n<!-- x one -->\nold\n<!-- /x -->\nb\n<!-- y two -->\n<!-- /y -->\n";
    let (made, blocks) = replace(text, "x", |what| format!("new {what}"));
    assert_eq!(
        made,
        "a\n<!-- x one -->\n\nnew one\n\n<!-- /x -->\nb\n<!-- y two -->\n<!-- /y -->\n"
    );
    assert_eq!(blocks, ["one"]);
    assert_eq!(replace(&made, "x", |what| format!("new {what}")).0, made);
}
