//! Recordings of sessions: their form, how they are made, and how they are shown.
//!
//! A recording holds no secret of which the schema says that it is one (`wire/secret.rs`), and no
//! token. With `--raw` it holds every byte.

mod between;
mod json;
mod launcher;
mod reader;
mod recording;
mod session;
mod text;
mod tree;
mod words;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

pub(crate) use between::{Between, between};
pub(crate) use launcher::write as write_launcher;
pub(crate) use recording::Line;

use crate::report::Screen;
use json::Json;
use reader::{Item, NotARecording, Reader};
use text::Text;

/// How a recording is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// An object in each line, for programs
    Json,
}

/// Why a recording was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrintError {
    /// There is nothing to print.
    #[error("{0}")]
    Recording(String),
    /// Nobody reads what is printed.
    #[error(transparent)]
    Screen(io::Error),
}

/// Prints a recording.
pub(crate) fn print(screen: &mut Screen, file: &Path, format: Format) -> Result<(), PrintError> {
    let wrong = |why: NotARecording| PrintError::Recording(format!("{}: {why}", file.display()));
    let opened = File::open(file).map_err(|error| wrong(error.into()))?;
    let (mut reader, head) = Reader::open(BufReader::new(opened)).map_err(wrong)?;
    let mut item = Some(Item::Line(Line::Head(head)));
    let mut next = || reader.next().map_err(|error| wrong(error.into()));
    match format {
        Format::Text => {
            let mut text = Text::new(screen);
            while let Some(line) = item {
                text.take(line).map_err(PrintError::Screen)?;
                item = next()?;
            }
            text.finish().map_err(PrintError::Screen)
        }
        Format::Json => {
            let mut json = Json::new(screen);
            while let Some(line) = item {
                json.take(&line).map_err(PrintError::Screen)?;
                item = next()?;
            }
            json.finish().map_err(PrintError::Screen)
        }
    }
}
