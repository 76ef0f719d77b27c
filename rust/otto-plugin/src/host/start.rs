//! A start: what the plugin is to reach its host by, and the process.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::attempt::{Attempt, after};
use super::launcher::Launcher;
use super::listener::Listener;
use super::output::Drain;
use super::plugin::Plugin;
use super::process::Process;
use super::start_error::{Listening, Phase, StartCause, StartError, not_executable};
use super::transport::Transport;

/// How long the end of a process may take to be seen after the end of its connection.
pub(super) const DEATH: Duration = Duration::from_secs(1);

/// Starts a plugin. Runs inside the workers' runtime.
///
/// The process is put into `place` as soon as it is there, for whoever gives this up.
pub(super) async fn start(
    launcher: Launcher,
    offer: Offer,
    place: Arc<OnceLock<Arc<Process>>>,
) -> Result<Plugin, StartError> {
    let Launcher {
        path,
        added,
        introduction,
        sink,
        timeout: limit,
        escalation,
        ..
    } = launcher;
    let system = |error| StartError::system(path.clone(), error);
    let Offer {
        ours,
        theirs,
        listener,
        failure,
    } = offer;

    // The first calls are in the socket before the plugin has begun.
    let line = ours.map(|ours| introduction.open(ours));
    let line = line.transpose().map_err(system)?;
    let began = Instant::now();
    let deadline = after(limit);
    let dial = listener.as_ref().map(|it| it.dial().clone());
    let started = Process::start(&path, &added, theirs, dial).await;
    let (process, pipes) = started.map_err(|error| StartError {
        path: path.clone(),
        phase: Phase::Execute,
        cause: Box::new(StartCause::CouldNotExecute {
            why: not_executable(&path, &error),
            source: Arc::new(error),
        }),
        output: Box::default(),
        listening: Box::default(),
    })?;
    let process = Arc::clone(place.get_or_init(|| process));
    let drain = Drain::start(pipes, &process, sink).map_err(|error| {
        process.signal(Signal::KILL);
        system(error)
    })?;
    Attempt::new(path, introduction, line, listener)
        .deaf(failure)
        .process(process, drain, began, limit, escalation)
        .finish(deadline)
        .await
}

/// What a plugin can reach its host by.
pub(super) struct Offer {
    ours: Option<UnixStream>,
    theirs: Option<OwnedFd>,
    pub(super) listener: Option<Listener>,
    /// Why there is no listener, if there should be one.
    failure: Option<String>,
}

impl Offer {
    /// Opens the ways that are asked for. One can be missing as long as there is another.
    /// Called inside the library's runtime.
    pub(super) fn open(transports: &[Transport]) -> io::Result<Self> {
        let (mut listener, mut failures) = (None, Vec::new());
        for transport in transports.iter().filter(|it| **it != Transport::Inherited) {
            match Listener::open(*transport) {
                Ok(open) => {
                    listener = Some(open);
                    failures.clear();
                    break;
                }
                Err(error) => failures.push(error.to_string()),
            }
        }
        let failure = (!failures.is_empty()).then(|| failures.join("; "));
        let (mut ours, mut theirs) = (None, None);
        if transports.contains(&Transport::Inherited) {
            let (our, their) = UnixStream::pair()?;
            (ours, theirs) = (Some(our), Some(their.into()));
        } else if listener.is_none() {
            return Err(match failure {
                Some(failure) => io::Error::other(failure),
                None => io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "there is no transport that the plugin could reach its host by",
                ),
            });
        }
        Ok(Self {
            ours,
            theirs,
            listener,
            failure,
        })
    }
}

/// Otto 0.2's plugins print `1|unix|PATH` or `1|tcp|HOST:PORT`.
pub(super) fn is_otto_02(line: &str) -> bool {
    let mut parts = line.trim_end().splitn(3, '|');
    let number = parts.next().is_some_and(|part| part.parse::<u32>().is_ok());
    let network = parts
        .next()
        .is_some_and(|part| matches!(part, "unix" | "tcp"));
    number && network && parts.next().is_some_and(|address| !address.is_empty())
}

impl StartError {
    pub(super) fn system(path: PathBuf, error: io::Error) -> Self {
        Self {
            path,
            phase: Phase::Execute,
            cause: Box::new(StartCause::System(Arc::new(error))),
            output: Box::default(),
            listening: Box::<Listening>::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_otto_02_is_told_from_other_lines() {
        assert!(is_otto_02("1|unix|/tmp/otto-plugin123"));
        assert!(is_otto_02("1|tcp|127.0.0.1:10000\r"));
        assert!(!is_otto_02("1|udp|x"));
        assert!(!is_otto_02("1|unix|"));
        assert!(!is_otto_02("hello"));
    }
}
