//! `otto-conformance run`

use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::plugin::{self, Unusable};
use super::select::select;
use crate::baseline::Baseline;
use crate::catalogue::{self, Case};
use crate::cli::RunArgs;
use crate::report::{
    Event, Outcome, Plugin, Reports, RunEnded, RunStarted, Screen, VERSION, harmless,
};
use crate::runner::{self, Plan, Results};
use crate::settings::{Settings, Trace};
use crate::verdict::{Summary, Verdict};
use crate::{exit, process, protocol};

/// How many cases run side by side at most, if the user does not say.
const MOST_JOBS: usize = 4;

/// Runs cases against a plugin.
pub(crate) fn run(screen: &mut Screen, args: RunArgs) -> u8 {
    match try_run(screen, args) {
        Ok(code) => code,
        Err(Unusable { code, message }) => {
            screen.tell(format_args!("error: {message}"));
            code
        }
    }
}

fn usage(message: String) -> Unusable {
    Unusable {
        code: exit::USAGE,
        message,
    }
}

fn harness(error: impl std::fmt::Display) -> Unusable {
    Unusable {
        code: exit::HARNESS,
        message: format!("this system cannot be prepared: {error}"),
    }
}

fn try_run(screen: &mut Screen, args: RunArgs) -> Result<u8, Unusable> {
    let cases = select(&args.cases).map_err(usage)?;
    if args.attach && cases.len() != 1 {
        return Err(usage(
            "--attach is for one case, since you start the plugin for each: name it with --case"
                .to_owned(),
        ));
    }
    let baseline = Baseline::load(args.baseline.as_deref()).map_err(usage)?;
    prepare().map_err(harness)?;
    let jobs = args.jobs.map_or_else(usual_jobs, usize::from);
    let write_baseline = args.write_baseline;
    let verbose = args.verbose;
    let formats = args.formats.clone();
    let settings = settings(args)?;
    plugin::try_start(&settings)?;
    let sha256 = plugin::sha256(&settings.plugin)
        .map_err(|error| usage(harmless(&format!("{}: {error}", settings.named))))?;
    let directory = process::PrivateDir::new().map_err(harness)?;
    let mut reports = Reports::open(screen, &formats, &settings, verbose).map_err(usage)?;
    let plan = Plan {
        settings: &settings,
        cases: &cases,
        baseline: &baseline,
        jobs,
        directory: directory.path(),
    };
    reports.tell(&Event::RunStarted(started(&plan, sha256)));
    let began = Instant::now();
    let mut results = runner::run(&plan, &mut reports);
    let ended = ended(&baseline, &mut results, began);
    reports.tell(&Event::RunEnded(ended));
    if reports.has_failed() && !results.summary.interrupted {
        return Ok(exit::HARNESS);
    }
    if write_baseline && results.summary.interrupted {
        // What has no verdict would be taken for what passes, or be left out.
        screen.tell(format_args!(
            "the baseline is not written: the run was interrupted"
        ));
    } else if write_baseline {
        write(screen, &baseline, &results);
    }
    Ok(results.summary.exit_code())
}

/// Sees to it that nothing is lost, whatever happens.
fn prepare() -> std::io::Result<()> {
    process::adopt_orphans()?;
    let mut asked = false;
    process::on_signals(move || {
        if asked {
            process::clean_up();
            process::exit_interrupted();
        }
        asked = true;
        runner::end_all();
    })
}

fn settings(args: RunArgs) -> Result<Settings, Unusable> {
    Ok(Settings {
        plugin: plugin::find(&args.plugin)?,
        named: args.plugin.display().to_string(),
        wrap: args.wrap.map_or_else(Vec::new, |words| words.0),
        attach: args.attach,
        environment: args.environment,
        timeout_scale: args.timeout_scale,
        lives: args.lives,
        calls: args.calls,
        mutations: args.mutations,
        seed: args.seed.unwrap_or_else(any_seed),
        strict: args.strict,
        artifacts: args.artifacts,
        trace: match args.trace {
            Some(trace) => trace,
            None if args.verbose => Trace::All,
            None => Trace::Fail,
        },
        silent: OnceLock::new(),
    })
}

fn usual_jobs() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_JOBS))
}

fn any_seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}

fn started(plan: &Plan<'_>, sha256: String) -> RunStarted {
    let Plan { settings, .. } = plan;
    let system = rustix::system::uname();
    let word = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    RunStarted {
        format: "otto-conformance-events",
        version: VERSION,
        suite: env!("CARGO_PKG_VERSION"),
        protocol: protocol::VERSION,
        plugin: Plugin {
            named: settings.named.clone(),
            path: settings.plugin.display().to_string(),
            sha256,
        },
        seed: format!("{:#x}", settings.seed),
        os: [system.sysname(), system.release(), system.machine()]
            .map(word)
            .join(" "),
        time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        cases: plan.cases.len(),
        of: catalogue::cases().len(),
        jobs: plan.jobs,
        timeout_scale: settings.timeout_scale,
        strict: settings.strict,
        baseline: plan.baseline.file().map(|file| file.display().to_string()),
    }
}

fn ended(baseline: &Baseline, results: &mut Results, began: Instant) -> RunEnded {
    results.problems.extend(baseline.problems());
    let mistakes = results
        .problems
        .iter()
        .filter(|problem| problem.is_a_mistake());
    results.summary.mistakes = mistakes.clone().count();
    let summary = &results.summary;
    RunEnded {
        outcome: outcome(summary, catalogue::cases()),
        exit_code: summary.exit_code(),
        counts: summary.counts.clone(),
        seconds: began.elapsed().as_secs_f64(),
        baseline: baseline.file().map_or_else(Vec::new, |file: &Path| {
            mistakes
                .map(|problem| harmless(&problem.describe(file)))
                .collect()
        }),
        edit: baseline.edit(&results.problems),
    }
}

/// What the run says of the plugin: a part of the cases, or an exception, is no certificate.
fn outcome(summary: &Summary, all: &[Case]) -> Outcome {
    let passed = summary.count(|verdict| matches!(verdict, Verdict::Pass | Verdict::Warn));
    match summary.exit_code() {
        exit::OK if passed == all.len() => Outcome::Conformant,
        exit::OK => Outcome::Partial,
        exit::NON_CONFORMANT => Outcome::NonConformant,
        _ => Outcome::Unknown,
    }
}

fn write(screen: &mut Screen, baseline: &Baseline, results: &Results) {
    match baseline.write(&results.problems) {
        Ok(Some(file)) => screen.tell(format_args!(
            "{file} is written; where an issue is empty, say where the failure is mended"
        )),
        Ok(None) => screen.tell(format_args!("the baseline is right, and stays as it is")),
        Err(error) => screen.tell(format_args!("error: the baseline is not written: {error}")),
    }
}
