//! What a host lends for a call of `implicit`, in a host that has nothing: no user, no records.

use std::rc::Rc;

use otto_plugin::wire::error_capnp::{ErrorKind, error};
use otto_plugin::wire::host_capnp::{
    CancelReason, cancellation, directory, host, progress_task, ui,
};
use tokio::sync::watch;

/// A user who sees everything and says nothing, and a directory that is closed to `implicit`. Both
/// are on the wire, and so in the record.
#[derive(Clone)]
struct Nothing {
    over: watch::Receiver<bool>,
}

/// What is lent until the call is over. Dropping this says so.
#[derive(Debug)]
pub(crate) struct Lent(watch::Sender<bool>);

/// Writes what a plugin may call of the host into the parameters of a call of `implicit`.
pub(crate) fn lend(mut host: host::Builder<'_>) -> Lent {
    let (sender, over) = watch::channel(false);
    let nothing = Nothing { over };
    host.set_ui(capnp_rpc::new_client(nothing.clone()));
    host.set_directory(capnp_rpc::new_client(nothing.clone()));
    host.set_cancellation(capnp_rpc::new_client(nothing));
    Lent(sender)
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// Says why something is not done.
fn refuse(mut error: error::Builder<'_>, kind: ErrorKind, message: &str) {
    error.set_kind(kind);
    error.set_message(message);
}

fn revoke(error: error::Builder<'_>) {
    let message = "what was lent for a call is used after it";
    refuse(error, ErrorKind::Revoked, message);
}

macro_rules! seen {
    ($($method:ident($params:ty, $results:ty);)*) => {$(
        async fn $method(self: Rc<Self>, _: $params, mut results: $results) -> capnp::Result<()> {
            if *self.over.borrow() {
                revoke(results.get().init_error());
            }
            Ok(())
        }
    )*};
}

macro_rules! closed {
    ($($method:ident($params:ty, $results:ty);)*) => {$(
        async fn $method(self: Rc<Self>, _: $params, mut results: $results) -> capnp::Result<()> {
            let error = results.get().init_error();
            if *self.over.borrow() {
                revoke(error);
            } else {
                refuse(error, ErrorKind::Unsupported, "implicit has no records");
            }
            Ok(())
        }
    )*};
}

impl ui::Server for Nothing {
    seen! {
        header(ui::HeaderParams, ui::HeaderResults);
        message(ui::MessageParams, ui::MessageResults);
        raw(ui::RawParams, ui::RawResults);
        diagnostic(ui::DiagnosticParams, ui::DiagnosticResults);
    }

    async fn input(
        self: Rc<Self>,
        _: ui::InputParams,
        mut results: ui::InputResults,
    ) -> capnp::Result<()> {
        let error = results.get().init_error();
        if *self.over.borrow() {
            revoke(error);
        } else {
            refuse(error, ErrorKind::Aborted, "nobody can be asked");
        }
        Ok(())
    }

    async fn progress(
        self: Rc<Self>,
        _: ui::ProgressParams,
        mut results: ui::ProgressResults,
    ) -> capnp::Result<()> {
        if *self.over.borrow() {
            revoke(results.get().init_error());
        } else {
            let task = (*self).clone();
            results.get().set_task(capnp_rpc::new_client(task));
        }
        Ok(())
    }
}

impl progress_task::Server for Nothing {
    seen! {
        update(progress_task::UpdateParams, progress_task::UpdateResults);
        end(progress_task::EndParams, progress_task::EndResults);
    }
}

impl directory::Server for Nothing {
    closed! {
        put_infra(directory::PutInfraParams, directory::PutInfraResults);
        get_infra(directory::GetInfraParams, directory::GetInfraResults);
        delete_infra(directory::DeleteInfraParams, directory::DeleteInfraResults);
        put_dev(directory::PutDevParams, directory::PutDevResults);
        get_dev(directory::GetDevParams, directory::GetDevResults);
        delete_dev(directory::DeleteDevParams, directory::DeleteDevResults);
        put_build(directory::PutBuildParams, directory::PutBuildResults);
        get_build(directory::GetBuildParams, directory::GetBuildResults);
        delete_build(directory::DeleteBuildParams, directory::DeleteBuildResults);
        put_deploy(directory::PutDeployParams, directory::PutDeployResults);
        get_deploy(directory::GetDeployParams, directory::GetDeployResults);
        delete_deploy(directory::DeleteDeployParams, directory::DeleteDeployResults);
        put_blob(directory::PutBlobParams, directory::PutBlobResults);
        get_blob(directory::GetBlobParams, directory::GetBlobResults);
        delete_blob(directory::DeleteBlobParams, directory::DeleteBlobResults);
    }
}

impl cancellation::Server for Nothing {
    /// No call is cancelled.
    async fn wait(
        self: Rc<Self>,
        _: cancellation::WaitParams,
        mut results: cancellation::WaitResults,
    ) -> capnp::Result<()> {
        let _ = self.over.clone().wait_for(|over| *over).await;
        results.get().set_reason(CancelReason::Ended);
        Ok(())
    }
}
