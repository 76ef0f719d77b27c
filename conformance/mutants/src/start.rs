//! From the first instruction to a socket.

use std::env;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};

use crate::defect::Defect;
use crate::socket::Connection;
use crate::{dial, inherited, serve};

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";

const MESSAGE: &str = "\
This binary is an Otto plugin. These are not meant to be
executed directly. Please execute `otto`, which will load
any plugins automatically.
";

/// Does what a plugin does.
pub(crate) fn start(defect: Option<Defect>) -> ExitCode {
    let inherits = env::var_os("OTTO_PLUGIN_FD").is_some();
    // A connection that is not served, and stays open.
    let dial_too = |wanted| (inherits && defect == Some(wanted)).then(|| dial::dial(defect));
    let early_dial = dial_too(Defect::DialsBeforeTheCookie);
    let early_socket = (defect == Some(Defect::MakesASocketBeforeTheCookie)).then(listen_on_a_path);

    if !is_cookie_right(defect) {
        return refuse(defect);
    }
    if let Some(path) = early_socket {
        let _ = std::fs::remove_file(path);
    }
    let _dialled = early_dial.or_else(|| dial_too(Defect::DialsAsWell));
    let _listener =
        (defect == Some(Defect::ListensAsWell)).then(|| TcpListener::bind("127.0.0.1:0"));
    if let Some(problem) = is_lost(defect) {
        return fail(problem);
    }
    let _lock = match lock(defect) {
        Ok(lock) => lock,
        Err(error) => return fail(&format!("this plugin is running already: {error}")),
    };

    let connection = if inherits {
        inherit(defect)
    } else if env::var_os("OTTO_PLUGIN_CONNECT").is_some() {
        reach(defect)
    } else {
        return do_without(defect);
    };
    let served = match connection {
        Ok(connection) => {
            prepare(&connection, defect);
            serve::serve(connection, inherits, defect)
        }
        Err(status) => return status,
    };
    served.unwrap_or_else(|error| fail(&format!("the socket cannot be served: {error}")))
}

fn fail(problem: &str) -> ExitCode {
    say(&format!("error: {problem}\n"));
    ExitCode::FAILURE
}

fn inherit(defect: Option<Defect>) -> Result<Connection, ExitCode> {
    let problem = match descriptor(defect).and_then(|number| adopt(number, defect)) {
        Ok(socket) => return Ok(Connection::Unix(socket.into())),
        Err(problem) => problem,
    };
    match defect {
        Some(Defect::SilentAboutTheDescriptor) => Err(ExitCode::FAILURE),
        Some(Defect::PanicsOnABadDescriptor) => panic!("there has to be a socket"),
        Some(Defect::AbortsOnABadDescriptor) => {
            fail(&problem);
            std::process::abort()
        }
        _ => Err(fail(&problem)),
    }
}

fn reach(defect: Option<Defect>) -> Result<Connection, ExitCode> {
    dial::dial(defect).map_err(|problem| {
        let status = fail(&problem);
        match defect {
            Some(Defect::ExitsZeroIfItCannotDial) => ExitCode::SUCCESS,
            _ => status,
        }
    })
}

/// Says that there is no host.
fn do_without(defect: Option<Defect>) -> ExitCode {
    const PROBLEM: &str = "there is neither OTTO_PLUGIN_FD nor OTTO_PLUGIN_CONNECT";
    match defect {
        Some(Defect::SpeaksOnStdoutWithoutAnAddress) => {
            let _ = writeln!(io::stdout(), "{PROBLEM}");
        }
        Some(Defect::SpeaksAtLengthWithoutAnAddress) => say("this plugin has no host\n"),
        _ => {}
    }
    let status = fail(PROBLEM);
    match defect {
        Some(Defect::WaitsWithoutAnAddress) => loop {
            std::thread::park();
        },
        Some(Defect::ExitsZeroWithoutAnAddress) => ExitCode::SUCCESS,
        _ => status,
    }
}

/// What is wrong with where and how it was started.
fn is_lost(defect: Option<Defect>) -> Option<&'static str> {
    match defect? {
        Defect::DiesInTheRoot if env::current_dir().ok()?.parent().is_none() => {
            Some("there is no directory above the working directory")
        }
        Defect::FindsItselfByItsFirstArgument if !Path::new(&env::args_os().next()?).exists() => {
            Some("this plugin does not find itself")
        }
        Defect::NeedsAHome if env::var_os("HOME").is_none() => Some("there is no HOME"),
        _ => None,
    }
}

/// Takes time before it serves a host that it has dialled on a port.
fn prepare(connection: &Connection, defect: Option<Defect>) {
    let time = match (connection, defect) {
        (Connection::Tcp(_), Some(Defect::IsSlowOnAPort)) => Duration::from_secs(15),
        (Connection::Tcp(_), Some(Defect::TakesItsTimeOnAPort)) => Duration::from_millis(2_200),
        _ => return,
    };
    std::thread::sleep(time);
}

/// Takes what one process of this user's, with this directory for temporary files, can have, or two.
fn lock(defect: Option<Defect>) -> io::Result<Option<UnixDatagram>> {
    let room = match defect {
        Some(Defect::LocksOutASecondProcess) => 1,
        Some(Defect::HasRoomForTwoProcesses) => 2,
        _ => return Ok(None),
    };
    let take = |place| {
        let name = format!("otto-app-mutant {place} {}", env::temp_dir().display());
        UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name).ok()?).ok()
    };
    match (0..room).find_map(take) {
        Some(place) => Ok(Some(place)),
        None => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// Writes to stderr, whether or not anybody reads it.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn is_cookie_right(defect: Option<Defect>) -> bool {
    match env::var_os("OTTO_PLUGIN_MAGIC_COOKIE") {
        Some(cookie) => cookie == COOKIE || defect == Some(Defect::ChecksOnlyThatACookieIsThere),
        None => defect == Some(Defect::ServesWithoutCookie),
    }
}

fn refuse(defect: Option<Defect>) -> ExitCode {
    if defect != Some(Defect::SilentWithoutCookie) {
        say(MESSAGE);
    }
    match defect {
        Some(Defect::AbortsWithoutCookie) => std::process::abort(),
        Some(Defect::ExitsZeroWithoutCookie) => ExitCode::SUCCESS,
        Some(Defect::RefusesOnStdout) => {
            let _ = io::stdout().write_all(MESSAGE.as_bytes());
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

fn listen_on_a_path() -> PathBuf {
    let path = env::temp_dir().join("otto-app-mutant.socket");
    // Dropping the listener leaves its path.
    let _ = UnixListener::bind(&path);
    path
}

fn descriptor(defect: Option<Defect>) -> Result<i32, String> {
    if defect == Some(Defect::AssumesDescriptor3) {
        return Ok(3);
    }
    let value = env::var("OTTO_PLUGIN_FD");
    let value = value.map_err(|_| "there is no OTTO_PLUGIN_FD to serve on".to_owned())?;
    match value.parse() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(format!(
            "OTTO_PLUGIN_FD={value:?} is not the number of a descriptor"
        )),
    }
}

/// Takes an inherited descriptor, if it is a socket, and makes it close on exec.
fn adopt(number: i32, defect: Option<Defect>) -> Result<OwnedFd, String> {
    let wrong = |what: &str| Err(format!("OTTO_PLUGIN_FD={number} is {what}"));
    let descriptor = match defect {
        Some(Defect::HandsItsSocketOn) => inherited::copy(number),
        _ => inherited::take(number),
    };
    let Ok(descriptor) = descriptor else {
        return wrong("not an open descriptor");
    };
    match socket_type(&descriptor) {
        Ok(SocketType::STREAM) => {}
        Ok(_) if defect == Some(Defect::TakesAnySocket) => {}
        Ok(_) => return wrong("not a stream socket"),
        Err(_) => return wrong("not a socket"),
    }
    match socket_domain(&descriptor) {
        Ok(_) if defect == Some(Defect::TakesAnyStreamSocket) => Ok(descriptor),
        Ok(AddressFamily::UNIX) => Ok(descriptor),
        _ => wrong("not a Unix socket"),
    }
}
