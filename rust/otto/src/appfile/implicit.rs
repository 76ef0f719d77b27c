//! What a plugin says that follows from the sources. It is not trusted.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use otto_plugin::bindings::appfile::{Appfile, Value};
use otto_plugin::limits::VALUE_DEPTH;

use super::file::LARGEST;
use super::name::Name;
use super::quoted::quoted;

/// How large a value is at least, in bytes.
const VALUE: u64 = 16;

/// An answer that cannot be used. The plugin is at fault.
#[derive(Debug, PartialEq, thiserror::Error, Diagnostic)]
#[diagnostic(help("tell the author of the plugin: what it answers to `implicit` makes no sense"))]
pub(crate) enum ImplicitError {
    /// It changes what is not its to change.
    #[error(
        "`{field}` is {}, and the plugin makes it {}",
        quoted(asked),
        quoted(answered)
    )]
    Changed {
        field: &'static str,
        asked: String,
        answered: String,
    },
    /// A name is none.
    #[error("{what} {} {reason}", quoted(name))]
    Name {
        what: &'static str,
        name: String,
        reason: &'static str,
    },
    /// Two have the same name.
    #[error("there are two {what} of the name {}", quoted(name))]
    Twice { what: &'static str, name: String },
    /// A value is of a kind that a newer version of the protocol may have.
    #[error("a value is of a kind that is not known")]
    Value,
    /// A value nests too deep.
    #[error("a value nests deeper than {VALUE_DEPTH}")]
    Depth,
    /// It is larger than an Appfile can be.
    #[error("the answer has {size} bytes, and an Appfile at most {LARGEST}")]
    TooLarge { size: u64 },
}

/// Checks an answer, and takes out of it what is the same as in the question.
///
/// What a plugin cannot change is empty, or as it was: `id`, `path`, `source`, `imports` and
/// `application.type`.
pub(super) fn check(mut answer: Appfile, asked: &Appfile) -> Result<Appfile, ImplicitError> {
    for (field, asked, answered) in [
        ("id", &asked.id, &answer.id),
        ("path", &asked.path, &answer.path),
        ("source", &asked.source, &answer.source),
        (
            "application.type",
            &asked.application.r#type,
            &answer.application.r#type,
        ),
    ] {
        changed(field, asked, answered)?;
    }
    if !answer.imports.is_empty() && answer.imports != asked.imports {
        let sources = |appfile: &Appfile| {
            let sources: Vec<_> = appfile.imports.iter().map(|i| i.source.as_str()).collect();
            sources.join(", ")
        };
        changed("imports", &sources(asked), &sources(&answer))?;
    }
    for customization in &mut answer.customization {
        customization.r#type = customization.r#type.to_lowercase();
    }
    names(&answer)?;
    let size = size(&answer)?;
    if size > LARGEST {
        return Err(ImplicitError::TooLarge { size });
    }
    // The type was found or written before, and who found it is known.
    answer.application.r#type.clear();
    answer.application.detect = false;
    Ok(answer)
}

fn changed(field: &'static str, asked: &str, answered: &str) -> Result<(), ImplicitError> {
    if answered.is_empty() || asked == answered {
        return Ok(());
    }
    Err(ImplicitError::Changed {
        field,
        asked: asked.to_owned(),
        answered: answered.to_owned(),
    })
}

fn names(answer: &Appfile) -> Result<(), ImplicitError> {
    given("the name", &answer.application.name, Name::Free)?;
    for dependency in &answer.application.dependencies {
        named("the source", &dependency.source, Name::Source)?;
    }
    if let Some(project) = &answer.project {
        given("the project", &project.name, Name::Free)?;
        given("the infrastructure", &project.infrastructure, Name::Free)?;
    }
    let mut infrastructures = BTreeSet::new();
    for infrastructure in &answer.infrastructure {
        named("the infrastructure", &infrastructure.name, Name::Free)?;
        given("the type", &infrastructure.r#type, Name::Plain)?;
        given("the flavor", &infrastructure.flavor, Name::Plain)?;
        once(
            "infrastructures",
            &infrastructure.name,
            &mut infrastructures,
        )?;
        let mut foundations = BTreeSet::new();
        for foundation in &infrastructure.foundations {
            named("the foundation", &foundation.name, Name::Plain)?;
            once("foundations", &foundation.name, &mut foundations)?;
        }
    }
    for customization in &answer.customization {
        named("the customization", &customization.r#type, Name::Plain)?;
    }
    Ok(())
}

fn named(what: &'static str, name: &str, kind: Name) -> Result<(), ImplicitError> {
    match kind.fault(name) {
        None => Ok(()),
        Some(reason) => Err(ImplicitError::Name {
            what,
            name: name.to_owned(),
            reason,
        }),
    }
}

/// As [`named`], for what can be left out.
fn given(what: &'static str, name: &str, kind: Name) -> Result<(), ImplicitError> {
    if name.is_empty() {
        Ok(())
    } else {
        named(what, name, kind)
    }
}

fn once<'a>(
    what: &'static str,
    name: &'a str,
    known: &mut BTreeSet<&'a str>,
) -> Result<(), ImplicitError> {
    if known.insert(name) {
        return Ok(());
    }
    Err(ImplicitError::Twice {
        what,
        name: name.to_owned(),
    })
}

/// How large an answer is, in bytes.
fn size(answer: &Appfile) -> Result<u64, ImplicitError> {
    let mut size = bytes(&answer.application.name);
    for dependency in &answer.application.dependencies {
        size += VALUE + bytes(&dependency.source);
    }
    for infrastructure in &answer.infrastructure {
        size += VALUE + bytes(&infrastructure.name);
        for foundation in &infrastructure.foundations {
            size += bytes(&foundation.name) + members(&foundation.config, 1)?;
        }
    }
    for customization in &answer.customization {
        size += bytes(&customization.r#type) + members(&customization.config, 1)?;
    }
    Ok(size)
}

fn members(members: &BTreeMap<String, Value>, depth: u32) -> Result<u64, ImplicitError> {
    members.iter().try_fold(VALUE, |size, (key, value)| {
        Ok(size + bytes(key) + value_size(value, depth)?)
    })
}

fn value_size(value: &Value, depth: u32) -> Result<u64, ImplicitError> {
    if depth > VALUE_DEPTH {
        return Err(ImplicitError::Depth);
    }
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
        Value::Text(text) => bytes(text),
        Value::Data(data) => data.len() as u64,
        Value::List(items) => items.iter().try_fold(0, |size, item| {
            value_size(item, depth + 1).map(|item| size + item)
        })?,
        Value::Object(object) => members(object, depth + 1)?,
        _ => return Err(ImplicitError::Value),
    };
    Ok(VALUE + inside)
}

const fn bytes(text: &str) -> u64 {
    text.len() as u64
}
