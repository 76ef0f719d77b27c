//! A plugin whose calls can be cancelled: its `dev` runs a program, its `deploy` puts things in order.

use otto_plugin::bindings::app::{App, Context, Meta, Tuple};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::Host;
use tokio::process::Command;

struct Waiter;

impl App for Waiter {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "waiter".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }

    /// Ends at its next await when it is cancelled, and the program ends with it.
    async fn dev(&self, context: Context, host: Host) -> Result<(), Error> {
        let program = host.spawn(Command::new("sleep").args(context.action_args))?;
        host.ui.message(format!("process {}", program.id())).await?;
        let status = program.wait().await?;
        host.ui.message(format!("it has ended: {status}")).await?;
        Ok(())
    }

    /// Is not ended while it is held, so it can take back what it has begun.
    async fn deploy(&self, _context: Context, host: Host) -> Result<(), Error> {
        let _hold = host.hold();
        host.ui.message("deploying").await?;
        tokio::select! {
            () = work() => Ok(()),
            reason = host.cancelled() => {
                host.ui.message(format!("taking it back: {reason:?}")).await?;
                Err(Error::cancelled("App.deploy", reason))
            }
        }
    }
}

/// Takes as long as it takes.
async fn work() {
    std::future::pending().await
}

fn main() {
    otto_plugin::guest::Plugin::new(Waiter)
        .version(env!("CARGO_PKG_VERSION"))
        .serve()
}
