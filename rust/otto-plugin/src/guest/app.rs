//! What the library does around each call of an app.

use crate::bindings::app::{App, AppClient, CompileResult, Context, DevDep, Meta};
use crate::bindings::appfile::Appfile;
use crate::bindings::error::Error;
use crate::bindings::host::{CancelReason, Host};
use crate::rpc::{Client, own};

/// Serves an app. Its calls are independent of each other, and stop when the host wants them to.
pub(crate) fn serve(app: impl App) -> AppClient {
    let app = AppClient::new(Heeding(app));
    AppClient::from_capability(app.capability().independent())
}

/// Asks the host, in each call, whether it is to stop.
struct Heeding<A>(A);

impl<A: App> App for Heeding<A> {
    async fn meta(&self) -> Result<Meta, Error> {
        self.0.meta().await
    }

    async fn implicit(&self, context: Context, host: Host) -> Result<Option<Appfile>, Error> {
        heed(&host);
        self.0.implicit(context, host).await
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        heed(&host);
        self.0.compile(context, host).await
    }

    async fn build(&self, context: Context, host: Host) -> Result<(), Error> {
        heed(&host);
        self.0.build(context, host).await
    }

    async fn deploy(&self, context: Context, host: Host) -> Result<(), Error> {
        heed(&host);
        self.0.deploy(context, host).await
    }

    async fn dev(&self, context: Context, host: Host) -> Result<(), Error> {
        heed(&host);
        self.0.dev(context, host).await
    }

    async fn dev_dep(
        &self,
        destination: Context,
        source: Context,
        host: Host,
    ) -> Result<Option<DevDep>, Error> {
        heed(&host);
        self.0.dev_dep(destination, source, host).await
    }
}

/// Has a call stop when the host says so.
///
/// The question is open until the host answers it, which it does at the end of the call: one that
/// is dropped would cost memory on both sides for as long as the session lasts.
fn heed(host: &Host) {
    let Some(scope) = host.scope().cloned() else {
        return;
    };
    let cancellation = host.cancellation.clone();
    // Without a thread for it, the call runs to its end.
    let Ok(runtime) = own() else { return };
    runtime.spawn(async move {
        match cancellation.wait().await {
            // An error is the end of the connection, which ends the call as well.
            Ok(CancelReason::Ended) | Err(_) => {}
            Ok(reason) => scope.stop(reason),
        }
    });
}
