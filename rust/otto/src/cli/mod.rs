//! The command line.

mod generate;
mod project;
mod signals;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ColorChoice, Parser, Subcommand};
use otto_plugin::host::{Cancel, PluginName};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::credentials;
use crate::engine::Otto;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::{PluginsCommand, plugin_name};
use crate::screen::{LogFormat, LogLevel, Options, Screen};

pub(crate) use generate::Shell;

const EXIT_CODES: &str = "\
Exit codes:
    0  it has done what it was asked to
    1  a plugin says that the application, or what was asked of it, is wrong
    2  the command line makes no sense
    3  the Appfile, the project or the credentials are wrong, or a step before this one is missing
    4  there is no plugin for it, or it is not trusted
    5  a plugin did not start, died, or broke the protocol
    6  what otto keeps cannot be read or written, or the operating system refused something
  130  a person, or a signal, ended it";

const EXAMPLES: &str = "\
Examples:
  otto detect           say what kind of application this is, and which plugin knows it
  otto compile          read the Appfile, and write what the steps below need
  otto build            make what can be deployed
  otto deploy           deploy it
  otto deploy rollback  have the plugin do an action of its own
  otto dev              develop, until Ctrl-C
  otto plugins list     show the plugins, and which one wins where";

/// Develops, builds and deploys applications.
///
/// What otto knows of a kind of application comes from a plugin: a program named otto-TYPE-NAME, in
/// the directory of otto itself, in ~/.otto.d/plugins, in the current directory, or in one that
/// OTTO_PLUGIN_PATH names. The later one wins. One in the current directory is used once you trust
/// it.
///
/// An Appfile says what the application is. Without one, otto looks, and takes this machine for the
/// infrastructure.
///
/// The first Ctrl-C asks for an end, and the second one does not ask.
#[derive(Debug, Parser)]
#[command(name = "otto", version, after_long_help = after(), after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

/// What every command is told.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Work as if otto had been started in this directory
    #[arg(long, short = 'C', global = true, value_name = "DIR")]
    directory: Option<PathBuf>,

    /// When to use colours. NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    color: ColorChoice,

    /// Show only warnings, errors and questions
    #[arg(long, short, global = true)]
    quiet: bool,

    /// How to show what happens: for people, or as JSON, a line for each event
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "FORMAT"
    )]
    log_format: LogFormat,

    /// What to show of the logs of plugins, and of otto itself
    #[arg(long, value_enum, default_value_t, global = true, value_name = "LEVEL")]
    log_level: LogLevel,

    /// Ask nothing: a question without an answer is an error
    #[arg(long, global = true)]
    no_input: bool,

    /// Wait for this plugin to be started by hand, such as in a debugger, and give it all the time
    /// there is. Its name, such as app-ruby
    #[arg(long, global = true, value_name = "NAME", value_parser = plugin_name)]
    attach: Option<PluginName>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what kind of application this is
    Detect(project::DetectArgs),
    /// Read the Appfile, and write the configuration that the other commands work with
    Compile(project::CompileArgs),
    /// Make what can be deployed
    Build(project::BuildArgs),
    /// Deploy what was built, or do another action, which the plugin knows
    Deploy(project::DeployArgs),
    /// Develop the application, or do another action, which the plugin knows
    Dev(project::ActionArgs),
    /// Show how far the application is: its development environment, infrastructure, build and deploy
    Status(project::StatusArgs),
    /// See, check and trust plugins
    #[command(subcommand)]
    Plugins(PluginsCommand),
    /// Keep the secrets of infrastructures, encrypted
    #[command(subcommand)]
    Credentials(credentials::Command),
    /// Write completions for a shell to standard output
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page to standard output
    Man,
}

fn after() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}")
}

/// Runs the program.
pub fn main() -> ExitCode {
    run(env::args_os()).into()
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is there to be told if this fails.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage,
                false => Exit::Success,
            };
        }
    };
    let Cli { global, command } = cli;
    let screen = Screen::new(Options {
        color: global.color,
        quiet: global.quiet,
        log_format: global.log_format,
        log_level: global.log_level,
        input: !global.no_input,
    });
    // It is the one subscriber of this process: nobody has set another.
    let _ = tracing_subscriber::registry()
        .with(screen.own_log())
        .try_init();
    let done = match command {
        Command::Completions { shell } => generate::completions(shell, &mut io::stdout()),
        Command::Man => generate::man(&mut io::stdout()),
        command => with_runtime(&screen, global, command),
    };
    let exit = match done {
        Ok(()) => Exit::Success,
        Err(failure) => {
            // Whoever has closed standard output wants no more.
            if failure.exit != Exit::Success {
                screen.error(&failure.report);
            }
            failure.exit
        }
    };
    screen.restore();
    exit
}

/// Runs a command that does more than to print, and ends what it has started.
fn with_runtime(screen: &Screen, global: Global, command: Command) -> Result<(), Failure> {
    if let Some(directory) = &global.directory {
        env::set_current_dir(directory)
            .map_err(|source| Failure::no_directory(directory, source))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::system("the runtime cannot be started"))?;
    let cancel = Cancel::new();
    let done = runtime.block_on(async {
        let otto = Otto::open(screen.clone(), cancel.clone(), global.attach)?;
        let signals = signals::heed(screen, &cancel)?;
        let command = async {
            let mut out = anstream::stdout();
            let done = dispatch(&otto, command, &mut out).await;
            otto.end().await;
            done.and_then(|()| out.flush().map_err(Failure::output))
        };
        tokio::select! {
            done = command => done,
            () = signals.second() => {
                otto.kill();
                Err(Failure::cancelled())
            }
        }
    });
    // A thread that waits for something is nobody's concern any more.
    runtime.shutdown_background();
    done
}

async fn dispatch(
    otto: &Otto,
    command: Command,
    out: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    match command {
        Command::Detect(args) => project::detect(otto, args, out).await,
        Command::Compile(args) => project::compile(otto, args).await,
        Command::Build(args) => project::build(otto, args).await,
        Command::Deploy(args) => project::deploy(otto, args).await,
        Command::Dev(args) => project::dev(otto, args).await,
        Command::Status(args) => project::status(otto, args, out).await,
        Command::Plugins(command) => otto.plugins(&command, out).await,
        Command::Credentials(command) => {
            let (screen, places) = (otto.screen(), otto.places());
            let done = async { Ok(credentials::run(command, screen, places, out).await?) };
            otto.unless_cancelled(done).await
        }
        // Done before there is a runtime.
        Command::Completions { .. } | Command::Man => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
