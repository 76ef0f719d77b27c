//! What is said between the suite and the process that runs a case, and the side of the latter.
//!
//! A case has a process to itself so that the orphans which the system gives to it are this case's,
//! and that a panic, or a loop, is this case's too. The process reads a job from its standard input,
//! and writes what came of it to its standard output, a line of JSON each, with an empty line before
//! it now and then if it takes long, but goes on. It cleans up and ends
//! when its standard input does, since whoever started it is gone then.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::thread;

use serde::{Deserialize, Serialize};

use super::case;
use crate::catalogue::{self, Case, Observation};
use crate::report::{Artifacts, Details, FILES};
use crate::settings::{Settings, Trace};
use crate::verdict::{Reason, Verdict};
use crate::{panics, process};

/// What a process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job<S> {
    pub(super) settings: S,
    pub(super) case: String,
    /// [`Settings::silent`].
    pub(super) silent: Option<String>,
    /// The directory of the run, below which that of the case lies.
    pub(super) directory: PathBuf,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Option<Reason>,
    pub(crate) seconds: f64,
    pub(crate) details: Details,
    pub(crate) silent: Option<String>,
    /// Whether it did not wait for an ordinary start, since another case had done so in vain. The
    /// suite knows that, and not the process.
    #[serde(skip)]
    pub(crate) untried: bool,
}

impl Done {
    /// The suite failed.
    pub(super) fn harness(error: impl Into<String>) -> Self {
        Self::without_a_run(Verdict::Harness, error)
    }

    fn without_a_run(verdict: Verdict, error: impl Into<String>) -> Self {
        let details = Details {
            error: Some(error.into()),
            ..Details::default()
        };
        Self {
            verdict,
            reason: None,
            seconds: 0.0,
            details,
            silent: None,
            untried: false,
        }
    }
}

/// Does the job that is on standard input.
pub(crate) fn work() -> io::Result<()> {
    panics::keep();
    process::adopt_orphans()?;
    process::leave_no_core_files()?;
    // capnp-rpc prints some errors to stdout, where the record already has what led to them.
    let answer = process::take_stdout()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    process::on_signals(|| {
        process::clean_up();
        process::exit_interrupted();
    })?;
    let job: Job<Settings> = serde_json::from_str(&line)?;
    let directory = job.directory.clone();
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            process::clean_up();
            // Of the suite's own, this is left if it was killed. The last worker finds it empty.
            let _ = fs::remove_dir(directory);
            process::exit_interrupted();
        })?;
    let beat = || {
        let _ = writeln!(&answer);
    };
    let done = match catalogue::find(&job.case) {
        Some(case) => run(&job, case, beat),
        None => Done::harness(format!("there is no case {}", job.case)),
    };
    writeln!(&answer, "{}", serde_json::to_string(&done)?)
}

fn run(job: &Job<Settings>, case: &Case, beat: impl Fn()) -> Done {
    let settings = &job.settings;
    if settings.attach
        && let Some(why) = is_hidden_from_a_debugger(case)
    {
        return Done::without_a_run(Verdict::Untestable, why);
    }
    if let Some(told) = &job.silent {
        let _ = settings.silent.set(told.clone());
    }
    let artifacts = Artifacts::of(settings, &case.id);
    let outcome = match case::run(settings, case, beat) {
        Ok(outcome) => outcome,
        Err(error) => return Done::harness(error),
    };
    let (verdict, reason) = outcome.verdict();
    let mut details = Details::of(&outcome);
    let is_kept = match settings.trace {
        Trace::All => true,
        Trace::Fail => verdict != Verdict::Pass,
        Trace::None => false,
    };
    if is_kept {
        match artifacts.write(&outcome) {
            Ok(()) => details.recorded(artifacts.directory(), &FILES),
            Err(error) => {
                let directory = artifacts.directory().display();
                details.error = Some(format!("no record: {directory}: {error}"));
            }
        }
    }
    Done {
        verdict,
        reason,
        seconds: outcome.elapsed.as_secs_f64(),
        details,
        silent: settings.silent.get().cloned(),
        untried: false,
    }
}

/// Why a case cannot be tried with a plugin that this suite has not started, if it cannot.
fn is_hidden_from_a_debugger(case: &Case) -> Option<String> {
    let hidden = case.observation.iter().find(|observation| {
        matches!(
            observation,
            Observation::Process | Observation::Output | Observation::Files
        )
    })?;
    let id = &case.id;
    Some(format!(
        "{id} looks at the {hidden} of the plugin, and so has to start it"
    ))
}
