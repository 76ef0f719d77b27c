//! A plugin that breaks one rule of the protocol, the one that `OTTO_MUTANT` names. Without that it
//! breaks none, and neither does it with a name that begins with `may`.
//!
//! It is written on Cap'n Proto alone, so that the suite is not tried with the library that it is
//! to judge.

mod app;
mod defect;
mod dial;
mod inherited;
mod leak;
mod plugin;
mod serve;
mod signals;
mod socket;
mod start;
mod stream;

use std::process::ExitCode;

use defect::Defect;

fn main() -> ExitCode {
    match Defect::from_environment() {
        Ok(defect) => start::start(defect),
        Err(message) => {
            start::say(&message);
            ExitCode::from(2)
        }
    }
}
