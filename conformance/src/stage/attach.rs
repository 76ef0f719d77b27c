//! A plugin that the user starts, in a debugger or in any other way.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::thread;

use super::{Stage, Start};
use crate::process::Process;
use crate::protocol::{CONNECT, COOKIE, COOKIE_VALUE, TOKEN, TOKEN_BYTES};
use crate::verdict::Stop;
use crate::wire::Link;

impl Stage<'_> {
    /// Has the user start the plugin, which then dials, and is connected to the socket that it would
    /// have inherited.
    pub(super) fn attach_to_user(
        &self,
        label: &str,
        start: Start,
        link: Option<&Rc<Link>>,
    ) -> Result<Process, Stop> {
        let is_ordinary = start.cookie.as_deref() == Some(COOKIE_VALUE)
            && start.descriptor_value.is_none()
            && start.connect.is_none();
        let Some((end, _)) = start.descriptor.filter(|_| is_ordinary) else {
            let case = &self.case.id;
            return Err(Stop::Untestable(format!(
                "{case} starts the plugin otherwise than a host does, which a person cannot repeat"
            )));
        };
        let path = self.sandbox.suite().join(label);
        let listener = UnixListener::bind(&path)?;
        let token = self.token();
        let mut screen = io::stderr();
        writeln!(
            screen,
            "\n{label}: start the plugin with these, in a debugger or as you like:\n\n\
             export {COOKIE}={COOKIE_VALUE}\n\
             export {CONNECT}=unix:{}\n\
             export {TOKEN}={token}\n\
             unset OTTO_PLUGIN_FD\n",
            path.display()
        )?;
        let (mut dialled, _) = listener.accept()?;
        let mut said = [0; TOKEN_BYTES];
        dialled.read_exact(&mut said)?;
        if said != *token.as_bytes() {
            return Err(Stop::Harness(
                "who dialled did not say the token: were all variables set?".to_owned(),
            ));
        }
        let peer = rustix::net::sockopt::socket_peercred(&dialled).map_err(io::Error::from)?;
        let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).map_err(io::Error::other)?;
        connect(dialled, end.into())?;
        let process = Process::of_user(pid, self.began)?;
        self.keep(label, &process, link);
        self.did(format!("{label}: the user started it, pid {pid}"));
        Ok(process)
    }
}

/// Passes on what either says to the other, until both have ended.
fn connect(plugin: UnixStream, end: UnixStream) -> io::Result<()> {
    for (from, to) in [(plugin.try_clone()?, end.try_clone()?), (end, plugin)] {
        thread::Builder::new()
            .name("attached".to_owned())
            .spawn(move || {
                let _ = io::copy(&mut &from, &mut &to);
                let _ = to.shutdown(Shutdown::Write);
            })?;
    }
    Ok(())
}
