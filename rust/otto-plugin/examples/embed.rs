//! A host in a few lines: starts the plugin in its first argument, has it develop for as long as
//! the second one says, in milliseconds, and shows what it says.

#![expect(clippy::print_stdout, reason = "it is a program for people")]

use std::env;
use std::error::Error;
use std::time::Duration;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error;
use otto_plugin::bindings::host::{DirectoryClient, Ui, UiClient};
use otto_plugin::host::{Cancel, Launcher, Services};
use otto_plugin::testing::MemoryDirectory;

/// Shows messages, and answers to everything else that it is not supported.
struct Screen;

impl Ui for Screen {
    async fn message(&self, text: String) -> Result<(), error::Error> {
        println!("    {text}");
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("the path of a plugin is missing")?;
    let limit = arguments.next().unwrap_or_default().parse().unwrap_or(5000);
    // Any runtime will do.
    pollster::block_on(async {
        let plugin = Launcher::new(path).host("embed", "1").start().await?;
        println!("{} is for {:?}", plugin.info().name, plugin.meta().tuples);

        let services = Services {
            ui: UiClient::new(Screen),
            directory: DirectoryClient::new(MemoryDirectory::new()),
            cancel: Cancel::after(Duration::from_millis(limit)),
            terminal: None,
        };
        let context = Context {
            action_args: vec!["1000".into()],
            ..Context::default()
        };
        // An error says what was seen, and what a person can do.
        if let Err(error) = plugin.dev(context, &services).await {
            println!("{error}");
        }
        let ended = plugin.shut_down().await;
        println!("ended: {:?}", ended.step);
        Ok(())
    })
}
