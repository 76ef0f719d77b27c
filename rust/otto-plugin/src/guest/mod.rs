//! Writing a plugin.
//!
//! Implement the trait of the plugin's type, and hand it to [`serve`](crate::serve). Everything
//! else is the library's: the cookie and the message without it, the socket that is inherited or
//! dialled, the environment, the session, a panic that becomes a fault of one call, the callbacks
//! that are awaited before an answer goes out, and the end of the process when the host is gone.

mod app;
mod children;
mod dial;
mod launch;
mod lent;
mod lifeline;
mod progress;
mod session;

use std::path::Path;
use std::time::Duration;

use crate::bindings::app::{App, AppClient};
use launch::LaunchError;

pub use children::Child;
pub use lent::Hold;
pub use progress::Progress;

pub(crate) use app::serve as serve_app;
pub(crate) use lifeline::{Lifeline, end_on_request};
pub(crate) use session::{Identity, PluginServer};

/// A plugin of the type `app`, to be served.
///
/// [`serve`](crate::serve) is the short form, for a plugin that has nothing to say of its version.
#[derive(Debug)]
#[must_use = "a plugin does nothing before it is served"]
pub struct Plugin {
    app: AppClient,
    name: Option<String>,
    version: String,
    cancel_grace: Duration,
}

/// How long a call may take to stop, unless the author says otherwise.
pub(crate) const CANCEL_GRACE: Duration = Duration::from_secs(5);

impl Plugin {
    /// Takes what the plugin does.
    pub fn new(app: impl App) -> Self {
        Self {
            app: serve_app(app),
            name: None,
            version: String::new(),
            cancel_grace: CANCEL_GRACE,
        }
    }

    /// Gives the NAME of `otto-TYPE-NAME`. If it is not given, it is taken from the name of the
    /// file that was started.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives the plugin's own version, for people: `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Asks for more or less than 5 s between the moment when a call is asked to stop and the one when
    /// it is dropped: for a call that [holds](Hold) on to put things in order. The host grants it up
    /// to a maximum of its own. In whole milliseconds.
    pub fn cancel_grace(mut self, grace: Duration) -> Self {
        self.cancel_grace = grace;
        self
    }

    /// Serves the plugin until the host is gone, and then exits the process: with status 0 after a
    /// `shutDown` or the end of the connection. Called as the last thing in `main`.
    ///
    /// It has to be called before any thread is started, since it removes the protocol's variables
    /// from the environment. If there is another thread, or no host, it says so on stderr, and
    /// exits with status 1.
    pub fn serve(self) -> ! {
        let code = match launch::accept() {
            Ok(socket) => {
                let identity = Identity {
                    name: self.name.unwrap_or_else(name_of_this_file),
                    version: self.version,
                    cancel_grace: self.cancel_grace,
                };
                match lifeline::hold(socket, |lifeline| {
                    PluginServer::new(self.app, identity, lifeline)
                }) {
                    Ok(never) => match never {},
                    Err(error) => LaunchError::System(error).report(),
                }
            }
            Err(error) => error.report(),
        };
        std::process::exit(code)
    }
}

/// The NAME that the file was started under: of a link, the link's.
fn name_of_this_file() -> String {
    let started = std::env::args_os().next().unwrap_or_default();
    let file = Path::new(&started).file_name().unwrap_or_default();
    let file = file.to_string_lossy();
    let name = file.strip_prefix("otto-app-").unwrap_or(&file);
    name.strip_suffix(".exe").unwrap_or(name).to_owned()
}
