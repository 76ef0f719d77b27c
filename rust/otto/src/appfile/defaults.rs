//! What holds when nobody said anything.

use std::path::Path;

use otto_plugin::bindings::appfile::{Appfile, Infrastructure};

use super::Written;
use super::error::AppfileError;
use super::fault::{Fault, FaultKind};
use super::name::Name;
use super::quoted::quoted;
use super::reader::nearest;

/// The type and the flavor of an infrastructure: they work without an account anywhere.
const TYPE: &str = "local";
const FLAVOR: &str = "simple";

pub(super) fn complete(written: &Written) -> Result<Appfile, AppfileError> {
    let mut appfile = written.appfile.clone();
    let path = Path::new(&written.appfile.path);
    let directory = path.parent().unwrap_or(path);
    let application = &mut appfile.application;
    if application.name.is_empty() {
        let example = "application { name = \"shop\" }";
        application.name = name(directory, "an application", example)?;
    }
    application.detect = application.r#type.is_empty();
    let project = appfile.project.get_or_insert_default();
    if project.name.is_empty() {
        project.name = name(directory, "a project", "project { name = \"shop\" }")?;
    }
    if project.infrastructure.is_empty() {
        project.infrastructure = match appfile.infrastructure.as_slice() {
            [] => {
                let example = "infrastructure \"mine\" { type = \"local\" }";
                let name = name(directory, "an infrastructure", example)?;
                appfile.infrastructure.push(Infrastructure {
                    name: name.clone(),
                    ..Infrastructure::default()
                });
                name
            }
            [one] => one.name.clone(),
            several => return Err(undecided(written, several)),
        };
    } else {
        let mut names = appfile.infrastructure.iter().map(|one| one.name.as_str());
        if !names.any(|name| name == project.infrastructure) {
            return Err(unknown(written, &project.infrastructure));
        }
    }
    for infrastructure in &mut appfile.infrastructure {
        for (field, default) in [
            (&mut infrastructure.r#type, TYPE),
            (&mut infrastructure.flavor, FLAVOR),
        ] {
            if field.is_empty() {
                *field = default.to_owned();
            }
        }
    }
    Ok(appfile)
}

/// The name of a directory, for something that nobody has named.
fn name(
    directory: &Path,
    what: &'static str,
    example: &'static str,
) -> Result<String, AppfileError> {
    let name = directory.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    match Name::Free.fault(name) {
        None => Ok(name.to_owned()),
        Some(reason) => Err(AppfileError::DirectoryName {
            path: directory.to_owned(),
            what,
            reason,
            example,
        }),
    }
}

fn undecided(written: &Written, several: &[Infrastructure]) -> AppfileError {
    let mut marks = several
        .iter()
        .filter_map(|one| written.marks.infrastructures.get(&one.name));
    AppfileError::Fault(Box::new(Fault {
        kind: FaultKind::Undecided {
            count: several.len(),
        },
        mark: marks.next().cloned(),
        first: None,
    }))
}

fn unknown(written: &Written, name: &str) -> AppfileError {
    let known = &written.appfile.infrastructure;
    let help = match nearest(name, known.iter().map(|one| one.name.as_str())) {
        Some(nearest) => format!("did you mean {}?", quoted(nearest)),
        None => format!(
            "write `infrastructure \"{}\" {{ type = \"local\" }}`",
            name.escape_debug()
        ),
    };
    AppfileError::Fault(Box::new(Fault {
        kind: FaultKind::NoInfrastructure {
            name: name.to_owned(),
            help,
        },
        mark: written.marks.project_infrastructure.clone(),
        first: None,
    }))
}
