//! The templates, in the folder `templates/`.

use std::error::Error;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::{CONTAINERFILE, DEV_SCRIPT, IGNORE_FILE, RUN_SCRIPT};
use crate::problem::{Problem, Reason};

const TEMPLATES: [(&str, &str); 5] = [
    (
        CONTAINERFILE,
        include_str!("../../templates/Containerfile.j2"),
    ),
    (IGNORE_FILE, include_str!("../../templates/dockerignore.j2")),
    (DEV_SCRIPT, include_str!("../../templates/dev.j2")),
    (RUN_SCRIPT, include_str!("../../templates/run.j2")),
    ("engine.j2", include_str!("../../templates/engine.j2")),
];

/// Fills a template in.
pub(super) fn render(name: &str, values: &impl Serialize) -> Result<String, Problem> {
    try_render(name, values).map_err(|error| {
        let cause = error.source().map(|source| format!(": {source}"));
        Problem::new(
            Reason::Internal,
            format!(
                "the template {name} cannot be filled in: {error}{}",
                cause.unwrap_or_default()
            ),
            "report this to those who made the plugin",
        )
    })
}

fn try_render(name: &str, values: &impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // A name that nobody set is a mistake, not an empty text.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // A line with nothing but a block leaves no line.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.add_filter("sh", |text: &str| shell_word(text));
    environment.add_filter("words", containerfile_words);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    environment.get_template(name)?.render(Serde(values))
}

/// A word for a shell, whatever is in it.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command for a Containerfile, which runs it without a shell.
fn containerfile_words(words: Value) -> Result<String, minijinja::Error> {
    serde_json::to_string(&words).map_err(|error| {
        let kind = minijinja::ErrorKind::BadSerialization;
        minijinja::Error::new(kind, "no list of words").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_word_is_one_word_whatever_is_in_it() {
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's $(id) `id`\n"), "'it'\\''s $(id) `id`\n'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error() {
        let problem = render(CONTAINERFILE, &()).unwrap_err();
        assert_eq!(problem.reason, Reason::Internal);
    }
}
