//! The first call, and the session that comes of it.

use std::cell::Cell;
use std::process::{Command, Stdio};
use std::rc::Rc;

use otto_plugin::wire::error_capnp::{ErrorKind, error};
use otto_plugin::wire::handshake_capnp::{plugin, session};

use crate::app::App;
use crate::defect::Defect;
use crate::serve::Shared;

/// The only version that this plugin speaks.
const PROTOCOL: u16 = 2;

/// The bootstrap capability.
pub(crate) struct Mutant {
    shared: Rc<Shared>,
    connected: Cell<bool>,
}

impl Mutant {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            connected: Cell::new(false),
        }
    }
}

/// Writes an error into a result.
pub(crate) fn refuse(mut error: error::Builder<'_>, kind: ErrorKind, message: &str) {
    error.set_kind(kind);
    error.set_message(message);
}

impl plugin::Server for Mutant {
    async fn connect(
        self: Rc<Self>,
        params: plugin::ConnectParams,
        mut results: plugin::ConnectResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let mut results = results.get();
        let spoken = params.get_host()?.get_protocols()?;
        if !spoken.iter().any(|version| version == PROTOCOL) {
            let mut error = results.init_error();
            error.reborrow().init_supported(1).set(0, PROTOCOL);
            refuse(
                error,
                ErrorKind::Incompatible,
                "this plugin speaks version 2 of the protocol",
            );
            return Ok(());
        }
        if self.connected.replace(true) && !self.shared.has(Defect::ConnectsTwice) {
            refuse(
                results.init_error(),
                ErrorKind::AlreadyConnected,
                "there is a host already",
            );
            return Ok(());
        }
        *self.shared.log.borrow_mut() = Some(params.get_log()?);
        results.set_session(capnp_rpc::new_client(Session(self.shared.clone())));
        let mut info = results.init_info();
        info.set_type("app");
        info.set_name(if self.shared.has(Defect::HasAnotherName) {
            "mutation"
        } else {
            "mutant"
        });
        info.set_version(env!("CARGO_PKG_VERSION"));
        info.set_library("capnp-rpc");
        info.reborrow().init_protocols(1).set(0, PROTOCOL);
        info.set_protocol(PROTOCOL);
        info.init_limits();
        Ok(())
    }
}

struct Session(Rc<Shared>);

impl session::Server for Session {
    async fn app(
        self: Rc<Self>,
        _: session::AppParams,
        mut results: session::AppResults,
    ) -> capnp::Result<()> {
        results
            .get()
            .set_app(capnp_rpc::new_client(App(self.0.clone())));
        Ok(())
    }

    async fn ping(
        self: Rc<Self>,
        _: session::PingParams,
        _: session::PingResults,
    ) -> capnp::Result<()> {
        Ok(())
    }

    async fn shut_down(
        self: Rc<Self>,
        _: session::ShutDownParams,
        _: session::ShutDownResults,
    ) -> capnp::Result<()> {
        match self.0.defect {
            Some(Defect::StaysAfterShutdown) => return Ok(()),
            Some(Defect::ShutsDownWithoutAnAnswer) => std::process::exit(0),
            Some(Defect::LeavesAFile) => {
                std::fs::write(std::env::temp_dir().join("otto-app-mutant.tmp"), "left")?;
            }
            Some(Defect::LeavesAProcess) => {
                use std::os::unix::process::CommandExt;
                let mut command = Command::new("sleep");
                command.arg("600").process_group(0).stdin(Stdio::null());
                command
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()?;
            }
            _ => {}
        }
        self.0.ending.notify_one();
        Ok(())
    }
}
