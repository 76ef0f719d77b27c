//! A host for one application: has the plugin in its first argument compile and develop the
//! application in the directory of its second one, until the program is ended, and shows what it
//! says. The third one is where everything else goes.

#![expect(clippy::print_stdout, reason = "it is a program for people")]

use std::env;
use std::error::Error;
use std::path::PathBuf;

use otto_plugin::bindings::app::{Context, Tuple};
use otto_plugin::bindings::appfile::{Appfile, Application};
use otto_plugin::bindings::error;
use otto_plugin::bindings::host::{DirectoryClient, Ui, UiClient};
use otto_plugin::host::{Cancel, Launcher, Services};
use otto_plugin::testing::MemoryDirectory;

struct Screen;

impl Ui for Screen {
    async fn message(&self, text: String) -> Result<(), error::Error> {
        println!("{text}");
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(PathBuf::from);
    let mut next = || arguments.next().ok_or("PLUGIN APPLICATION STATE");
    let (plugin, application, state) = (next()?, next()?, next()?);
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let named = Application {
        name: "hello".into(),
        r#type: "ruby".into(),
        ..Application::default()
    };
    let mut context = Context {
        dir: text(state.join("compiled")),
        cache_dir: text(state.join("cache")),
        local_dir: text(state.join("local")),
        tuple: Tuple {
            app: "ruby".into(),
            infra: "local".into(),
            flavor: "simple".into(),
        },
        application: named.clone(),
        appfile: Appfile {
            id: "app-1".into(),
            path: text(application.join("Appfile")),
            application: named,
            ..Appfile::default()
        },
        ..Context::default()
    };
    for directory in [&context.dir, &context.cache_dir, &context.local_dir] {
        std::fs::create_dir_all(directory)?;
    }
    let services = Services {
        ui: UiClient::new(Screen),
        directory: DirectoryClient::new(MemoryDirectory::new()),
        cancel: Cancel::new(),
        terminal: None,
    };
    pollster::block_on(async {
        let plugin = Launcher::new(plugin).start().await?;
        println!("plugin {}", plugin.pid().unwrap_or_default());
        context.compile_result = Some(plugin.compile(context.clone(), &services).await?);
        plugin.dev(context, &services).await?;
        Ok(())
    })
}
