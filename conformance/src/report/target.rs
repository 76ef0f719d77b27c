//! The reports for machines, and where they go.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::Report;
use super::github::GitHub;
use super::html::Html;
use super::json::Json;
use super::junit::JUnit;

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    #[value(name = "junit")]
    JUnit,
    Html,
    #[value(name = "github")]
    GitHub,
}

/// A kind of report, and the file it goes to. None is standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("there is no file after the =".to_owned()),
            Some((name, file)) => (name, Some(file.into())),
            None => (text, None),
        };
        let format = Format::from_str(name, false)
            .map_err(|_| format!("{name} is none of json, junit, html and github"))?;
        Ok(Self { format, file })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.format.to_possible_value();
        let name = name.as_ref().map_or("report", |value| value.get_name());
        match &self.file {
            Some(file) => write!(f, "{name} in {}", file.display()),
            None => write!(f, "{name} on standard output"),
        }
    }
}

impl Target {
    pub(super) fn is_stdout(&self) -> bool {
        self.file.is_none()
    }

    /// Opens the file, and begins the report. `taken` has the device and the number of each file of
    /// the run, since two names can be those of one file.
    pub(super) fn open(&self, taken: &mut BTreeSet<(u64, u64)>) -> Result<Box<dyn Report>, String> {
        let writer: Box<dyn Write> = match &self.file {
            Some(path) => {
                let named = |error: io::Error| format!("{}: {error}", path.display());
                let file = File::create(path).map_err(named)?;
                let known = file.metadata().map_err(named)?;
                if known.is_file() && !taken.insert((known.dev(), known.ino())) {
                    let path = path.display();
                    return Err(format!("{path}: two formats cannot share a file"));
                }
                Box::new(file)
            }
            None => Box::new(io::stdout()),
        };
        Ok(match self.format {
            Format::Json => Box::new(Json::new(writer)),
            Format::JUnit => Box::new(JUnit::new(writer)),
            Format::Html => Box::new(Html::new(writer)),
            Format::GitHub => Box::new(GitHub::new(writer)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_format_and_perhaps_a_file() {
        let json: Target = "json".parse().expect("a target");
        assert!(json.is_stdout());
        let junit: Target = "junit=a=b.xml".parse().expect("a target");
        assert_eq!(junit.to_string(), "junit in a=b.xml");
        assert!("tap".parse::<Target>().is_err());
        assert!("html=".parse::<Target>().is_err());
    }
}
