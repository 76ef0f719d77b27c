//! Which case runs when, and what its verdict is in the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use super::job::Done;
use super::worker;
use crate::baseline::{Baseline, Problem};
use crate::catalogue::{Case, Connection};
use crate::report::{CaseEnded, CaseStarted, Event, Reports};
use crate::settings::Settings;
use crate::verdict::{Summary, Verdict};

/// What is to be run, and how.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) cases: &'a [&'static Case],
    pub(crate) baseline: &'a Baseline,
    /// How many cases run side by side.
    pub(crate) jobs: usize,
    /// Where the directories of the cases lie.
    pub(crate) directory: &'a Path,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) summary: Summary,
    /// What is wrong with the baseline.
    pub(crate) problems: Vec<Problem>,
}

/// Runs the cases: first, side by side, those that do not mind; then those whose times count, each
/// alone; and then, alone, those of the first that failed, and all that were not tried since a start
/// before them was not answered, which may have been an accident.
///
/// Their beginnings are told as they happen, and their ends in this order, within it in that of the
/// catalogue, whichever comes first.
pub(crate) fn run(plan: &Plan<'_>, reports: &mut Reports<'_>) -> Results {
    let (alone, beside): (Vec<_>, Vec<_>) = plan.cases.iter().partition(|case| case.serial);
    let clock = Clock {
        began: Instant::now(),
        silent: Mutex::default(),
    };
    let mut teller = Teller {
        plan,
        reports,
        again: Vec::new(),
        results: Results::default(),
    };
    lane(&mut teller, &clock, &beside, plan.jobs);
    lane(&mut teller, &clock, &alone, 1);
    // Alone, an ordinary start may be answered after all.
    clock.take_silent();
    teller.run_again(&clock);
    teller.results.summary.interrupted = worker::is_ending();
    teller.results
}

/// What the lanes have in common.
struct Clock {
    began: Instant,
    /// What the first case has told that waited for an ordinary start in vain.
    silent: Mutex<Option<String>>,
}

impl Clock {
    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn take_silent(&self) -> Option<String> {
        self.silent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Runs a case. None if the suite is being ended.
    fn run(&self, plan: &Plan<'_>, case: &Case) -> Option<Done> {
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        let told = silent().clone();
        let was_told = told.is_some();
        let mut done = worker::run(plan.settings, case, told, plan.directory)?;
        done.untried = was_told && done.verdict == Verdict::NotRun;
        if let Some(told) = &done.silent {
            silent().get_or_insert_with(|| told.clone());
        }
        Some(done)
    }
}

enum News {
    Begun(f64),
    /// None if the case is skipped.
    Ended(Option<Box<Done>>),
}

/// Runs cases, as many at once as there are jobs.
fn lane(teller: &mut Teller<'_, '_>, clock: &Clock, cases: &[&'static Case], jobs: usize) {
    let plan = teller.plan;
    let jobs = jobs.min(cases.len());
    let next = AtomicUsize::new(0);
    let work = |sender: mpsc::Sender<(usize, News)>| {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(case) = cases.get(index)
        {
            let _ = sender.send((index, News::Begun(clock.now())));
            let done = match plan.baseline.skip(&case.id) {
                Some(_) => None,
                None => match clock.run(plan, case) {
                    Some(done) => Some(Box::new(done)),
                    None => return,
                },
            };
            let _ = sender.send((index, News::Ended(done)));
        }
    };
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| work(sender));
        }
        drop(sender);
        // What there is to tell of an end waits for what comes before it, and may do so for long.
        // A beginning only waits for those that the other jobs are just about to tell.
        let (mut begun, mut ended) = (BTreeMap::new(), BTreeMap::new());
        let (mut told_begun, mut told) = (0, 0);
        for (index, news) in receiver {
            match news {
                News::Begun(at) => {
                    teller.reports.begins(&cases[index].id);
                    begun.insert(index, at);
                    while let Some(at) = begun.remove(&told_begun) {
                        teller.begun(cases[told_begun], 1, at);
                        told_begun += 1;
                    }
                }
                News::Ended(done) => {
                    teller.reports.ends(&cases[index].id);
                    ended.insert(index, done);
                }
            }
            while let Some(done) = ended.remove(&told) {
                match done {
                    Some(done) => teller.ended(cases[told], *done, jobs > 1),
                    None => teller.skipped(cases[told]),
                }
                told += 1;
            }
        }
    });
}

/// Tells what comes of cases, and counts it.
struct Teller<'a, 'r> {
    plan: &'a Plan<'a>,
    reports: &'a mut Reports<'r>,
    /// The cases that failed beside others, or were not tried.
    again: Vec<(&'static Case, Done)>,
    results: Results,
}

impl Teller<'_, '_> {
    fn begun(&mut self, case: &Case, attempt: u32, at: f64) {
        self.reports.tell(&Event::CaseStarted(CaseStarted {
            case: case.id.clone(),
            attempt,
            at,
        }));
    }

    fn skipped(&mut self, case: &Case) {
        let mut ended = CaseEnded::of(case, Verdict::Skip);
        ended.note = self.plan.baseline.skip(&case.id).map(str::to_owned);
        self.count(ended);
    }

    /// A case has ended for the first time.
    fn ended(&mut self, case: &'static Case, done: Done, beside_others: bool) {
        let judged = self.plan.baseline.judge(case, done.verdict, done.reason);
        let is_unexpected = matches!(judged.verdict, Verdict::Fail | Verdict::NotRun);
        if is_unexpected && (beside_others || done.untried) {
            let mut ended = told(case, &done, judged.verdict, judged.note);
            ended.last = false;
            self.reports.tell(&Event::CaseEnded(Box::new(ended)));
            self.again.push((case, done));
        } else {
            self.results.problems.extend(judged.problem);
            self.count(told(case, &done, judged.verdict, judged.note));
        }
    }

    /// Runs each case that failed beside others, or was not tried, once more, alone. Where an ordinary start fails even
    /// so, no other case that only waits for one is tried again.
    fn run_again(&mut self, clock: &Clock) {
        let mut start_fails = false;
        for (case, first) in std::mem::take(&mut self.again) {
            let is_ordinary = case.connection == Connection::Inherited;
            let is_no_start = is_ordinary && first.verdict == Verdict::NotRun;
            if is_no_start && start_fails {
                let judged = self.plan.baseline.judge(case, first.verdict, first.reason);
                self.results.problems.extend(judged.problem);
                self.count(told(case, &first, judged.verdict, judged.note));
                continue;
            }
            self.begun(case, 2, clock.now());
            self.reports.begins(&case.id);
            let second = clock.run(self.plan, case);
            self.reports.ends(&case.id);
            let Some(second) = second else { return };
            start_fails |= is_ordinary && second.verdict == Verdict::NotRun;
            let judged = self
                .plan
                .baseline
                .judge(case, second.verdict, second.reason);
            let has_passed = judged.verdict.is_accepted() || judged.verdict == Verdict::Xpass;
            let mut ended = if has_passed && !first.untried {
                let note = "it failed beside other cases, and passed alone: what is told is of the \
                            first time";
                told(case, &first, Verdict::FlakySuspect, Some(note.to_owned()))
            } else {
                self.results.problems.extend(judged.problem);
                told(case, &second, judged.verdict, judged.note)
            };
            ended.attempt = 2;
            self.count(ended);
        }
    }

    fn count(&mut self, ended: CaseEnded) {
        let counts = &mut self.results.summary.counts;
        *counts.entry(ended.verdict).or_default() += 1;
        self.reports.tell(&Event::CaseEnded(Box::new(ended)));
    }
}

fn told(case: &Case, done: &Done, verdict: Verdict, note: Option<String>) -> CaseEnded {
    CaseEnded {
        reason: done.reason,
        note,
        seconds: done.seconds,
        details: done.details.clone(),
        ..CaseEnded::of(case, verdict)
    }
}
