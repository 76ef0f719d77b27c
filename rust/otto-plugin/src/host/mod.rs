//! Hosting plugins.
//!
//! [`Discovery`] finds plugins by the names of their files, [`select`] chooses among them by what they
//! are for, and [`detect_among`] by the files of an application.
//!
//! [`Launcher`] starts a plugin by the path of its file and gives a [`Plugin`]: a handle that works
//! from any thread and any async runtime, and that every clone of shares. A start that fails is a
//! [`StartError`], a call that fails a [`PluginError`]; both name the plugin, the phase, what was
//! seen and what to do, and [`Blame`] says whose fault it is.
//!
//! [`Attach`] waits for a plugin that a person starts instead, in a debugger for one.
//!
//! What the host does for a plugin is an implementation of the traits in
//! [`bindings::host`](crate::bindings::host), handed over with each call as [`Services`].

mod attach;
mod attempt;
mod blame;
mod call_error;
mod calling;
mod cancel;
mod detect;
mod discovery;
mod end;
mod environment;
mod handshake;
mod introduction;
mod launcher;
mod listener;
mod output;
mod plugin;
mod process;
mod start;
mod start_error;
mod transport;

pub use attach::{Attach, Attaching, Variables};
pub use blame::Blame;
pub use call_error::{PluginError, PluginErrorCause};
pub use cancel::Cancel;
pub use detect::{DetectError, Detected, Detection, Undetected, detect, detect_among};
pub use discovery::{
    Because, Chosen, Contender, DirectoryProblem, Discovery, FileHash, FileIdentity, Found,
    HashError, NameError, NotAHash, Passed, Place, PluginDirectory, PluginFile, PluginName, Ranked,
    Selection, Standing, Unusable, select,
};
pub use end::{Ended, Escalation, Step};
pub use launcher::Launcher;
pub use output::{Output, OutputStream};
pub use plugin::{Plugin, Services, Timings};
pub use process::Exit;
pub use start_error::{Listening, NotExecutable, Phase, StartCause, StartError};
pub use transport::Transport;

pub(crate) use handshake::Greeting;
pub(crate) use introduction::NoLog;
pub(crate) use plugin::Parts;
