//! From the first instruction to a socket.

use std::env;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

use crate::defect::Defect;
use crate::{dial, serve};

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";

const MESSAGE: &str = "\
This binary is an Otto plugin. These are not meant to be
executed directly. Please execute `otto`, which will load
any plugins automatically.
";

/// Does what a plugin does.
pub(crate) fn start(defect: Option<Defect>) -> ExitCode {
    let early_dial = (defect == Some(Defect::DialsBeforeTheCookie)).then(dial::dial);
    let early_socket = (defect == Some(Defect::MakesASocketBeforeTheCookie)).then(listen_on_a_path);

    if !is_cookie_right(defect) {
        return refuse(defect);
    }
    if let Some(path) = early_socket {
        let _ = std::fs::remove_file(path);
    }
    let _dialled = early_dial.or_else(|| (defect == Some(Defect::DialsAsWell)).then(dial::dial));
    let _listener =
        (defect == Some(Defect::ListensAsWell)).then(|| TcpListener::bind("127.0.0.1:0"));

    let socket = match descriptor(defect).and_then(|number| adopt(number, defect)) {
        Ok(socket) => socket,
        Err(problem) => match defect {
            Some(Defect::SilentAboutTheDescriptor) => return ExitCode::FAILURE,
            Some(Defect::PanicsOnABadDescriptor) => panic!("there has to be a socket"),
            _ => {
                say(&format!("error: {problem}\n"));
                if defect == Some(Defect::AbortsOnABadDescriptor) {
                    std::process::abort();
                }
                return ExitCode::FAILURE;
            }
        },
    };
    match serve::serve(socket, defect) {
        Ok(status) => status,
        Err(error) => {
            say(&format!("error: the socket cannot be served: {error}\n"));
            ExitCode::FAILURE
        }
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

/// Takes a copy of an inherited descriptor, which closes on exec, if it is a socket.
fn adopt(number: i32, defect: Option<Defect>) -> Result<OwnedFd, String> {
    let wrong = |what: &str| Err(format!("OTTO_PLUGIN_FD={number} is {what}"));
    let this = pidfd_open(getpid(), PidfdFlags::empty()).map_err(|error| error.to_string())?;
    let Ok(descriptor) = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()) else {
        return wrong("not an open descriptor");
    };
    match socket_type(&descriptor) {
        Ok(SocketType::STREAM) => {}
        Ok(_) if defect == Some(Defect::TakesAnySocket) => {}
        Ok(_) => return wrong("not a stream socket"),
        Err(_) => return wrong("not a socket"),
    }
    match socket_domain(&descriptor) {
        Ok(AddressFamily::UNIX) => Ok(descriptor),
        _ => wrong("not a Unix socket"),
    }
}
