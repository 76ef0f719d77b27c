//! Runs an application while it is developed.

mod output;
mod run;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{ExitStatus, Host};

use super::action::{self, Action};
use super::{call, settings};
use crate::application::{Application, Surroundings};
use crate::dev;
use crate::problem::quoted;

const COMMAND: &str = "otto dev";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Help,
    Run,
    Shell,
}

const ACTIONS: [Action<Kind>; 3] = [
    Action {
        kind: Kind::Run,
        name: "",
        arguments: "",
        most: 0,
        help: "runs the application until it is interrupted",
    },
    Action {
        kind: Kind::Help,
        name: "help",
        arguments: "",
        most: 0,
        help: "shows this",
    },
    Action {
        kind: Kind::Shell,
        name: "shell",
        arguments: "[COMMAND...]",
        most: usize::MAX,
        help: "opens a shell in the application, or runs a command there",
    },
];

pub(super) async fn dev(context: Context, host: Host) -> Result<(), Error> {
    let action = action::find(COMMAND, &ACTIONS, &context)?;
    match action.kind {
        Kind::Help => action::show_help(&host.ui, COMMAND, &ACTIONS).await,
        Kind::Run => run::run(&context, &host).await,
        Kind::Shell => shell(&context, &host).await,
    }
}

/// Has the user work where the application is.
async fn shell(context: &Context, host: &Host) -> Result<(), Error> {
    call::compiled(context)?;
    let Some(terminal) = &host.terminal else {
        let message = "a shell needs a terminal, and the host lends none";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_help("run `otto dev shell` on a terminal, with a host that lends it"));
    };
    let settings = settings::read(context, &mut Vec::new())?;
    // A port plays no part.
    let here = Surroundings::Here { port: 0 };
    let application = Application::read(&settings, here, &mut Vec::new())?;
    let environment = dev::environment(&settings, application.program.kind.variable());
    let argv = match context.action_args.is_empty() {
        true => vec![std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned())],
        false => context.action_args.clone(),
    };
    let program = argv[0].clone();
    let status = terminal.run(argv, application.dir, environment).await?;
    match status {
        // What a shell ends with is what was last typed into it.
        _ if context.action_args.is_empty() => Ok(()),
        ExitStatus::Code(0) => Ok(()),
        ExitStatus::Code(code) => Err(ended(&program, &format!("ended with status {code}"))),
        ExitStatus::Signal(signal) => {
            Err(ended(&program, &format!("was ended by signal {signal}")))
        }
        _ => Err(ended(&program, "ended in a way that is not known")),
    }
}

fn ended(program: &str, how: &str) -> Error {
    Error::invalid(format!("{} {how}", quoted(program)))
        .with_help("see what it has printed on the terminal")
}
