//! Writing a plugin.
//!
//! Implement the trait of the plugin's type, and hand it to [`serve`](crate::serve). Everything
//! else is the library's: the cookie and the message without it, the socket that is inherited or
//! dialled, the environment, the session, a panic that becomes a fault of one call, the callbacks that are
//! awaited before an answer goes out, and the end of the process when the host is gone.

mod dial;
mod launch;
mod lifeline;
mod session;

use std::path::Path;

use crate::bindings::app::{App, AppClient};
use crate::rpc::Client;
use launch::LaunchError;

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
}

impl Plugin {
    /// Takes what the plugin does.
    pub fn new(app: impl App) -> Self {
        let app = AppClient::new(app);
        let app = AppClient::from_capability(app.capability().independent());
        Self {
            app,
            name: None,
            version: String::new(),
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
