//! Where a case runs: its directories, its processes, its clock, and what there is to report.

mod attach;
mod environment;
mod hello;
mod lent;
mod listener;
mod no_session;
mod opening;
mod raw;
mod rpc;
mod sandbox;
mod session;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::{OwnedFd, RawFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::catalogue::Case;
use crate::commands::STAND_IN;
use crate::process::{Launch, Output, Process, Sample, StartError};
use crate::protocol;
use crate::settings::Settings;
use crate::verdict::{Failure, Reason, Stop};
use crate::wire::Link;

pub(crate) use environment::is_reserved;
pub(crate) use hello::{fill, offer, read_any_hello, say_hello};
pub(crate) use lent::lend;
pub(crate) use listener::Listener;
pub(crate) use no_session::NoSession;
pub(crate) use raw::{Ending, Heard, Raw, bootstrap, message};
pub(crate) use rpc::{NoAnswer, Rpc};
pub(crate) use sandbox::Sandbox;
pub(crate) use session::{CALLS_IN_FLIGHT, Meta, Session, refusal, with_exit};

/// The number under which a plugin inherits its socket, where a case does not care.
pub(crate) const USUAL_DESCRIPTOR: RawFd = 3;
/// How long a plugin may take from its start to the answer of `connect`.
const START: Duration = Duration::from_secs(10);
/// How long it may take to answer where no rule says how long.
const ANSWER: Duration = Duration::from_secs(10);
/// What time limits are multiplied with where a person steps through the plugin.
const PATIENCE: f64 = 1_000.0;
/// How many moments of its processes are kept for the report.
const KEPT_SAMPLES: usize = 1_000;
/// How many processes of a case are kept for the report, and how many steps.
const KEPT_RUNS: usize = 12;
const KEPT_STEPS: usize = 12;

/// What a case works with.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) case: &'a Case,
    pub(crate) sandbox: Sandbox,
    pub(crate) began: Instant,
    /// When the case had last done what it is given its time for.
    last_step: Cell<Instant>,
    random: Cell<u64>,
    /// Whether the case has waited for something in vain.
    overdue: Rc<Cell<bool>>,
    report: RefCell<Evidence>,
}

/// What a case leaves to be reported.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) steps: Vec<(Duration, String)>,
    pub(crate) steps_dropped: usize,
    pub(crate) control: Option<String>,
    /// What the plugin did, if an ordinary start was not answered.
    pub(crate) no_session: Option<NoSession>,
    pub(crate) runs: Vec<Run>,
    pub(crate) samples: Vec<Sample>,
}

impl Evidence {
    /// Notes what the last process is at this moment.
    fn sample(&mut self, at: Duration, after: &str) {
        if let Some(run) = self.runs.last()
            && self.samples.len() < KEPT_SAMPLES
        {
            let sample = Sample::of(run.pid, at.as_secs_f64(), &run.label, after);
            self.samples.extend(sample);
        }
    }
}

/// What is known of one process of a case.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) label: String,
    pub(crate) pid: u32,
    pub(crate) link: Option<Rc<Link>>,
    pub(crate) stdout: Rc<Output>,
    pub(crate) stderr: Rc<Output>,
}

/// How a plugin is started. The default is as a person does it: without a word of the protocol.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub(crate) cookie: Option<String>,
    pub(crate) descriptor: Option<(OwnedFd, RawFd)>,
    /// `OTTO_PLUGIN_FD`, where it is not the number of the descriptor.
    pub(crate) descriptor_value: Option<String>,
    /// `OTTO_PLUGIN_CONNECT`.
    pub(crate) connect: Option<String>,
    /// `OTTO_PLUGIN_TOKEN`, where a case has to know it. An address never goes without one.
    pub(crate) token: Option<String>,
    /// What is executed, where it is not the plugin's file by its path.
    pub(crate) program: Option<PathBuf>,
    /// Where it is started, if not in the private working directory.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) surroundings: Surroundings,
}

/// What a plugin has in its environment beside the variables of the protocol, and what `--env` adds.
#[derive(Debug, Default)]
pub(crate) enum Surroundings {
    /// What a host passes on.
    #[default]
    Usual,
    /// `PATH` alone.
    PathAlone,
    /// The usual, with a directory at the beginning of `PATH`.
    OnPath(PathBuf),
}

impl Start {
    /// As a host starts it.
    pub(crate) fn by_host(end: OwnedFd, number: RawFd) -> Self {
        Self {
            cookie: Some(protocol::COOKIE_VALUE.to_owned()),
            ..Self::without_cookie(end, number)
        }
    }

    /// The same, but for the cookie.
    pub(crate) fn without_cookie(end: OwnedFd, number: RawFd) -> Self {
        Self {
            descriptor: Some((end, number)),
            ..Self::default()
        }
    }
}

impl<'a> Stage<'a> {
    pub(crate) fn new(settings: &'a Settings, case: &'a Case) -> io::Result<Self> {
        let salt = case
            .id
            .bytes()
            .fold(0_u64, |salt, byte| salt * 31 + u64::from(byte));
        Ok(Self {
            settings,
            case,
            sandbox: Sandbox::new()?,
            began: Instant::now(),
            last_step: Cell::new(Instant::now()),
            random: Cell::new(settings.seed.wrapping_add(salt)),
            overdue: Rc::default(),
            report: RefCell::default(),
        })
    }

    /// Notes what the suite does, for the report.
    pub(crate) fn did(&self, step: impl Into<String>) {
        let mut report = self.report.borrow_mut();
        let (at, step) = (self.began.elapsed(), step.into());
        report.sample(at, &step);
        report.steps.push((at, step));
        if report.steps.len() > KEPT_STEPS {
            report.steps.remove(0);
            report.steps_dropped += 1;
        }
    }

    /// Gives the case its time anew, since what it does next is the same with another process or
    /// another call, however many of these there are.
    pub(crate) fn goes_on(&self) {
        self.last_step.set(Instant::now());
    }

    /// Since when the case has had its time.
    pub(crate) fn last_step(&self) -> Instant {
        self.last_step.get()
    }

    /// Notes what the control run came to.
    pub(crate) fn set_control(&self, text: String) {
        self.report.borrow_mut().control = Some(text);
    }

    /// Looks at what there is to report.
    pub(crate) fn evidence<T>(&self, look: impl FnOnce(&Evidence) -> T) -> T {
        look(&self.report.borrow())
    }

    /// The time limit of the case's rule.
    pub(crate) fn limit(&self) -> Duration {
        self.scaled(Duration::from_secs_f64(self.case.limit))
    }

    /// How long a start may take.
    pub(crate) fn start_limit(&self) -> Duration {
        self.scaled(START)
    }

    /// How long an answer may take that no rule sets a limit for.
    pub(crate) fn answer_limit(&self) -> Duration {
        self.scaled(ANSWER)
    }

    /// A time as `--timeout-scale` has it, and long enough for a person with a debugger.
    pub(crate) fn scaled(&self, time: Duration) -> Duration {
        let patience = if self.settings.attach { PATIENCE } else { 1.0 };
        time.mul_f64(self.settings.timeout_scale * patience)
    }

    /// The next number of a sequence that the seed and the case determine (splitmix64).
    pub(crate) fn random(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The case fails.
    pub(crate) fn fail(
        &self,
        reason: Reason,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Stop {
        if reason.is_a_wait() {
            self.overdue.set(true);
        }
        Stop::Fail(Failure {
            reason,
            expected: expected.into(),
            actual: actual.into(),
        })
    }

    /// A pair of sockets: the suite's end, and the plugin's.
    pub(crate) fn link(&self) -> io::Result<(Rc<Link>, OwnedFd)> {
        Link::pair(self.began)
    }

    /// A token that nobody can know.
    pub(crate) fn token(&self) -> String {
        (0..4).map(|_| format!("{:016x}", self.random())).collect()
    }

    /// Starts the plugin.
    pub(crate) fn start(
        &self,
        label: &str,
        start: Start,
        link: Option<&Rc<Link>>,
    ) -> Result<Process, Stop> {
        if self.settings.attach {
            return self.attach_to_user(label, start, link);
        }
        let environment = self.environment(&start);
        let plugin = start
            .program
            .unwrap_or_else(|| self.settings.plugin.clone());
        let (program, arguments) = self.settings.command(plugin);
        let launch = Launch {
            program,
            arguments,
            directory: start.directory.unwrap_or_else(|| self.sandbox.work()),
            environment,
            descriptor: start.descriptor,
            stdin: None,
        };
        Ok(self.launch(label, launch, link)?)
    }

    /// Starts this program once more, to start the plugin as a host does, with this end of the
    /// link.
    fn start_stand_in(&self, label: &str, end: OwnedFd, link: &Rc<Link>) -> Result<Process, Stop> {
        let start = Start {
            cookie: Some(protocol::COOKIE_VALUE.to_owned()),
            descriptor_value: Some(USUAL_DESCRIPTOR.to_string()),
            ..Start::default()
        };
        let (program, arguments) = self.settings.command(self.settings.plugin.clone());
        let command = [STAND_IN.into(), program.into_os_string()].into_iter();
        let launch = Launch {
            program: std::env::current_exe()?,
            arguments: command.chain(arguments).collect(),
            directory: self.sandbox.work(),
            environment: self.environment(&start),
            descriptor: Some((link.descriptor()?, USUAL_DESCRIPTOR)),
            stdin: Some(end),
        };
        let process = self.launch(label, launch, Some(link));
        process.map_err(|error| Stop::Harness(format!("no stand-in: {error}")))
    }

    fn environment(&self, start: &Start) -> BTreeMap<OsString, OsString> {
        let mut environment = environment::base(
            &self.sandbox,
            &self.settings.environment,
            &start.surroundings,
        );
        let number = start.descriptor.as_ref();
        let number = number.map(|(_, number)| number.to_string());
        let token = start.connect.as_ref().map(|_| self.token());
        let variables = [
            (protocol::COOKIE, start.cookie.clone()),
            (protocol::FD, start.descriptor_value.clone().or(number)),
            (protocol::CONNECT, start.connect.clone()),
            (protocol::TOKEN, start.token.clone().or(token)),
        ];
        for (name, value) in variables {
            environment.extend(value.map(|value| (name.into(), value.into())));
        }
        environment
    }

    fn launch(
        &self,
        label: &str,
        launch: Launch,
        link: Option<&Rc<Link>>,
    ) -> Result<Process, StartError> {
        let process = Process::start(launch, self.began, self.overdue.clone())?;
        self.keep(label, &process, link);
        self.did(format!("{label}: started, pid {}", process.pid()));
        Ok(process)
    }

    /// Keeps what is known of a process that was started, for the report.
    fn keep(&self, label: &str, process: &Process, link: Option<&Rc<Link>>) {
        self.goes_on();
        let mut report = self.report.borrow_mut();
        if report.runs.len() >= KEPT_RUNS {
            report.runs.remove(0);
        }
        report.runs.push(Run {
            label: label.to_owned(),
            pid: process.pid(),
            link: link.cloned(),
            stdout: process.stdout.clone(),
            stderr: process.stderr.clone(),
        });
    }

    /// Says that the last process has got this link.
    fn attach(&self, link: &Rc<Link>) {
        if let Some(run) = self.report.borrow_mut().runs.last_mut() {
            run.link = Some(link.clone());
        }
    }
}
