//! Gathers what the files of an application say about Ruby.

use super::Bundle;
use crate::gemfile::{Ruby, RubySays};
use crate::problem::{Problem, Remark, quoted};
use crate::settings::Settings;
use crate::source::Source;
use crate::version::{self, Authority, Statement};

const VERSION_FILE: &str = ".ruby-version";
const TOOL_VERSIONS: &str = ".tool-versions";

/// The Ruby of the application.
pub(super) fn ruby(
    source: &Source,
    bundle: Option<&Bundle>,
    settings: &Settings,
    remarks: &mut Vec<Remark>,
) -> Result<version::Ruby, Problem> {
    let unset = Settings {
        ruby_version: None,
        ..settings.clone()
    };
    let mut found_remarks = Vec::new();
    let found = statements(source, bundle, &unset, &mut found_remarks)
        .and_then(|statements| version::resolve(statements, &mut found_remarks));
    // A setting that only repeats what was found, as `implicit` answers it, overrules nothing.
    let repeats = |setting: &String| {
        found
            .as_ref()
            .is_ok_and(|ruby| ruby.pin.to_string() == *setting)
    };
    if settings.ruby_version.as_ref().is_none_or(repeats) {
        remarks.extend(found_remarks);
        return found;
    }
    let statements = statements(source, bundle, settings, remarks)?;
    version::resolve(statements, remarks)
}

/// What is said about Ruby, by whoever says anything.
fn statements(
    source: &Source,
    bundle: Option<&Bundle>,
    settings: &Settings,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<Statement>, Problem> {
    let mut statements = Vec::new();
    if let Some(text) = &settings.ruby_version {
        statements.push(version::setting(text, settings.place())?);
    }
    let is_set = !statements.is_empty();
    // Who sets a version in the Appfile need not repair what it overrules.
    let mut say = |statement: Result<Option<Statement>, Problem>| match statement {
        Err(_) if is_set => Ok(()),
        statement => statement.map(|statement| statements.extend(statement)),
    };
    if let Some(text) = source.read(VERSION_FILE)? {
        say(version::version_file(&text, VERSION_FILE))?;
    }
    if let Some(text) = source.read(TOOL_VERSIONS)? {
        say(version::tool_versions(&text, TOOL_VERSIONS))?;
    }
    let Some(bundle) = bundle else {
        return Ok(statements);
    };
    if let Some(ruby) = &bundle.gemfile.ruby {
        match &ruby.says {
            RubySays::Computed if statements.is_empty() => return Err(computed(ruby)),
            RubySays::Computed => remarks.push(not_checked(ruby)),
            RubySays::Engine(engine) if !is_set => {
                return Err(version::other_engine(engine, ruby.place.clone()));
            }
            RubySays::Engine(_) => {}
            RubySays::Requirements(texts) => {
                statements.push(version::gemfile(texts, ruby.place.clone())?);
            }
            RubySays::File(path) => statements.extend(from_file(source, path, ruby)?),
        }
    }
    if let Some((text, place)) = bundle.lock.as_ref().and_then(|lock| lock.ruby.as_ref()) {
        match version::lock(text, place.clone()) {
            Err(_) if is_set => {}
            statement => statements.push(statement?),
        }
    }
    Ok(statements)
}

/// What the file says that the Gemfile names.
fn from_file(source: &Source, path: &str, ruby: &Ruby) -> Result<Option<Statement>, Problem> {
    let Some(text) = source.read(path)? else {
        return Err(Problem::invalid(
            format!(
                "there is no file {} to read the version of Ruby from",
                quoted(path)
            ),
            "write the file, or the version itself",
        )
        .at(ruby.place.clone()));
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let statement = match name {
        TOOL_VERSIONS => version::tool_versions(&text, path)?,
        _ => version::version_file(&text, path)?,
    };
    Ok(statement.map(|statement| Statement {
        // Bundler enforces what it says.
        authority: Authority::Gemfile,
        ..statement
    }))
}

fn computed(ruby: &Ruby) -> Problem {
    Problem::invalid(
        format!(
            "{} computes the version of Ruby, and it is not run to find out",
            ruby.place
        ),
        "write the version there as text, or into a file named .ruby-version, or set \
         `ruby_version` in a `customization` of the Appfile",
    )
    .at(ruby.place.clone())
}

fn not_checked(ruby: &Ruby) -> Remark {
    Remark::note(
        format!(
            "{} computes the version of Ruby, so nobody checks that it agrees",
            ruby.place
        ),
        "write the version there as text, or `ruby file: \".ruby-version\"`",
    )
    .at(ruby.place.clone())
}
