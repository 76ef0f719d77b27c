//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::report::{Screen, Target};
use crate::settings::{DEFAULT_CALLS, DEFAULT_LIVES, DEFAULT_MUTATIONS, Trace};
use crate::trace;

const EXIT_CODES: &str = "\
Exit codes:
    0  every case passed, or warned of what a plugin should do, or failed as the baseline says
    1  a case failed, or the baseline is wrong: the plugin is not what was claimed
    2  the command line or the baseline makes no sense, or the plugin cannot be executed
    3  the suite itself failed, so that nothing is known about a case
    4  no case was run
  130  a signal ended the suite";

const EXAMPLES: &str = "\
Examples:
  otto-conformance run ./otto-app-ruby                    run all cases
  otto-conformance run otto-app-ruby --case LIF-03        run one, of a plugin on PATH
  otto-conformance run ./otto-app-ruby --case 'LIF-*'     run a group
  otto-conformance explain LIF-03                         say what it wants, and why

In a build:
  otto-conformance run ./otto-app-ruby --format github --format junit=report.xml

Look closer:
  otto-conformance run ./otto-app-ruby --case MET-01 --verbose
  otto-conformance run ./otto-app-ruby --case MET-01 --attach
  otto-conformance run ./otto-app-ruby --case MET-01 --wrap 'strace -f -o /tmp/trace'";

/// Drives an Otto plugin through the protocol, and says which rules it breaks.
///
/// Each case starts the plugin in a private home, temporary and working directory and in a process
/// group of its own, speaks to it as a host does, and watches its process, its output, its files
/// and every message on its socket. Nothing of that is left when the case is over.
#[derive(Debug, Parser)]
#[command(version, after_help = format!("{EXIT_CODES}\n\n{EXAMPLES}"), propagate_version = true)]
struct Cli {
    /// When to use colours. NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the cases against a plugin
    #[command(after_help = format!("{EXIT_CODES}\n\n{EXAMPLES}"))]
    Run(RunArgs),
    /// List the cases
    List,
    /// Say what a case wants, what it looks at, and how it can fail
    Explain {
        /// The id of the case, such as LIF-03
        id: String,
    },
    /// Say which cases look at which rules of the specification, and which no case looks at
    Coverage(commands::CoverageArgs),
    /// Print a recorded session, or have sessions recorded
    ///
    /// A recording is what a case leaves in wire.ndjson, or what `trace record` has made. Secrets
    /// are not in it: the credentials for an infrastructure, answers to hidden questions, and the
    /// variables of programs that are run.
    Trace(TraceArgs),
    /// Start a plugin as a host does, to be killed as a host can be
    #[command(name = commands::STAND_IN, hide = true)]
    StandIn {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Run the case that is described on standard input
    #[command(name = commands::WORKER, hide = true)]
    Worker,
}

/// What `run` is told.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The plugin: a path, or the name of a program on PATH
    pub(crate) plugin: PathBuf,

    /// Run only this case, or those that match, such as 'LIF-*'. Can be given more than once
    #[arg(long = "case", value_name = "ID")]
    pub(crate) cases: Vec<String>,

    /// Write a report for machines, to a file or to standard output. Can be given more than once
    ///
    /// json is a line for each event; junit and html are files; github is annotations, and a summary
    /// in the file that GITHUB_STEP_SUMMARY names. People read standard error all the while.
    #[arg(long = "format", value_name = "FORMAT[=FILE]")]
    pub(crate) formats: Vec<Target>,

    /// The file of known failures. Without this, conformance.toml is used if it is there
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Mend that file: take away what is wrong in it, and add an entry for each failure
    #[arg(long)]
    pub(crate) write_baseline: bool,

    /// How many cases run side by side. Those that measure times run alone [default: cores, up to 4]
    #[arg(long, short, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: Option<u8>,

    /// Add a variable to the plugin's environment. Can be given more than once
    ///
    /// A plugin gets LANG, LC_*, LOGNAME, PATH, SHELL, TERM, TZ and USER from here, a HOME and a
    /// TMPDIR of its own, the variables of the protocol, and nothing else.
    #[arg(long = "env", value_name = "KEY=VALUE", value_parser = parse_variable)]
    pub(crate) environment: Vec<(String, String)>,

    /// Multiply every time limit, for a machine that is slower or busier than most
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = parse_scale)]
    pub(crate) timeout_scale: f64,

    /// How often LIF-01 starts and ends the plugin, to see what it leaves
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_LIVES, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) lives: u32,

    /// How often REL-02 calls the plugin, to see what that takes beyond the first 100 times
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_CALLS, value_parser = clap::value_parser!(u32).range(101..=1_000))]
    pub(crate) calls: u32,

    /// How many changed messages ROB-05 sends, each to a new process
    #[arg(long, value_name = "NUMBER", default_value_t = DEFAULT_MUTATIONS, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) mutations: u32,

    /// Make the choices of an earlier run again, such as the numbers of descriptors
    #[arg(long, value_name = "NUMBER", value_parser = parse_seed)]
    pub(crate) seed: Option<u64>,

    /// Fail a plugin that does not do what it should, in the place of a warning
    #[arg(long)]
    pub(crate) strict: bool,

    /// Where to leave records: DIR/ID/wire.ndjson, stdout, stderr and process.ndjson
    #[arg(long, value_name = "DIR", default_value = "target/otto-conformance")]
    pub(crate) artifacts: PathBuf,

    /// Which cases leave records [default: fail]
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(crate) trace: Option<Trace>,

    /// Start the plugin yourself, in a debugger, with the variables that are printed. For one case
    #[arg(long, conflicts_with = "wrap")]
    pub(crate) attach: bool,

    /// Put a command before the plugin, such as 'strace -f -o FILE'
    ///
    /// It is split as a shell does, and looked up on PATH. The plugin's end and signals are then those
    /// of the command.
    #[arg(long, value_name = "COMMAND", value_parser = parse_command)]
    pub(crate) wrap: Option<Words>,

    /// Show the steps of cases that pass, and leave their records too
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// What `trace` is told.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct TraceArgs {
    /// The recording
    pub(crate) file: Option<PathBuf>,

    /// How to print it
    #[arg(long, value_enum, default_value_t = trace::Format::Text, value_name = "FORMAT")]
    pub(crate) format: trace::Format,

    #[command(subcommand)]
    pub(crate) command: Option<TraceCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TraceCommand {
    /// Write a program that a host can start in the place of a plugin, and that records its sessions
    Record {
        /// The plugin: a path, or the name of a program on PATH
        plugin: PathBuf,

        /// Where to put the program, which has the name of the plugin
        #[arg(
            long = "in",
            value_name = "DIR",
            default_value = "target/otto-conformance/trace"
        )]
        into: PathBuf,

        /// Where to record the sessions, instead of DIR/wire.ndjson. They are added to what is there
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,

        /// Record every byte too, be it secret or not
        #[arg(long)]
        raw: bool,
    },
    /// Stand between the host that starts this and a plugin
    #[command(hide = true)]
    Between {
        plugin: PathBuf,
        #[arg(long)]
        to: PathBuf,
        #[arg(long)]
        raw: bool,
    },
}

/// The words of a command.
#[derive(Clone, Debug)]
pub(crate) struct Words(pub(crate) Vec<String>);

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut screen = Screen::new(match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    });
    let code = match cli.command {
        Command::Run(args) => commands::run(&mut screen, args),
        Command::List => commands::list(&mut screen),
        Command::Explain { id } => commands::explain(&mut screen, &id),
        Command::Coverage(args) => commands::coverage(&mut screen, &args),
        Command::Trace(args) => commands::trace(&mut screen, args),
        Command::StandIn { command } => commands::stand_in(&mut screen, &command),
        Command::Worker => commands::worker(&mut screen),
    };
    ExitCode::from(code)
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("there is no = in it")?;
    if name.is_empty() {
        return Err("there is no name before the =".to_owned());
    }
    if crate::stage::is_reserved(name) {
        return Err(format!("{name} is what cases are about, and set by them"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_command(text: &str) -> Result<Words, String> {
    match shlex::split(text) {
        Some(words) if words.is_empty() => Err("there is no command in it".to_owned()),
        Some(words) => Ok(Words(words)),
        None => Err("a quote in it is not closed".to_owned()),
    }
}

fn parse_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.01..=100.0).contains(&scale) => Ok(scale),
        _ => Err("a number from 0.01 to 100 is wanted".to_owned()),
    }
}

fn parse_seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_cases_set_cannot_be_set() {
        assert_eq!(
            parse_variable("A=b=c"),
            Ok(("A".to_owned(), "b=c".to_owned()))
        );
        assert!(parse_variable("OTTO_PLUGIN_FD=3").is_err());
        assert!(parse_variable("HOME=/").is_err());
        assert!(parse_variable("A").is_err());
    }

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        let Words(words) = parse_command("strace -o '/tmp/a b' -f").expect("words");
        assert_eq!(words, ["strace", "-o", "/tmp/a b", "-f"]);
        assert!(parse_command("strace 'x").is_err());
        assert!(parse_command(" ").is_err());
    }

    #[test]
    fn a_seed_is_read_as_it_is_printed() {
        assert_eq!(parse_seed("0x5eed"), Ok(0x5eed));
        assert_eq!(parse_seed("17"), Ok(17));
        assert!(parse_seed("five").is_err());
    }
}
