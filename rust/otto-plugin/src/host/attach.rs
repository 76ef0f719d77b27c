//! A plugin that a person starts: by hand, or in a debugger.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Attempt, after};
use super::introduction::Introduction;
use super::listener::Listener;
use super::plugin::Plugin;
use super::start_error::{Phase, StartCause, StartError};
use super::transport::Transport;
use crate::bindings::host::Log;
use crate::dial::Dial;
use crate::launch::{COOKIE, COOKIE_VARIABLE};
use crate::rpc::{inside, own};

/// Waits for a plugin that a person starts, instead of starting it.
///
/// Everything has all the time there is: the start, a call, one that was asked to stop, and the end.
/// The process is nobody's: it gets no signal, and what it prints is where the person has started it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use otto_plugin::host::Plugin;
///
/// let attaching = Plugin::attach("app-ruby").host("otto", "1.0.0").listen()?;
/// println!("Put this in front of the command:\n{}", attaching.variables());
/// let plugin = attaching.plugin().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nobody can dial before `listen`"]
pub struct Attach {
    name: PathBuf,
    introduction: Introduction,
    transport: Transport,
}

/// A host that waits for a plugin to dial. When it is dropped, nothing is left of it; a process that
/// is killed leaves a directory.
#[must_use = "nobody listens any more when this is dropped"]
pub struct Attaching {
    name: PathBuf,
    introduction: Introduction,
    listener: Listener,
    variables: Variables,
}

/// The variables that a plugin needs to find its host. They are good for one connection.
///
/// `Display` shows them as one line for a shell, to be put in front of a command. There is a secret
/// in it: whoever has it can be the plugin.
#[derive(Clone)]
pub struct Variables(Dial);

impl Plugin {
    /// Waits for a plugin that a person starts, by hand or in a debugger, instead of starting one.
    /// Takes what it is called in messages, such as `app-ruby`.
    pub fn attach(name: impl Into<String>) -> Attach {
        Attach::new(name.into())
    }
}

impl Attach {
    fn new(name: String) -> Self {
        let mut introduction = Introduction::default();
        introduction.host.cancel_grace_max_ms = u32::MAX;
        Self {
            name: name.into(),
            introduction,
            transport: Transport::Unix,
        }
    }

    /// Says who the host is: its name, such as `otto`, and its version.
    pub fn host(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.introduction.name(name.into(), version.into());
        self
    }

    /// Announces a named part of the protocol that this host offers, such as `terminal`.
    pub fn feature(mut self, name: impl Into<String>) -> Self {
        self.introduction.host.features.push(name.into());
        self
    }

    /// Takes what the plugin logs. Without it, that is thrown away.
    pub fn log(mut self, log: impl Log) -> Self {
        self.introduction.log(log);
        self
    }

    /// Listens there. At a Unix socket unless it is set; [`Transport::Inherited`] is an error, since
    /// what a person starts inherits nothing of this process.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Begins to listen. An error is one of the operating system's, or the caller's choice of a
    /// transport.
    pub fn listen(self) -> Result<Attaching, StartError> {
        let listener = own().and_then(|runtime| {
            let _inside = runtime.enter();
            Listener::open(self.transport)
        });
        let listener = listener.map_err(|error| failed(self.name.clone(), error))?;
        Ok(Attaching {
            name: self.name,
            introduction: self.introduction,
            variables: Variables(listener.dial().clone()),
            listener,
        })
    }
}

impl Attaching {
    /// What the plugin is to be started with.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Waits until the plugin has dialled and shaken hands, for as long as it takes.
    ///
    /// Dropping the future ends the wait. An error says what came instead of a plugin. It works under
    /// any async runtime.
    pub async fn plugin(self) -> Result<Plugin, StartError> {
        let Self {
            name,
            introduction,
            listener,
            ..
        } = self;
        // A caller who goes away leaves no file, however soon the process exits.
        let _place = listener.place();
        let attempt = Attempt::new(name.clone(), introduction, None, Some(listener));
        match inside(attempt.finish(after(Duration::MAX))).await {
            Ok(attached) => attached,
            Err(error) => Err(failed(name, error)),
        }
    }
}

fn failed(name: PathBuf, error: io::Error) -> StartError {
    StartError {
        path: name,
        phase: Phase::Dial,
        cause: Box::new(StartCause::System(Arc::new(error))),
        output: Box::default(),
        listening: Box::default(),
    }
}

impl Variables {
    /// Each variable and its value, as `Command::envs` takes them.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        let cookie = (COOKIE_VARIABLE, COOKIE.to_owned());
        [cookie].into_iter().chain(self.0.variables())
    }
}

impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.pairs().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{name}={}", quoted(&value))?;
        }
        Ok(())
    }
}

/// Writes a word so that any shell of Unix takes it as it is.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Variables").field(&self.0).finish()
    }
}

impl fmt::Debug for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attach")
            .field("name", &self.name)
            .field("host", &self.introduction.host)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attaching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attaching")
            .field("name", &self.name)
            .field("variables", &self.variables)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_anything_in_it_is_one_word_for_a_shell() {
        assert_eq!(quoted("unix:/tmp/otto-x/s"), "unix:/tmp/otto-x/s");
        assert_eq!(quoted(""), "");
        assert_eq!(quoted("/a b/it's $HOME"), r"'/a b/it'\''s $HOME'");
    }
}
