//! Testing a plugin without a process, and looking at what it did.
//!
//! [`plugin`] serves an app in this process, on one end of a socket pair, and gives the same
//! [`host::Plugin`](crate::host::Plugin) that a started one is. [`FakeUi`] and [`MemoryDirectory`] stand in for the
//! host's, and record what was called.
//!
//! ```
//! use otto_plugin::bindings::app::{App, Context, Meta, Tuple};
//! use otto_plugin::bindings::error::Error;
//! use otto_plugin::bindings::host::Host;
//! use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
//!
//! struct Hello;
//!
//! impl App for Hello {
//!     async fn meta(&self) -> Result<Meta, Error> {
//!         let any = Tuple { app: "hello".into(), infra: "*".into(), flavor: "*".into() };
//!         Ok(Meta { tuples: vec![any], ..Meta::default() })
//!     }
//!
//!     async fn build(&self, _context: Context, host: Host) -> Result<(), Error> {
//!         host.ui.message("built").await?;
//!         Ok(())
//!     }
//! }
//!
//! async fn it_says_that_it_has_built() -> Result<(), Box<dyn std::error::Error>> {
//!     let plugin = testing::plugin(Hello).await?;
//!     let (ui, directory) = (FakeUi::new(), MemoryDirectory::new());
//!     plugin.build(Context::default(), &testing::services(&ui, &directory)).await?;
//!     assert_eq!(ui.messages(), ["built"]);
//!     Ok(())
//! }
//!
//! // Any runtime will do.
//! pollster::block_on(it_says_that_it_has_built()).unwrap();
//! ```

mod blobs;
mod directory;
mod in_process;
mod ui;

pub use directory::{DirectoryCall, MemoryDirectory};
pub use in_process::{Pair, Served, pair, plugin, serve};
pub use ui::{FakeUi, UiCall};

use crate::bindings::host::{DirectoryClient, UiClient};
use crate::host::{Cancel, Services};

/// Makes what is lent to a plugin out of the stand-ins, without a terminal.
pub fn services(ui: &FakeUi, directory: &MemoryDirectory) -> Services {
    Services {
        ui: UiClient::new(ui.clone()),
        directory: DirectoryClient::new(directory.clone()),
        cancel: Cancel::new(),
        terminal: None,
    }
}
