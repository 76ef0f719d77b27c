//! What holds when two sides say something of an application.
//!
//! One side wins: the user before a plugin, and the file that imports before the one that is
//! imported. What it does not say is taken from the other side.

use std::collections::{HashMap, HashSet};

use otto_plugin::bindings::appfile::{Appfile, Application, Customization, Infrastructure};

use super::mark::Marks;

/// Puts `other` below `mine`, which wins.
///
/// The fields of the application are taken one by one, and the project as a whole. Dependencies are
/// told apart by their sources. Infrastructures are told apart by their names, and the foundations
/// of one are taken as a whole. The customizations of a type are taken from one side. What is
/// `mine` stands first. `id`, `path`, `source` and `imports` are `mine`.
pub(super) fn under(mine: Appfile, other: Appfile) -> Appfile {
    Appfile {
        application: application(mine.application, other.application),
        project: mine.project.or(other.project),
        infrastructure: infrastructures(mine.infrastructure, other.infrastructure),
        customization: customizations(mine.customization, other.customization),
        id: mine.id,
        path: mine.path,
        source: mine.source,
        imports: mine.imports,
    }
}

/// The marks of what [`under`] makes of `said`, to which `mine` belongs, and another side.
pub(super) fn marks(mut mine: Marks, other: Marks, said: &Appfile) -> Marks {
    for (source, mark) in other.dependencies {
        mine.dependencies.entry(source).or_insert(mark);
    }
    for (name, mark) in other.infrastructures {
        mine.infrastructures.entry(name).or_insert(mark);
    }
    if said.project.is_none() {
        mine.project_infrastructure = other.project_infrastructure;
    }
    mine
}

fn application(mine: Application, other: Application) -> Application {
    let mut dependencies = mine.dependencies;
    let mut known: HashSet<_> = dependencies.iter().map(|d| d.source.clone()).collect();
    for dependency in other.dependencies {
        if known.insert(dependency.source.clone()) {
            dependencies.push(dependency);
        }
    }
    Application {
        name: filled(mine.name, other.name),
        r#type: filled(mine.r#type, other.r#type),
        detect: mine.detect || other.detect,
        dependencies,
    }
}

fn infrastructures(
    mut mine: Vec<Infrastructure>,
    other: Vec<Infrastructure>,
) -> Vec<Infrastructure> {
    let names = mine.iter().map(|mine| mine.name.clone());
    let places: HashMap<_, _> = names.zip(0..).collect();
    for other in other {
        let place = places.get(&other.name);
        let Some(mine) = place.and_then(|place: &usize| mine.get_mut(*place)) else {
            mine.push(other);
            continue;
        };
        mine.r#type = filled(std::mem::take(&mut mine.r#type), other.r#type);
        mine.flavor = filled(std::mem::take(&mut mine.flavor), other.flavor);
        if mine.foundations.is_empty() {
            mine.foundations = other.foundations;
        }
    }
    mine
}

fn customizations(
    mut mine: Vec<Customization>,
    mut other: Vec<Customization>,
) -> Vec<Customization> {
    let types: HashSet<_> = mine.iter().map(|mine| mine.r#type.clone()).collect();
    other.retain(|other| !types.contains(&other.r#type));
    mine.append(&mut other);
    mine
}

fn filled(mine: String, other: String) -> String {
    if mine.is_empty() { other } else { mine }
}
