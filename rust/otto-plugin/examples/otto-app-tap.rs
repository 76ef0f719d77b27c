//! What the tests of this crate put between a host and a plugin: it starts the plugin in the
//! variable `TAPPED`, passes everything on, and writes the highest question number of each side to
//! the file in the variable `TAP` when the session has ended.

#![expect(clippy::unwrap_used, reason = "a test panics")]
#![expect(
    unsafe_code,
    reason = "the descriptor is inherited, and this program is its owner"
)]

use std::io::{BufReader, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::net::UnixStream;
use std::process::Command;

use capnp::message::ReaderOptions;
use capnp::serialize;
use capnp_rpc::rpc_capnp::message;

fn main() {
    let number = std::env::var("OTTO_PLUGIN_FD").unwrap().parse().unwrap();
    // SAFETY: the host has opened it for this process, and nothing else here uses it.
    let host = unsafe { UnixStream::from_raw_fd(number) };
    let (plugin, inner) = UnixStream::pair().unwrap();
    rustix::io::fcntl_setfd(&inner, rustix::io::FdFlags::empty()).unwrap();
    rustix::io::fcntl_setfd(&host, rustix::io::FdFlags::CLOEXEC).unwrap();
    let mut child = Command::new(std::env::var_os("TAPPED").unwrap())
        .env("OTTO_PLUGIN_FD", inner.as_raw_fd().to_string())
        .spawn()
        .unwrap();
    drop(inner);
    let (from, to) = (host.try_clone().unwrap(), plugin.try_clone().unwrap());
    let asked = std::thread::spawn(move || pass_on(from, to));
    let called_back = pass_on(plugin, host);
    let status = child.wait().unwrap();
    let asked = asked.join().unwrap();
    let tap = std::env::var_os("TAP").unwrap();
    std::fs::write(tap, format!("{asked} {called_back}")).unwrap();
    std::process::exit(status.code().unwrap_or(1));
}

/// Passes messages on until there are no more. Gives the highest number of a question.
fn pass_on(from: UnixStream, mut to: UnixStream) -> u32 {
    let mut highest = 0;
    let mut from = BufReader::new(from);
    while let Ok(Some(frame)) = serialize::try_read_message(&mut from, ReaderOptions::new()) {
        let message: message::Reader<'_> = frame.get_root().unwrap();
        let question = match message.which() {
            Ok(message::Bootstrap(Ok(bootstrap))) => bootstrap.get_question_id(),
            Ok(message::Call(Ok(call))) => call.get_question_id(),
            _ => 0,
        };
        highest = highest.max(question);
        let mut bytes = Vec::new();
        serialize::write_message_segments(&mut bytes, &frame.into_segments()).unwrap();
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    highest
}
