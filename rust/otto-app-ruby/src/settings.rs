//! What the user says of an application in the Appfile, as far as it is for this plugin.

use std::collections::BTreeMap;

use crate::problem::Place;

/// What is set. What is not is found out from the application's files.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// The name of the application, as the user writes it.
    pub(crate) name: String,
    /// The directory of the application: an absolute path.
    pub(crate) dir: String,
    /// The name of the Appfile, for errors.
    pub(crate) appfile: String,
    /// Whether it is said to be a Rails application.
    pub(crate) rails: bool,
    pub(crate) ruby_version: Option<String>,
    /// What runs the application, instead of what would be chosen.
    pub(crate) command: Option<Vec<String>>,
    /// Where it listens.
    pub(crate) port: Option<u16>,
    /// Where it is deployed to: an absolute path.
    pub(crate) deploy_dir: Option<String>,
    /// What is in the environment of the application while it is developed.
    pub(crate) dev_environment: BTreeMap<String, String>,
    /// The services that are asked for, with their versions where those are.
    pub(crate) services: BTreeMap<String, Option<String>>,
}

impl Settings {
    /// A place in the Appfile, of which the lines are not known here.
    pub(crate) fn place(&self) -> Place {
        Place::new(self.appfile.clone(), 0)
    }
}
