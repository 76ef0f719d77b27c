//! The plugins that a command has started.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;
use otto_plugin::host::{Plugin, Step};

use crate::screen::Screen;

/// The plugins that are running, by the paths of their files, to be ended with the command.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<Vec<(PathBuf, Plugin)>>);

impl Running {
    /// Notes a plugin that has been started.
    pub(super) fn add(&self, path: &Path, plugin: &Plugin) {
        self.with(|running| running.push((path.to_owned(), plugin.clone())));
    }

    /// The plugin that was started from a file.
    pub(super) fn find(&self, path: &Path) -> Option<Plugin> {
        self.with(|running| {
            let found = running.iter().find(|(its, _)| its == path);
            found.map(|(_, plugin)| plugin.clone())
        })
    }

    /// Ends them, side by side, and says which ones had to be made to.
    pub(super) async fn shut_down(&self, screen: &Screen) {
        let running = self.with(|running| running.clone());
        let ended = join_all(running.iter().map(|(_, plugin)| plugin.shut_down())).await;
        for ((path, _), ended) in running.iter().zip(ended) {
            if matches!(ended.step, Step::Terminate | Step::Kill) {
                screen.warning(format!(
                    "the plugin {} did not end by itself, and was killed",
                    path.display()
                ));
            }
        }
        self.with(Vec::clear);
    }

    /// Kills them, with all that they have started.
    pub(super) fn kill(&self) {
        self.with(|running| running.iter().for_each(|(_, plugin)| plugin.kill()));
    }

    fn with<T>(&self, f: impl FnOnce(&mut Vec<(PathBuf, Plugin)>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
