//! Runs the application, from its start to the end of all that it has started.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    CancelReason, DevRecord, DevState, Diagnostic, Expect, Host, Lookup, Severity,
};
use otto_plugin::guest::Child;
use tokio::process::Command;
use tokio::time::timeout;

use super::output::show;
use crate::app::{call, settings};
use crate::dev::{Server, answers, free, is_answered};
use crate::problem::{Problem, Reason, quoted};

/// How long an application may take from its start until it answers.
const READY: Duration = Duration::from_secs(60);

/// How long its output is read after it was told to end, which it may take as long for.
const LAST_WORDS: Duration = Duration::from_secs(3);

pub(super) async fn run(context: &Context, host: &Host) -> Result<(), Error> {
    call::compiled(context)?;
    let lookup = call::lookup(context)?;
    let settings = settings::read(context, &mut Vec::new())?;
    let port = free().map_err(|error| {
        let message = format!("no port can be had: {error}");
        Error::new(ErrorKind::Unavailable, message)
            .with_help("set `port` in a `customization` of the Appfile")
    })?;
    let server = Server::find(&settings, port, env::var_os("PATH").as_deref())?;
    if let Some(port) = server.port
        && is_answered(port).await
    {
        return Err(taken(port).into());
    }
    note_untold(host, &server, &context.dir).await;

    // The record goes, and with it what the host believes of the application, whatever happens.
    let _hold = host.hold();
    put(host, &lookup, DevState::New).await?;
    let ran = serve(host, &lookup, &server).await;
    let deleted = host.directory.delete_dev(lookup).await;
    match (ran, deleted) {
        (Ok(()), deleted) => deleted.map(drop).map_err(Error::from),
        (Err(error), Ok(_)) => Err(error),
        (Err(error), Err(also)) => Err(error.with_cause(also)),
    }
}

/// Why an application does not run any more.
enum Over {
    Asked(CancelReason),
    /// It has ended, before it answered or after that.
    Ended(ExitStatus, bool),
    /// It does not answer.
    Silent,
    /// It cannot be recorded or waited for.
    Lost(Error),
}

async fn serve(host: &Host, lookup: &Lookup, server: &Server) -> Result<(), Error> {
    let command = server.command.join(" ");
    let _ = host.ui.message(format!("starting {command}")).await;
    let mut child = host.spawn(
        Command::new(&server.file)
            .args(&server.command[1..])
            .envs(&server.environment)
            .current_dir(&server.dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async { tokio::join!(show(stdout, &host.ui), show(stderr, &host.ui)) };
    let mut output = std::pin::pin!(output);
    let mut is_shown = false;
    let over = {
        let mut life = std::pin::pin!(live(host, lookup, server, &child));
        loop {
            tokio::select! {
                biased;
                reason = host.cancelled() => break Over::Asked(reason),
                _ = &mut output, if !is_shown => is_shown = true,
                over = &mut life => break over,
            }
        }
    };
    let last_words = async {
        if !is_shown {
            // What has left the application for good may hold on to its output.
            let _ = timeout(LAST_WORDS, output).await;
        }
    };
    let (stopped, ()) = tokio::join!(child.stop(), last_words);
    match over {
        Over::Asked(reason) => {
            let _ = host.ui.message(format!("{} has ended", server.name)).await;
            Err(Error::cancelled("App.dev", reason))
        }
        Over::Ended(status, is_ready) => ended(server, status, is_ready),
        Over::Silent => Err(silent(server)),
        Over::Lost(error) => Err(match stopped {
            Ok(_) => error,
            Err(also) => error.with_cause(also),
        }),
    }
}

/// Waits until the application answers, says so, and waits for its end.
async fn live(host: &Host, lookup: &Lookup, server: &Server, child: &Child) -> Over {
    if let Some(port) = server.port {
        tokio::select! {
            biased;
            status = child.wait() => return over(status, false),
            answered = timeout(READY, answers(port)) => if answered.is_err() {
                return Over::Silent;
            },
        }
    }
    if let Err(error) = put(host, lookup, DevState::Ready).await {
        return Over::Lost(error);
    }
    let said = match server.port {
        Some(port) => format!("{} is ready: http://127.0.0.1:{port}/", server.name),
        None => format!("{} has started", server.name),
    };
    let _ = host.ui.message(said).await;
    over(child.wait().await, true)
}

fn over(status: std::io::Result<ExitStatus>, is_ready: bool) -> Over {
    match status {
        Ok(status) => Over::Ended(status, is_ready),
        Err(error) => Over::Lost(error.into()),
    }
}

/// What a program has done that ended by itself. One that listens nowhere may.
fn ended(server: &Server, status: ExitStatus, is_ready: bool) -> Result<(), Error> {
    if status.success() && (is_ready || server.port.is_none()) {
        return Ok(());
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    let before = match server.port {
        Some(port) if !is_ready => format!(" before it listened on port {port}"),
        _ => String::new(),
    };
    Err(Error::invalid(format!(
        "{} {how}{before}",
        quoted(&server.command.join(" "))
    ))
    .with_help("see what it has printed, correct that, and run `otto dev` again"))
}

fn silent(server: &Server) -> Error {
    let message = format!(
        "{} was started, and does not answer on port {} after {} s",
        quoted(&server.command.join(" ")),
        server.port.unwrap_or_default(),
        READY.as_secs()
    );
    Error::new(ErrorKind::Unavailable, message).with_help(
        "see what it has printed; if it listens on another port, set `port` in a `customization` \
         of the Appfile, or have it listen on what is in the variable PORT",
    )
}

fn taken(port: u16) -> Problem {
    Problem::new(
        Reason::Unavailable,
        format!("another program listens on port {port}, which the application is to listen on"),
        "end that program, or set another `port` in a `customization` of the Appfile",
    )
}

/// Says what an application has to be told of that runs outside of a container.
async fn note_untold(host: &Host, server: &Server, dir: &str) {
    if server.untold.is_empty() {
        return;
    }
    let services = server.untold.iter();
    let services: Vec<_> = services
        .map(|(service, variable)| format!("{service} ({variable})"))
        .collect();
    let diagnostic = Diagnostic {
        severity: Severity::Note,
        summary: format!(
            "nothing says where these services are: {}",
            services.join(", ")
        ),
        detail: format!(
            "set the variables in `dev_environment` in a `customization` of the Appfile, or run \
             {}, which brings the services up in containers",
            quoted(&format!("{dir}/{}", crate::compile::DEV_SCRIPT))
        ),
        location: None,
    };
    let _ = host.ui.diagnostic(diagnostic).await;
}

async fn put(host: &Host, lookup: &Lookup, state: DevState) -> Result<(), Error> {
    let record = DevRecord {
        state,
        ..DevRecord::default()
    };
    let put = host.directory.put_dev(lookup.clone(), record, Expect::Any);
    put.await?;
    Ok(())
}
