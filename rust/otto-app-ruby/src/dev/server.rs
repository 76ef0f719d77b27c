//! What runs an application.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::application::{Application, Program, Surroundings};
use crate::problem::{Problem, Reason, quoted};
use crate::settings::Settings;

/// A program that can be started on this machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// Its name as it was written, and its arguments.
    pub(crate) command: Vec<String>,
    /// The file to execute.
    pub(crate) file: PathBuf,
    /// The directory of the application.
    pub(crate) dir: String,
    /// What is added to the environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Where it is going to listen. `None` if it is not known to.
    pub(crate) port: Option<u16>,
    /// The services that it needs and is told nothing of, with the variables that would tell it.
    pub(crate) untold: Vec<(&'static str, &'static str)>,
}

impl Server {
    /// Chooses what runs the application, with `port` unless the user says which, and looks for it
    /// on `path`. An error of kind [`Reason::Unavailable`] says what is to be installed.
    pub(crate) fn find(
        settings: &Settings,
        port: u16,
        path: Option<&OsStr>,
    ) -> Result<Self, Problem> {
        // The compile has shown what there is to remark.
        let here = Surroundings::Here { port };
        let application = Application::read(settings, here, &mut Vec::new())?;
        let Program {
            kind,
            command,
            port,
        } = application.program;
        if settings.command.is_none() {
            look_for("ruby", path, &settings.dir)?;
        }
        let program = command.first().map(String::as_str).unwrap_or_default();
        let file = look_for(program, path, &settings.dir)?;
        let mut environment = environment(settings, kind.variable());
        if let Some(port) = port {
            environment
                .entry("PORT".to_owned())
                .or_insert_with(|| port.to_string());
        }
        let untold = application
            .services
            .iter()
            .map(|service| (service.kind.name, service.variable))
            .filter(|(_, variable)| !environment.contains_key(*variable))
            .collect();
        Ok(Self {
            untold,
            name: application.name.as_str().to_owned(),
            command,
            file,
            dir: application.dir,
            environment,
            port,
        })
    }
}

/// The environment of a program that belongs to an application that is developed. What the user
/// sets comes first.
pub(crate) fn environment(settings: &Settings, variable: &str) -> BTreeMap<String, String> {
    let mut environment = settings.dev_environment.clone();
    environment
        .entry(variable.to_owned())
        .or_insert_with(|| "development".to_owned());
    environment
}

fn look_for(program: &str, path: Option<&OsStr>, dir: &str) -> Result<PathBuf, Problem> {
    which::which_in(program, path, dir).map_err(|_| {
        let help = match program {
            "ruby" => {
                "install Ruby, such as with `apt-get install ruby`, or with a version manager, \
                 and see that it is on the PATH"
                    .to_owned()
            }
            "bundle" => "install Bundler with `gem install bundler`, and then the gems of the \
                         application with `bundle install`"
                .to_owned(),
            "puma" | "falcon" | "unicorn" | "pitchfork" | "passenger" | "thin" | "iodine"
            | "rails" => format!(
                "install it with `gem install {program}`, or write a lock file with `bundle \
                 install`, so that Bundler runs it"
            ),
            "rackup" => "install it with `gem install rackup`, or write a lock file with `bundle \
                         install`, so that Bundler runs it"
                .to_owned(),
            _ => "install it, or correct `command` in a `customization` of the Appfile".to_owned(),
        };
        Problem::new(
            Reason::Unavailable,
            format!(
                "{} is needed to run the application, and is not on the PATH",
                quoted(program)
            ),
            help,
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    /// An application, and a directory with programs.
    fn sample(files: &[(&str, &str)], programs: &[&str]) -> (TempDir, TempDir, Settings) {
        let dir = tempfile::tempdir().unwrap();
        for (name, contents) in files {
            fs::write(dir.path().join(name), contents).unwrap();
        }
        let path = tempfile::tempdir().unwrap();
        for program in programs {
            let file = path.path().join(program);
            fs::write(&file, "").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let settings = Settings {
            name: "shop".into(),
            dir: dir.path().to_str().unwrap().into(),
            appfile: "Appfile".into(),
            ..Settings::default()
        };
        (dir, path, settings)
    }

    fn find(settings: &Settings, path: &Path) -> Result<Server, Problem> {
        Server::find(settings, 4321, Some(path.as_os_str()))
    }

    const RACK: [(&str, &str); 2] = [("config.ru", ""), ("Gemfile", "gem 'puma'\ngem 'pg'\n")];

    #[test]
    fn a_server_is_told_its_port_and_what_it_is_developed_with() {
        let (_dir, path, mut settings) = sample(&RACK, &["ruby", "puma"]);
        let server = find(&settings, path.path()).unwrap();
        assert_eq!(server.file, path.path().join("puma"));
        assert_eq!(server.command, ["puma", "-b", "tcp://127.0.0.1:4321"]);
        assert_eq!(server.port, Some(4321));
        assert_eq!(server.environment["PORT"], "4321");
        assert_eq!(server.environment["RACK_ENV"], "development");
        assert_eq!(server.untold, [("postgresql", "DATABASE_URL")]);

        let set = [("DATABASE_URL", "x"), ("RACK_ENV", "test"), ("PORT", "1")];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        settings.dev_environment = BTreeMap::from(set.clone());
        let server = find(&settings, path.path()).unwrap();
        assert_eq!(server.environment, BTreeMap::from(set));
        assert_eq!(server.untold, []);
    }

    #[test]
    fn a_program_that_is_missing_is_an_error_that_says_what_to_install() {
        for (programs, missing, help) in [
            (&["puma"][..], "`ruby`", "apt-get install ruby"),
            (&["ruby"][..], "`puma`", "gem install puma"),
        ] {
            let (_dir, path, settings) = sample(&RACK, programs);
            let problem = find(&settings, path.path()).unwrap_err();
            assert_eq!(problem.reason, Reason::Unavailable);
            assert!(problem.message.contains(missing), "{}", problem.message);
            assert!(problem.help.contains(help), "{}", problem.help);
        }
    }

    #[test]
    fn a_command_that_is_set_need_not_be_ruby_and_may_be_the_applications_own() {
        let (dir, path, mut settings) = sample(&[("app.rb", ""), ("serve", "")], &[]);
        let serve = dir.path().join("serve");
        fs::set_permissions(&serve, fs::Permissions::from_mode(0o755)).unwrap();
        settings.command = Some(vec!["./serve".into(), "now".into()]);
        let server = find(&settings, path.path()).unwrap();
        assert_eq!(server.file, dir.path().join("./serve"));
        assert_eq!(server.port, None);
    }
}
