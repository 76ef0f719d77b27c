//! How names of the schema are written in Rust: in the bindings, and in capnpc's wire types.

use proc_macro2::Ident;
use quote::format_ident;

/// The words that cannot be a plain name in Rust, of any edition.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The keywords that cannot be a raw name either.
const PATH_KEYWORDS: &[&str] = &["crate", "self", "super", "Self", "_"];

/// The names to which capnpc adds an underscore when it makes a module or a function of them. Taken
/// from its source: its list is older than the language's.
const WIRE_KEYWORDS: &[&str] = &[
    "abstract", "alignof", "as", "be", "become", "box", "break", "const", "continue", "crate",
    "do", "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "offsetof", "once", "override", "priv", "proc",
    "pub", "pure", "ref", "return", "self", "sizeof", "static", "struct", "super", "trait", "true",
    "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The types and traits that the bindings name without a path. A type of the schema which had such
/// a name would take its place.
const TAKEN_TYPES: &[&str] = &[
    "Arc",
    "BTreeMap",
    "Box",
    "Clone",
    "Debug",
    "Default",
    "Drop",
    "From",
    "Future",
    "Into",
    "Option",
    "PartialEq",
    "Result",
    "Self",
    "Send",
    "Some",
    "None",
    "Ok",
    "Err",
    "String",
    "Sync",
    "Vec",
];

/// A name as an identifier: a raw one for a keyword, or with an underscore where that cannot be.
pub(crate) fn ident(name: &str) -> Ident {
    if PATH_KEYWORDS.contains(&name) {
        format_ident!("{name}_")
    } else if KEYWORDS.contains(&name) {
        format_ident!("r#{name}")
    } else {
        format_ident!("{name}")
    }
}

/// Whether a type may not have this name.
pub(crate) fn is_taken_type(name: &str) -> bool {
    TAKEN_TYPES.contains(&name)
}

/// The name of a field, a function or a module of the bindings: `devIpAddress` to `dev_ip_address`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_word = at > 0 && !letters[at - 1].is_uppercase();
        let before_word = at > 0 && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_word || before_word) {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The name of a type or of a variant: with a capital.
pub(crate) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_ascii_uppercase(), letters.as_str())
    })
}

/// The name of a static: `ByteStream` to `BYTE_STREAM`.
pub(crate) fn shout(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// The part of the name of an accessor of capnpc's that is the field's: an underscore before every
/// capital, without a look at keywords, which it has no need for after `get_` and `set_`.
pub(crate) fn wire_field(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// The name of a module or a method of capnpc's.
pub(crate) fn wire_module(name: &str) -> Ident {
    let mut name = wire_field(name);
    if WIRE_KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    // A word that is a keyword since is written as it is by capnpc, which no compiler takes: the
    // error is better than a name that does not exist.
    ident(&name)
}

/// The module that capnpc makes of a file: `byte-stream.capnp` to `byte_stream_capnp`.
pub(crate) fn wire_file(stem: &str) -> Ident {
    format_ident!("{}_capnp", stem.replace('-', "_"))
}

/// The part of a file's name that names its modules: `schema/host.capnp` to `host`.
pub(crate) fn file_stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".capnp").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_their_capitals() {
        assert_eq!(snake("devIpAddress"), "dev_ip_address");
        assert_eq!(snake("userID"), "user_id");
        assert_eq!(snake("IPAddress"), "ip_address");
        assert_eq!(snake("uint32Id"), "uint32_id");
    }

    #[test]
    fn wire_names_are_capnpc_s() {
        assert_eq!(wire_field("userID"), "user_i_d");
        assert_eq!(wire_module("type").to_string(), "type_");
        assert_eq!(wire_file("byte-stream").to_string(), "byte_stream_capnp");
    }

    #[test]
    fn keywords_become_raw_names_where_they_can() {
        assert_eq!(ident("type").to_string(), "r#type");
        assert_eq!(ident("self").to_string(), "self_");
        assert_eq!(ident("name").to_string(), "name");
    }

    #[test]
    fn files_are_named_by_the_last_part_of_their_path() {
        assert_eq!(file_stem("schema/host.capnp"), "host");
        assert_eq!(file_stem("/otto/error.capnp"), "error");
    }
}
