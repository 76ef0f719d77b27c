//! `otto credentials`.

use std::io::{self, IsTerminal, Write};

use clap::{Args, Subcommand};
use tokio::task::JoinError;

use super::error::CredentialsError;
use super::passphrase::{new_passphrase, passphrase};
use super::secrets::Secrets;
use super::{Credentials, input};
use crate::places::Places;
use crate::screen::{Screen, Secret, escape};

/// Keeps the secrets of infrastructures, encrypted under a passphrase.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stores keys and values for an infrastructure.
    ///
    /// On a terminal it asks for key after key, and does not show the values. Otherwise it reads lines
    /// of KEY=VALUE from standard input. What is there already is kept, except for keys that are given
    /// again.
    Set(Set),
    /// Lists the infrastructures that have credentials, or the keys of one. No value is ever shown.
    List(List),
    /// Removes the credentials of an infrastructure.
    Remove(Remove),
}

/// What `otto credentials set` is given.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The infrastructure, as the Appfile names it.
    infra: String,
    /// Drops what is there, and takes a new passphrase.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    passphrase: PassphraseFd,
}

/// What `otto credentials list` is given.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The infrastructure whose keys are listed. Without it, the infrastructures are, and no passphrase
    /// is needed.
    infra: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseFd,
}

/// What `otto credentials remove` is given.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The infrastructure, as the Appfile names it.
    infra: String,
    /// Does not ask first.
    #[arg(long)]
    yes: bool,
}

/// Where a passphrase comes from, if not from the terminal.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct PassphraseFd {
    /// Reads the passphrase from this open descriptor, as in `--passphrase-fd 3 3< FILE`: the first
    /// line, from 3 up. For scripts, which have no terminal.
    #[arg(long = "passphrase-fd", value_name = "N", value_parser = clap::value_parser!(i32).range(3..))]
    pub(crate) fd: Option<i32>,
}

/// Does one of the commands. What is listed is written to `out`, a line each.
pub(crate) async fn run(
    command: Command,
    screen: &Screen,
    places: &Places,
    out: &mut dyn Write,
) -> Result<(), CredentialsError> {
    let credentials = Credentials::open(places);
    match command {
        Command::Set(arguments) => {
            let is_typed = screen.can_ask() && io::stdin().is_terminal();
            let typed = (!is_typed).then(|| Box::new(io::stdin()) as _);
            set(&credentials, arguments, screen, typed).await
        }
        Command::List(arguments) => list(&credentials, arguments, screen, out).await,
        Command::Remove(arguments) => remove(&credentials, arguments, screen).await,
    }
}

/// Stores what `lines` has, or what is typed if there are none.
pub(super) async fn set(
    credentials: &Credentials,
    arguments: Set,
    screen: &Screen,
    lines: Option<Box<dyn io::Read + Send>>,
) -> Result<(), CredentialsError> {
    let Set {
        infra,
        replace,
        passphrase: PassphraseFd { fd },
    } = arguments;
    let is_new = replace || !credentials.has(&infra)?;
    let passphrase = match is_new {
        true => new_passphrase(screen, &infra, fd).await?,
        false => passphrase(screen, &infra, fd).await?,
    };
    let new = match lines {
        Some(lines) => input::read(lines).await?,
        None => {
            if !is_new {
                // Nobody types values, only to learn that the passphrase was wrong.
                load(credentials, &infra, &passphrase).await?;
            }
            input::ask(screen).await?
        }
    };
    if new.is_empty() {
        return Err(CredentialsError::Nothing);
    }
    let (of, name) = (credentials.clone(), infra.clone());
    let stored = blocking(move || of.save(&name, &passphrase, new, replace)).await?;
    let keys: Vec<_> = stored.keys().collect();
    screen.message(format!(
        "the credentials for {infra} are stored, with the keys {}",
        keys.join(", ")
    ));
    Ok(())
}

pub(super) async fn list(
    credentials: &Credentials,
    arguments: List,
    screen: &Screen,
    out: &mut dyn Write,
) -> Result<(), CredentialsError> {
    let lines: Vec<String> = match arguments.infra {
        None => credentials.names()?,
        Some(infra) => {
            if !credentials.has(&infra)? {
                return Err(credentials.unknown(&infra));
            }
            let passphrase = passphrase(screen, &infra, arguments.passphrase.fd).await?;
            let secrets = load(credentials, &infra, &passphrase).await?;
            secrets.keys().map(str::to_owned).collect()
        }
    };
    for line in lines {
        writeln!(out, "{}", escape::line(&line)).map_err(CredentialsError::Output)?;
    }
    Ok(())
}

pub(super) async fn remove(
    credentials: &Credentials,
    arguments: Remove,
    screen: &Screen,
) -> Result<(), CredentialsError> {
    let Remove { infra, yes } = arguments;
    if !credentials.has(&infra)? {
        return Err(credentials.unknown(&infra));
    }
    let question = format!("Remove the credentials for {infra}? Nothing brings them back");
    let agreed = yes || (screen.can_ask() && screen.confirm(&question, false).await?);
    if !agreed {
        return Err(CredentialsError::NotConfirmed { infra });
    }
    credentials.remove(&infra)?;
    screen.message(format!("the credentials for {infra} are removed"));
    Ok(())
}

async fn load(
    credentials: &Credentials,
    infra: &str,
    passphrase: &Secret,
) -> Result<Secrets, CredentialsError> {
    let (of, infra, passphrase) = (credentials.clone(), infra.to_owned(), passphrase.clone());
    blocking(move || of.load(&infra, &passphrase)).await
}

/// Does what takes a processor for seconds on a thread that may be blocked.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CredentialsError> + Send + 'static,
) -> Result<T, CredentialsError> {
    match tokio::task::spawn_blocking(work)
        .await
        .map_err(JoinError::try_into_panic)
    {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is being shut down, and nobody waits for this any more.
        Err(Err(_)) => std::future::pending().await,
    }
}
