//! `otto-conformance run`

use std::cell::OnceCell;
use std::fs::OpenOptions;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::plugin;
use crate::catalogue::{self, Case, Connection};
use crate::cli::RunArgs;
use crate::report::{self, Artifacts, Screen};
use crate::settings::Settings;
use crate::verdict::{Reason, Summary, Verdict};
use crate::{exit, panics, process, runner};

/// Runs cases against a plugin.
pub(crate) fn run(screen: &mut Screen, args: RunArgs) -> u8 {
    let cases = match select(&args.cases) {
        Ok(cases) => cases,
        Err(message) => {
            screen.tell(format_args!("error: {message}"));
            return exit::USAGE;
        }
    };
    if let Err(error) = prepare() {
        screen.tell(format_args!(
            "error: this system cannot be prepared: {error}"
        ));
        return exit::HARNESS;
    }
    let found =
        plugin::find(&args.plugin).and_then(|plugin| plugin::try_start(&plugin).map(|()| plugin));
    let plugin = match found {
        Ok(plugin) => plugin,
        Err(unusable) => {
            screen.tell(format_args!("error: {}", unusable.message));
            return unusable.code;
        }
    };
    let settings = Settings {
        plugin,
        named: args.plugin.display().to_string(),
        environment: args.environment,
        timeout_scale: args.timeout_scale,
        lives: args.lives,
        mutations: args.mutations,
        seed: args.seed.unwrap_or_else(any_seed),
        strict: args.strict,
        artifacts: args.artifacts,
        verbose: args.verbose,
        silent: OnceCell::new(),
    };
    run_all(screen, &settings, &cases).exit_code()
}

/// The cases of these ids, in the order of the catalogue. All, if there are no ids.
fn select(ids: &[String]) -> Result<Vec<&'static Case>, String> {
    if let Some(unknown) = ids.iter().find(|id| catalogue::find(id).is_none()) {
        return Err(format!(
            "there is no case {unknown}; otto-conformance list shows all"
        ));
    }
    let cases = catalogue::cases().iter();
    Ok(cases
        .filter(|case| ids.is_empty() || ids.contains(&case.id))
        .collect())
}

/// Sees to it that nothing is lost, whatever happens, and nothing is printed but by the reports.
fn prepare() -> std::io::Result<()> {
    panics::keep();
    process::clean_up_on_signals()?;
    process::adopt_orphans()?;
    // capnp-rpc prints some errors to stdout, where the record already has what led to them.
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(nowhere)?;
    Ok(())
}

fn any_seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ now.as_secs()
}

fn run_all(screen: &mut Screen, settings: &Settings, cases: &[&'static Case]) -> Summary {
    let began = Instant::now();
    let mut summary = Summary::default();
    report::begin(screen, settings, cases);
    let mut no_start = None;
    for case in cases {
        let verdict = run_one(screen, settings, case, no_start);
        if is_no_start(case, verdict) {
            no_start.get_or_insert(case.id.as_str());
        }
        summary.verdicts.push((case.id.clone(), verdict));
    }
    summary.elapsed = began.elapsed();
    if summary.passed() < cases.len() || settings.verbose {
        let written = report::write_report(&settings.artifacts, &settings.named, &summary);
        if let Err(error) = written {
            screen.tell(format_args!("warning: no report.json: {error}"));
        }
    }
    report::end(screen, &summary);
    summary
}

/// Runs a case, and tells what came of it: all of it, or, if the block of the case `no_start` has
/// told already why a start fails, only that it does.
fn run_one(
    screen: &mut Screen,
    settings: &Settings,
    case: &Case,
    no_start: Option<&str>,
) -> Verdict {
    let artifacts = Artifacts::of(settings, &case.id);
    let outcome = match runner::run(settings, case) {
        Ok(outcome) => outcome,
        Err(error) => {
            report::case(screen, case, Verdict::Harness, std::time::Duration::ZERO);
            screen.tell(format_args!("  error     {error}"));
            return Verdict::Harness;
        }
    };
    let verdict = outcome.verdict();
    report::case(screen, case, verdict, outcome.elapsed);
    let failed = verdict != Verdict::Pass;
    let kept = failed || settings.verbose;
    let written = if kept {
        artifacts.write(&outcome)
    } else {
        Ok(())
    };
    if let Err(error) = &written {
        screen.tell(format_args!(
            "warning: no record: {}: {error}",
            artifacts.display()
        ));
    }
    let record = (kept && written.is_ok()).then(|| artifacts.display());
    if let Some(told) = no_start
        && is_no_start(case, verdict)
    {
        report::repeat_failure(screen, &outcome, told);
    } else if failed {
        report::explain_failure(screen, &outcome, record.as_deref());
    } else if settings.verbose {
        report::show_steps(screen, &outcome);
    }
    verdict
}

/// Whether nothing of the case itself was tried, since an ordinary start fails.
fn is_no_start(case: &Case, verdict: Verdict) -> bool {
    let is_ordinary = case.connection == Connection::Inherited;
    is_ordinary
        && matches!(
            verdict,
            Verdict::Fail(Reason::ControlFailed | Reason::NoSession)
        )
}
