//! FDS: the inherited socket.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::{Function, ended_or_not, seconds};
use crate::process::{Exit, Table, inheritable, listeners};
use crate::protocol::{CONNECT_CALL, COOKIE_VALUE, FD};
use crate::stage::{
    Listener, Rpc, Session, Stage, Start, USUAL_DESCRIPTOR, refusal, say_hello, with_exit,
};
use crate::verdict::{Failure, Reason, Stop};
use crate::wire::{Message, Party};

pub(super) const CASES: &[(&str, Function)] = &[
    ("FDS-01", |stage| Box::pin(serves_on_any_number(stage))),
    ("FDS-02", |stage| {
        Box::pin(answers_what_was_there_before(stage))
    }),
    ("FDS-03", |stage| Box::pin(exits_without_a_call(stage))),
    ("FDS-04", |stage| Box::pin(keeps_it_to_itself(stage))),
    ("FDS-05", |stage| Box::pin(says_what_is_wrong(stage))),
];

/// How long the end of a plugin is waited for where it does not matter.
const FAREWELL: Duration = Duration::from_secs(1);

async fn serves_on_any_number(stage: &Stage<'_>) -> Result<(), Stop> {
    for (index, number) in numbers(stage).into_iter().enumerate() {
        let listener = match index % 2 {
            0 => Listener::unix(&stage.sandbox.suite(), &format!("nobody{index}"))?,
            _ => Listener::tcp()?,
        };
        let label = format!("descriptor {number}");
        let session = Session::open_at(stage, &label, number, listener.address()).await;
        let session = session.map_err(|stop| match stop {
            Stop::Fail(Failure {
                expected, actual, ..
            }) => {
                let actual = format!("with {FD}={number}: {actual}");
                stage.fail(Reason::NotAnswered, expected, actual)
            }
            stop => stop,
        })?;
        session.meta(&session.app().await?).await?;
        stage.did(format!("{label}: meta answered"));
        let pid = session.process.pid();
        let family = std::iter::once(pid).chain(Table::now().descendants(pid));
        if let Some(address) = family.flat_map(listeners).next() {
            return Err(stage.fail(Reason::Listens, "listens on nothing", address));
        }
        session.link.end();
        let _ = session.process.exited(stage.scaled(FAREWELL)).await;
        if let Some(first) = listener.came() {
            let actual = format!(
                "it dialled {}, and said \"{}\"",
                listener.address(),
                first.escape_ascii()
            );
            return Err(stage.fail(Reason::Dialled, "dials nobody", actual));
        }
    }
    Ok(())
}

/// The usual number, and three others.
fn numbers(stage: &Stage<'_>) -> Vec<RawFd> {
    let mut numbers = vec![USUAL_DESCRIPTOR];
    while numbers.len() < 4 {
        let number = 4 + RawFd::try_from(stage.random() % 240).unwrap_or_default();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

async fn answers_what_was_there_before(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let rpc = Rpc::start(&link);
    let plugin = rpc.bootstrap();
    let hello = say_hello(&plugin).map_err(|error| Stop::Harness(error.to_string()))?;
    let written = link.until(stage.answer_limit(), |record| {
        record
            .events()
            .iter()
            .any(|event| is_connect(&event.message))
    });
    if !written.await {
        return Err(Stop::Harness("the calls could not be written".to_owned()));
    }
    let bytes = link.record(|record| record.bytes(Party::Host));
    stage.did(format!(
        "wrote bootstrap and connect, {bytes} bytes, before the start"
    ));
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let expected = "connect is answered with a session";
    let answered = match rpc.answer(hello.promise, stage.limit()).await {
        Err(error) => Err(error.to_string()),
        Ok(answer) => match answer.get() {
            Err(error) => Err(error.to_string()),
            Ok(results) => refusal(results.has_error(), results.get_error()).map_or(Ok(()), Err),
        },
    };
    match answered {
        Ok(()) => Ok(()),
        Err(actual) => {
            let actual = format!("Plugin.connect: {actual}");
            let actual = with_exit(stage, actual, &process, &rpc).await?;
            Err(stage.fail(Reason::NotAnswered, expected, actual))
        }
    }
}

fn is_connect(message: &Message) -> bool {
    matches!(message, Message::Call { interface, ordinal, .. } if (*interface, *ordinal) == CONNECT_CALL)
}

async fn exits_without_a_call(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    link.close();
    stage.did("closed the host's end of the socket");
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let exit = process.exited(stage.limit()).await;
    let reason = match exit {
        Some(Exit::Status(0) | Exit::Unseen) => return Ok(()),
        Some(Exit::Status(_)) => Reason::ExitStatus,
        Some(Exit::Signal(_)) => Reason::KilledBySignal,
        None => Reason::StillRunning,
    };
    let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
    Err(stage.fail(reason, expected, ended_or_not(&process, exit)))
}

async fn keeps_it_to_itself(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let socket = rustix::fs::fstat(&end)
        .map_err(std::io::Error::from)?
        .st_ino;
    let start = Start::by_host(end, USUAL_DESCRIPTOR);
    let process = stage.start("case", start, Some(&link))?;
    let session = Session::greet(stage, "case", process, link).await?;
    session.meta(&session.app().await?).await?;
    stage.did("meta answered");
    let passed_on = inheritable(session.process.pid(), socket);
    if passed_on.is_empty() {
        return Ok(());
    }
    let expected = "each descriptor of the socket is close-on-exec once connect is answered";
    let actual = format!(
        "what it starts inherits the descriptor {}",
        passed_on.join(", ")
    );
    Err(stage.fail(Reason::Inheritable, expected, actual))
}

async fn says_what_is_wrong(stage: &Stage<'_>) -> Result<(), Stop> {
    let (bad, _host) = bad_descriptors(stage)?;
    for (label, value, descriptor) in bad {
        let start = Start {
            cookie: Some(COOKIE_VALUE.to_owned()),
            descriptor,
            descriptor_value: Some(value.clone()),
            ..Start::default()
        };
        let process = stage.start(label, start, None)?;
        let exit = process.exited(stage.limit()).await;
        stage.did(format!("{label}: {}", ended_or_not(&process, exit)));
        let stderr = process.stderr.text();
        let (reason, expected, actual) = match exit {
            None | Some(Exit::Status(0) | Exit::Signal(_)) => {
                let reason = match exit {
                    None => Reason::StillRunning,
                    Some(Exit::Status(_) | Exit::Unseen) => Reason::ExitStatusZero,
                    Some(Exit::Signal(_)) => Reason::KilledBySignal,
                };
                let limit = seconds(stage.limit());
                let expected = format!("exits with another status than 0 within {limit}");
                (reason, expected, ended_or_not(&process, exit))
            }
            Some(_) if stderr.contains(FD) => continue,
            Some(_) => {
                let reason = match stderr.trim() {
                    "" => Reason::StderrEmpty,
                    _ => Reason::VariableNotNamed,
                };
                let actual = format!("on stderr \"{}\"", stderr.escape_default());
                (reason, format!("on stderr a word about {FD}"), actual)
            }
        };
        let actual = format!("with {FD}={value} ({label}): {actual}");
        return Err(stage.fail(reason, expected, actual));
    }
    Ok(())
}

type Bad = (&'static str, String, Option<(OwnedFd, RawFd)>);

/// What no plugin can serve on, and the other end of what looks as if it could.
fn bad_descriptors(stage: &Stage<'_>) -> Result<(Vec<Bad>, TcpStream), Stop> {
    let number = USUAL_DESCRIPTOR;
    let file = File::create(stage.sandbox.suite().join("file"))?;
    let (pipe, _writer) = std::io::pipe()?;
    let (datagrams, _peer) = UnixDatagram::pair()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let host = TcpStream::connect(listener.local_addr()?)?;
    let (tcp, _) = listener.accept()?;
    let bad = vec![
        ("no number", "banana".to_owned(), None),
        ("empty", String::new(), None),
        ("negative", "-1".to_owned(), None),
        (
            "too large a number",
            "99999999999999999999".to_owned(),
            None,
        ),
        ("not open", not_open().to_string(), None),
        ("a file", number.to_string(), Some((file.into(), number))),
        ("a pipe", number.to_string(), Some((pipe.into(), number))),
        (
            "a datagram socket",
            number.to_string(),
            Some((datagrams.into(), number)),
        ),
        (
            "a TCP socket",
            number.to_string(),
            Some((tcp.into(), number)),
        ),
    ];
    Ok((bad, host))
}

/// A number that no descriptor of this process has, so that nothing can be inherited under it.
fn not_open() -> RawFd {
    let open: BTreeSet<RawFd> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    (100..)
        .find(|number| !open.contains(number))
        .unwrap_or(RawFd::MAX)
}
