//! A plugin that a person starts.

use std::sync::atomic::{AtomicBool, Ordering};

use otto_plugin::host::{Plugin, PluginName};

use super::plugins::{NAME, VERSION};
use crate::failure::Failure;
use crate::plugins::PluginsError;
use crate::screen::Screen;

/// The plugin that a person starts, in the place of `otto`.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) name: PluginName,
    /// Whether the command has come to it.
    is_used: AtomicBool,
}

impl Attached {
    pub(super) fn new(name: PluginName) -> Self {
        let is_used = AtomicBool::new(false);
        Self { name, is_used }
    }

    /// Waits for the person to start it, for as long as that takes.
    pub(super) async fn plugin(&self, screen: &Screen) -> Result<Plugin, Failure> {
        self.is_used.store(true, Ordering::Relaxed);
        let name = self.name.short();
        let mut attach = Plugin::attach(&name)
            .host(NAME, VERSION)
            .log(screen.log(&name));
        if screen.lends_terminal() {
            attach = attach.feature("terminal");
        }
        let attaching = attach.listen().map_err(PluginsError::start)?;
        screen.request(format!(
            "waiting for {name}: start it with these variables, once, within reach of nobody else"
        ));
        screen.request(attaching.variables().to_string());
        Ok(attaching.plugin().await.map_err(PluginsError::start)?)
    }

    /// Says so if the command had nothing to do with it: the person has waited in vain.
    pub(super) fn complain(&self, screen: &Screen) {
        if !self.is_used.load(Ordering::Relaxed) {
            screen.warning(format!(
                "no plugin {} was to be started, so none was waited for",
                self.name.short()
            ));
        }
    }
}
