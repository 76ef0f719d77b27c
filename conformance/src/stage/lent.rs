//! What a host lends for a call, in a host that has nothing: no user, no records.

use std::future::pending;
use std::rc::Rc;

use otto_plugin::wire::host_capnp::{cancellation, directory, host, ui};

/// A user who sees everything and says nothing, and a directory without a record. Both are on the
/// wire, and so in the record.
struct Nothing;

/// Writes what a plugin may call of the host into the parameters of a call.
pub(crate) fn lend(mut host: host::Builder<'_>) {
    host.set_ui(capnp_rpc::new_client(Nothing));
    host.set_directory(capnp_rpc::new_client(Nothing));
    host.set_cancellation(capnp_rpc::new_client(Nothing));
}

macro_rules! answered_with_nothing {
    ($($method:ident($params:ty, $results:ty);)*) => {$(
        async fn $method(self: Rc<Self>, _: $params, _: $results) -> capnp::Result<()> {
            Ok(())
        }
    )*};
}

impl ui::Server for Nothing {
    answered_with_nothing! {
        header(ui::HeaderParams, ui::HeaderResults);
        message(ui::MessageParams, ui::MessageResults);
        raw(ui::RawParams, ui::RawResults);
        diagnostic(ui::DiagnosticParams, ui::DiagnosticResults);
    }
}

impl directory::Server for Nothing {
    answered_with_nothing! {
        get_infra(directory::GetInfraParams, directory::GetInfraResults);
        get_dev(directory::GetDevParams, directory::GetDevResults);
        get_build(directory::GetBuildParams, directory::GetBuildResults);
        get_deploy(directory::GetDeployParams, directory::GetDeployResults);
        get_blob(directory::GetBlobParams, directory::GetBlobResults);
    }
}

impl cancellation::Server for Nothing {
    /// No call is cancelled.
    async fn wait(
        self: Rc<Self>,
        _: cancellation::WaitParams,
        _: cancellation::WaitResults,
    ) -> capnp::Result<()> {
        pending().await
    }
}
