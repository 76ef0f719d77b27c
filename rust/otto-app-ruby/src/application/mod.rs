//! What is known of an application: from its files, and from what the user says in the Appfile.

mod bundle;
mod command;
mod files;
#[cfg(test)]
mod tests;

use std::path::Path;

pub(crate) use bundle::Bundle;
pub(crate) use command::{Kind, Program, Surroundings};

use crate::problem::{Problem, Reason, Remark, quoted};
use crate::service::{self, Service};
use crate::settings::Settings;
use crate::source::Source;
use crate::version::Ruby;

/// What follows from the sources, before anybody decides what to run.
#[derive(Debug)]
pub(crate) struct Findings {
    /// `None` if no file says anything.
    pub(crate) ruby: Option<Ruby>,
    pub(crate) services: Vec<Service>,
}

/// All that it takes to run an application.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) name: Name,
    /// The directory of the application: an absolute path.
    pub(crate) dir: String,
    pub(crate) ruby: Ruby,
    /// `None` if there is no Gemfile.
    pub(crate) bundle: Option<Bundle>,
    pub(crate) program: Program,
    pub(crate) services: Vec<Service>,
}

/// The name of an application, in a form that containers, images and networks can have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name(String);

impl Name {
    /// Letters, digits and single dashes, made of what the user calls it.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Problem> {
        const LONGEST: usize = 40;
        let given = match settings.name.is_empty() {
            true => Path::new(&settings.dir)
                .file_name()
                .and_then(|name| name.to_str()),
            false => Some(settings.name.as_str()),
        };
        let given = given.unwrap_or_default();
        let mut name = String::new();
        for character in given.chars() {
            if character.is_ascii_alphanumeric() {
                name.push(character.to_ascii_lowercase());
            } else if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
            if name.len() == LONGEST {
                break;
            }
        }
        let name = name.trim_end_matches('-');
        if name.is_empty() {
            return Err(Problem::invalid(
                format!(
                    "the name {} has no letter that a container can have",
                    quoted(given)
                ),
                "set `name` in the `application` of the Appfile, with letters from a to z",
            )
            .at(settings.place()));
        }
        Ok(Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Findings {
    /// Looks at the sources, and runs nothing.
    pub(crate) fn read(settings: &Settings) -> Result<Self, Problem> {
        let source = open(settings)?;
        let mut remarks = Vec::new();
        let bundle = Bundle::read(&source, &mut remarks)?;
        let ruby = files::ruby(&source, bundle.as_ref(), settings, &mut remarks)?;
        Ok(Self {
            ruby: Some(ruby).filter(|ruby| ruby.place.is_some()),
            services: services(bundle.as_ref(), settings)?,
        })
    }
}

impl Application {
    /// Looks at the sources, and runs nothing.
    pub(crate) fn read(
        settings: &Settings,
        surroundings: Surroundings,
        remarks: &mut Vec<Remark>,
    ) -> Result<Self, Problem> {
        let name = Name::new(settings)?;
        let source = open(settings)?;
        let bundle = Bundle::read(&source, remarks)?;
        let ruby = files::ruby(&source, bundle.as_ref(), settings, remarks)?;
        if ruby.place.is_none() {
            remarks.push(Remark::note(
                format!(
                    "no file says which Ruby to use, so it is the newest {}",
                    ruby.pin
                ),
                "write a version into a file named .ruby-version, so that it stays the same",
            ));
        }
        Ok(Self {
            name,
            dir: settings.dir.clone(),
            program: Program::choose(&source, bundle.as_ref(), settings, surroundings)?,
            services: services(bundle.as_ref(), settings)?,
            ruby,
            bundle,
        })
    }

    /// One line for a person.
    pub(crate) fn summary(&self) -> String {
        let kind = match self.program.kind {
            Kind::Rails => "a Rails application",
            Kind::Rack => "a Rack application",
            Kind::Script => "a Ruby program",
        };
        let mut summary = format!("{} is {kind} on Ruby {}", self.name.as_str(), self.ruby.pin);
        if let Some(place) = &self.ruby.place {
            summary += &format!(" (from {place})");
        }
        if !self.services.is_empty() {
            let names: Vec<_> = self
                .services
                .iter()
                .map(|service| service.kind.name)
                .collect();
            summary += &format!(", with {}", names.join(", "));
        }
        summary
    }
}

fn open(settings: &Settings) -> Result<Source, Problem> {
    let path = Path::new(&settings.dir);
    if !path.is_absolute() {
        return Err(Problem::new(
            Reason::Invalid,
            format!(
                "the path of the application's directory, {}, is not absolute",
                quoted(&settings.dir)
            ),
            "the host is to set the path of the Appfile; report this to those who made it",
        ));
    }
    Source::open(path)
}

fn services(bundle: Option<&Bundle>, settings: &Settings) -> Result<Vec<Service>, Problem> {
    let gems = bundle.map(Bundle::gems).unwrap_or_default();
    service::needed(&gems, settings)
}
