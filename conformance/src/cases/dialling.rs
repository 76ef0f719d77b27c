//! DIA: a plugin that has to dial.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, getsockname, listen,
    socket_with,
};

use super::{Function, ended_or_not, not_answered, seconds, wrong_end};
use crate::process::{Exit, Process};
use crate::protocol::{CONNECT, COOKIE_VALUE, TOKEN};
use crate::stage::{Listener, Session, Stage, Start};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("DIA-01", |stage| Box::pin(dials_and_serves(stage))),
    ("DIA-02", |stage| Box::pin(says_that_nobody_listens(stage))),
    ("DIA-03", |stage| Box::pin(says_that_it_has_no_host(stage))),
    ("DIA-04", |stage| {
        Box::pin(says_which_variable_is_wrong(stage))
    }),
];

async fn dials_and_serves(stage: &Stage<'_>) -> Result<(), Stop> {
    for kind in ["unix", "tcp"] {
        let listener = match kind {
            "unix" => Listener::unix(&stage.sandbox.suite(), "host")?,
            _ => Listener::tcp()?,
        };
        let session = dialled(stage, &format!("{kind}, shutDown"), &listener).await?;
        session.shut_down(stage.limit()).await?;
        stage.did("shutDown answered");
        ends_with_status_0(stage, &session).await?;

        let session = dialled(stage, &format!("{kind}, end of file"), &listener).await?;
        session.link.end();
        stage.did("ended the connection (end of file)");
        ends_with_status_0(stage, &session).await?;
    }
    Ok(())
}

async fn dialled<'a>(
    stage: &'a Stage<'a>,
    label: &str,
    listener: &Listener,
) -> Result<Session<'a>, Stop> {
    let session = Session::dialled(stage, label, listener).await;
    let session = session.map_err(|stop| not_answered(stop, listener.address()))?;
    session.meta(&session.app().await?).await?;
    session.ping().await?;
    stage.did(format!("{label}: meta and ping answered"));
    Ok(session)
}

async fn ends_with_status_0(stage: &Stage<'_>, session: &Session<'_>) -> Result<(), Stop> {
    let exit = session.process.exited(stage.limit()).await;
    match wrong_end(exit, |status| status == 0) {
        None => Ok(()),
        Some(reason) => {
            let expected = format!("exits with status 0 within {}", seconds(stage.limit()));
            Err(stage.fail(reason, expected, ended_or_not(&session.process, exit)))
        }
    }
}

/// A plugin that was told to dial, and has ended.
struct Dialling {
    process: Process,
    exit: Option<Exit>,
}

impl Dialling {
    async fn to(
        stage: &Stage<'_>,
        label: &str,
        connect: Option<String>,
        token: Option<String>,
    ) -> Result<Self, Stop> {
        let start = Start {
            cookie: Some(COOKIE_VALUE.to_owned()),
            connect,
            token,
            ..Start::default()
        };
        let process = stage.start(label, start, None)?;
        let exit = process.exited(stage.limit()).await;
        stage.did(format!("{label}: {}", ended_or_not(&process, exit)));
        Ok(Self { process, exit })
    }

    /// It has ended by itself, in time, with another status than 0.
    fn is_a_failure(&self, stage: &Stage<'_>, label: &str) -> Result<(), Stop> {
        match wrong_end(self.exit, |status| status != 0) {
            None => Ok(()),
            Some(reason) => {
                let limit = seconds(stage.limit());
                let expected = format!("exits with another status than 0 within {limit}");
                let end = ended_or_not(&self.process, self.exit);
                Err(stage.fail(reason, expected, format!("{label}: {end}")))
            }
        }
    }

    /// It has said this on stderr.
    fn names(&self, stage: &Stage<'_>, label: &str, what: &str, or: Reason) -> Result<(), Stop> {
        let stderr = self.process.stderr.text();
        if stderr.contains(what) {
            return Ok(());
        }
        let reason = match stderr.trim() {
            "" => Reason::StderrEmpty,
            _ => or,
        };
        let actual = format!("{label}: on stderr \"{}\"", stderr.escape_debug());
        Err(stage.fail(reason, format!("on stderr a word about {what}"), actual))
    }
}

async fn says_that_nobody_listens(stage: &Stage<'_>) -> Result<(), Stop> {
    let directory = stage.sandbox.suite();
    let missing = directory.join("missing");
    let left = directory.join("left");
    drop(UnixListener::bind(&left)?);
    let (closed, _reserved) = closed_port()?;
    let crowded = directory.join("crowded");
    let _crowd = crowd(&crowded)?;
    let addresses = [
        ("no such path", format!("unix:{}", missing.display())),
        ("a path of nobody's", format!("unix:{}", left.display())),
        ("a closed port", closed),
        ("no room", format!("unix:{}", crowded.display())),
    ];
    for (label, address) in addresses {
        let dialling = Dialling::to(stage, label, Some(address.clone()), None).await?;
        dialling.is_a_failure(stage, label)?;
        let (_, place) = address.split_once(':').unwrap_or_default();
        dialling.names(stage, label, place, Reason::AddressNotNamed)?;
    }
    fs::remove_file(left)?;
    Ok(())
}

/// Listens on a path, and takes all the room that there is for those who dial it.
fn crowd(path: &Path) -> Result<Vec<OwnedFd>, Stop> {
    let address = SocketAddrUnix::new(path).map_err(errno)?;
    // The plugin is to inherit none of them.
    let socket = |flags| socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let listener = socket(SocketFlags::CLOEXEC).map_err(errno)?;
    bind(&listener, &address).map_err(errno)?;
    listen(&listener, 0).map_err(errno)?;
    let mut crowd = vec![listener];
    loop {
        let visitor = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).map_err(errno)?;
        match connect(&visitor, &address) {
            Ok(()) => crowd.push(visitor),
            Err(Errno::AGAIN) => return Ok(crowd),
            Err(error) => return Err(errno(error)),
        }
    }
}

fn errno(error: Errno) -> Stop {
    io::Error::from(error).into()
}

/// A port on which nobody listens, nor will for as long as it is bound.
fn closed_port() -> Result<(String, OwnedFd), Stop> {
    let flags = SocketFlags::CLOEXEC;
    let bound = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).map_err(errno)?;
    let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    bind(&bound, &any).map_err(errno)?;
    let address = SocketAddrV4::try_from(getsockname(&bound).map_err(errno)?);
    let address = address.map_err(|_| Stop::Harness("a port has no address".to_owned()))?;
    Ok((format!("tcp:{address}"), bound))
}

async fn says_that_it_has_no_host(stage: &Stage<'_>) -> Result<(), Stop> {
    let alone = Dialling::to(stage, "neither variable", None, None).await?;
    let exit = alone.exit;
    if let Some(reason) = wrong_end(exit, |status| status == 1) {
        let expected = format!("exits with status 1 within {}", seconds(stage.limit()));
        return Err(stage.fail(reason, expected, ended_or_not(&alone.process, exit)));
    }
    let stdout = alone.process.stdout.bytes();
    if !stdout.is_empty() {
        let actual = format!("on stdout \"{}\"", stdout.escape_ascii());
        return Err(stage.fail(Reason::StdoutNotEmpty, "nothing on stdout", actual));
    }
    let stderr = alone.process.stderr.text();
    let reason = match stderr.trim().lines().count() {
        1 => return Ok(()),
        0 => Reason::StderrEmpty,
        _ => Reason::SeveralLines,
    };
    let actual = format!("on stderr \"{}\"", stderr.escape_debug());
    Err(stage.fail(reason, "one line on stderr", actual))
}

async fn says_which_variable_is_wrong(stage: &Stage<'_>) -> Result<(), Stop> {
    let unix = Listener::unix(&stage.sandbox.suite(), "host")?;
    let tcp = Listener::tcp()?;
    let (_, port) = tcp.address().rsplit_once(':').unwrap_or_default();
    let addresses = [
        ("a word", "banana".to_owned()),
        ("no path", "unix:".to_owned()),
        ("a relative path", "unix:host".to_owned()),
        ("no port", "tcp:127.0.0.1".to_owned()),
        ("too large a port", "tcp:127.0.0.1:65536".to_owned()),
        ("a name", format!("tcp:localhost:{port}")),
        ("another scheme", format!("http://127.0.0.1:{port}")),
    ];
    for (label, address) in addresses {
        let token = stage.token();
        is_refused(stage, label, CONNECT, address, token).await?;
    }
    let token = stage.token();
    let tokens = [
        ("an empty token", String::new()),
        ("a short token", token[1..].to_owned()),
        ("a long token", format!("{token}0")),
        ("no hexadecimal digits", format!("{}zz", &token[2..])),
    ];
    for (label, token) in tokens {
        is_refused(stage, label, TOKEN, unix.address().to_owned(), token).await?;
    }
    Ok(())
}

async fn is_refused(
    stage: &Stage<'_>,
    label: &str,
    variable: &str,
    address: String,
    token: String,
) -> Result<(), Stop> {
    let value = if variable == CONNECT {
        &address
    } else {
        &token
    };
    let label = format!("{label}, {variable}={value}");
    let (address, shown) = (Some(address), token.clone());
    let dialling = Dialling::to(stage, &label, address, Some(token)).await?;
    dialling.is_a_failure(stage, &label)?;
    dialling.names(stage, &label, variable, Reason::VariableNotNamed)?;
    let output = dialling.process.stdout.text() + &dialling.process.stderr.text();
    if !shown.is_empty() && output.contains(&shown) {
        let actual = format!("{label}: \"{}\"", output.escape_debug());
        return Err(stage.fail(Reason::TokenShown, "the token on no stream", actual));
    }
    Ok(())
}
