//! The first call, and the session that comes of it.

use std::cell::Cell;
use std::future::pending;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::rc::Rc;

use capnp::any_pointer;
use capnp::traits::{HasTypeId, IntoInternalStructReader};
use otto_plugin::wire::error_capnp::{ErrorKind, error};
use otto_plugin::wire::handshake_capnp::{plugin, session};
use otto_plugin::wire::host_capnp::log;
use tokio::time::sleep;

use crate::app::{App, FEW_CALLS, OVERLAP};
use crate::defect::Defect;
use crate::serve::Shared;

/// The only version that this plugin speaks.
const PROTOCOL: u16 = 2;
/// What this plugin is written with.
pub(crate) const LIBRARY: &str = "capnp-rpc";
/// How many pointers `HostInfo` has.
const HOST_INFO: usize = 5;

/// The bootstrap capability.
pub(crate) struct Mutant {
    shared: Rc<Shared>,
    called: Cell<bool>,
    connected: Cell<bool>,
}

impl Mutant {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            called: Cell::new(false),
            connected: Cell::new(false),
        }
    }
}

/// Makes a call whose answer, which can only be an exception, is not waited for.
fn call_what_nobody_has(log: &log::Client) {
    let call = log
        .client
        .new_call::<any_pointer::Owned, any_pointer::Owned>(log::Client::TYPE_ID, 77, None);
    tokio::task::spawn_local(call.send().promise);
}

/// A process that stays.
fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("600");
    silent(command)
}

/// A process that stays, and has a session of its own.
fn daemon() -> Command {
    let mut command = Command::new("setsid");
    command.args(["sleep", "600"]);
    silent(command)
}

fn silent(mut command: Command) -> Command {
    command.stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a struct has more pointers than so many.
pub(crate) fn is_larger<'a>(reader: impl IntoInternalStructReader<'a>, known: usize) -> bool {
    let raw = reader.into_internal_struct_reader();
    !raw.get_pointer_field(known).is_null()
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
        let host = params.get_host()?;
        if self.shared.has(Defect::RefusesALargerHostInfo) && is_larger(host, HOST_INFO) {
            return Err(capnp::Error::failed("what is HostInfo here?".to_owned()));
        }
        let offered: Vec<u16> = host.get_protocols()?.iter().collect();
        let chosen = match self.shared.defect {
            _ if offered.is_empty() => None,
            Some(Defect::TakesTheFirstVersion) if offered.contains(&PROTOCOL) => {
                offered.first().copied()
            }
            Some(Defect::TakesTheNewestVersion) if offered.contains(&PROTOCOL) => {
                offered.iter().max().copied()
            }
            Some(Defect::TakesNoVersionForItsOwn) => Some(PROTOCOL),
            _ => offered.contains(&PROTOCOL).then_some(PROTOCOL),
        };
        let Some(chosen) = chosen else {
            self.shared.refused.set(true);
            let mut error = results.init_error();
            if !self.shared.has(Defect::DoesNotSayWhatItSpeaks) {
                error.reborrow().init_supported(1).set(0, PROTOCOL);
            }
            let kind = match self.shared.defect {
                Some(Defect::CallsAnOfferUnsupported) => ErrorKind::Unsupported,
                _ => ErrorKind::Incompatible,
            };
            refuse(error, kind, "this plugin speaks version 2 of the protocol");
            return Ok(());
        };
        let is_first = !self.called.replace(true);
        if is_first && self.shared.has(Defect::BeginsALaterCallFirst) {
            sleep(OVERLAP).await;
        }
        if self.connected.replace(true) && !self.shared.has(Defect::ConnectsTwice) {
            refuse(
                results.init_error(),
                ErrorKind::AlreadyConnected,
                "there is a host already",
            );
            return Ok(());
        }
        if self.shared.has(Defect::KeepsItsChildren) {
            *self.shared.child.borrow_mut() = Some(sleeper().spawn()?);
        }
        if self.shared.has(Defect::MayLeaveADaemon) {
            daemon().spawn()?;
        }
        let log = params.get_log()?;
        if self.shared.has(Defect::CallsWhatNobodyHas) {
            call_what_nobody_has(&log);
        }
        *self.shared.log.borrow_mut() = Some(log);
        results.set_session(capnp_rpc::new_client(Session(self.shared.clone())));
        let mut info = results.init_info();
        info.set_type("app");
        info.set_name(if self.shared.has(Defect::HasAnotherName) {
            "mutation"
        } else {
            "mutant"
        });
        info.set_version(env!("CARGO_PKG_VERSION"));
        info.set_library(LIBRARY);
        let times = 1 + u32::from(self.shared.has(Defect::SaysAVersionTwice));
        let mut protocols = info.reborrow().init_protocols(times);
        (0..times).for_each(|index| protocols.set(index, PROTOCOL));
        if self.shared.has(Defect::OffersAFeatureWithoutADomain) {
            info.reborrow().init_features(1).set(0, "metrics");
        }
        if self.shared.has(Defect::OffersAFeatureTwice) {
            let mut features = info.reborrow().init_features(2);
            (0..2).for_each(|index| features.set(index, "example.org/metrics"));
        }
        info.set_protocol(chosen);
        let mut limits = info.init_limits();
        if self.shared.has(Defect::MayAcceptFewCalls) {
            limits.set_calls_in_flight(FEW_CALLS as u16);
        }
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
        self.0.print();
        if self.0.has(Defect::AnswersNoPingWhenBusy) && self.0.running.get() > 0 {
            pending::<()>().await;
        }
        Ok(())
    }

    async fn shut_down(
        self: Rc<Self>,
        _: session::ShutDownParams,
        _: session::ShutDownResults,
    ) -> capnp::Result<()> {
        let call = self.0.shut_downs.get() + 1;
        self.0.shut_downs.set(call);
        match self.0.defect {
            Some(Defect::AbortsAtASecondShutdown) if call > 1 => std::process::abort(),
            Some(Defect::AnswersOneShutdown) if call > 1 => pending::<()>().await,
            Some(Defect::StaysAfterShutdown) => return Ok(()),
            Some(Defect::ShutsDownWithoutAnAnswer) => std::process::exit(0),
            Some(Defect::LeavesAFile) => {
                std::fs::write(std::env::temp_dir().join("otto-app-mutant.tmp"), "left")?;
            }
            Some(Defect::LeavesAProcess) => {
                sleeper().process_group(0).spawn()?;
            }
            _ => {}
        }
        self.0.ending.notify_one();
        Ok(())
    }
}
