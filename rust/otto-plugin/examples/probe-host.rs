//! What the tests of this crate kill: a host that starts the plugin in its first argument, on the
//! transport in its second one, if any, has it block its thread, and prints the number of the plugin's
//! process when it does.

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{DirectoryClient, Ui, UiClient};
use otto_plugin::host::{Cancel, Launcher, Services, Transport};
use otto_plugin::testing::MemoryDirectory;

struct Announce(u32);

impl Ui for Announce {
    #[expect(clippy::print_stdout, reason = "the test reads it")]
    async fn message(&self, text: String) -> Result<(), Error> {
        println!("{} {text}", self.0);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("the path of a plugin is missing")?;
    let mut launcher = Launcher::new(path);
    if let Some(transport) = arguments.next() {
        launcher = launcher.transports([match transport.to_str() {
            Some("tcp") => Transport::Tcp,
            Some("unix") => Transport::Unix,
            _ => Transport::Inherited,
        }]);
    }
    pollster::block_on(async {
        let plugin = launcher.start().await?;
        let pid = plugin.pid().ok_or("the plugin has no process")?;
        let services = Services {
            ui: UiClient::new(Announce(pid)),
            directory: DirectoryClient::new(MemoryDirectory::new()),
            cancel: Cancel::new(),
            terminal: None,
        };
        let context = Context {
            action: "block".into(),
            ..Context::default()
        };
        plugin.compile(context, &services).await?;
        Ok(())
    })
}
