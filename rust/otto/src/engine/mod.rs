//! The commands of a project: what they ask of plugins, and in which order.
//!
//! ```text
//!  detect    Appfile ─► detectors ─► plugin ─► implicit ─► merged
//!  compile   the same for each application of the graph, then `compile`, dependencies first
//!  build     what was compiled ─► the plugin that did it ─► `build`, with credentials
//!  deploy    the same, and an action
//!  dev       `devDep` of each dependency that is not kept, then `dev`
//!  status    what is recorded: no plugin is asked
//! ```

mod application;
mod attach;
mod compile;
mod context;
mod detect;
mod error;
mod explain;
mod fault;
mod plugins;
mod running;
mod status;
mod steps;

use std::env;
use std::path::PathBuf;

use otto_plugin::host::{Cancel, PluginName};
use tokio::sync::OnceCell;

use crate::directory::SqliteStore;
use crate::failure::Failure;
use crate::places::Places;
use crate::project::Project;
use crate::screen::Screen;
use crate::settings::Settings;

pub(crate) use steps::Action;

use attach::Attached;
use running::Running;

/// A run of `otto`: whom it serves, where, and what it has started for that.
///
/// Whoever has made it ends it with [`end`](Self::end): plugins are running until then.
pub(crate) struct Otto {
    screen: Screen,
    places: Places,
    settings: Settings,
    /// Where it was started.
    directory: PathBuf,
    /// Asks every call of a plugin to stop.
    cancel: Cancel,
    running: Running,
    attach: Option<Attached>,
    store: OnceCell<SqliteStore>,
}

impl Otto {
    /// Reads what the user has set. `attach` is the plugin that a person starts.
    pub(crate) fn open(
        screen: Screen,
        cancel: Cancel,
        attach: Option<PluginName>,
    ) -> Result<Self, Failure> {
        let places = Places::of_user()?;
        let settings = Settings::read(&places)?;
        Ok(Self {
            screen,
            places,
            settings,
            directory: env::current_dir()
                .map_err(Failure::system("the current directory cannot be found"))?,
            cancel,
            running: Running::default(),
            attach: attach.map(Attached::new),
            store: OnceCell::new(),
        })
    }

    pub(crate) fn screen(&self) -> &Screen {
        &self.screen
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Ends the plugins that are running, and waits until nobody has the terminal.
    pub(crate) async fn end(&self) {
        if let Some(attach) = &self.attach {
            attach.complain(&self.screen);
        }
        self.running.shut_down(&self.screen).await;
        self.screen.settled().await;
    }

    /// Kills the plugins that are running. For whoever does not wait for [`end`](Self::end).
    pub(crate) fn kill(&self) {
        self.running.kill();
    }

    /// The application that `otto` is to work on.
    fn project(&self) -> Result<Project, Failure> {
        Ok(Project::find(&self.directory)?)
    }

    /// What is kept from one run to the next. It is opened by whoever needs it first, which may have to
    /// wait for others.
    async fn store(&self) -> Result<&SqliteStore, Failure> {
        let open = async || Ok(SqliteStore::open(&self.places).await?);
        self.unless_cancelled(self.store.get_or_try_init(open))
            .await
    }

    /// Does something that no plugin can be asked to stop doing, for as long as the user wants it.
    pub(crate) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            _ = self.cancel.cancelled() => Err(Failure::cancelled()),
            done = work => done,
        }
    }
}
