//! The app, of which only `meta` is there.

use std::collections::HashMap;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use capnp::capability::FromClientHook;
use capnp_rpc::rpc_twoparty_capnp::Side;
use futures::FutureExt;
use otto_plugin::wire::app_capnp::{app, meta};
use otto_plugin::wire::error_capnp::ErrorKind;
use otto_plugin::wire::host_capnp::{CancelReason, host, log, ui};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::defect::Defect;
use crate::leak;
use crate::plugin::{is_larger, refuse};
use crate::serve::Shared;
use crate::start::say;

/// The infrastructures that this plugin is for.
const INFRASTRUCTURES: [&str; 8] = [
    "aws",
    "azure",
    "digitalocean",
    "google",
    "heroku",
    "kubernetes",
    "local",
    "openstack",
];

/// Longer than a meta may take.
const SLOW: Duration = Duration::from_millis(1200);
/// At which calls of meta something is taken, where that is a defect.
const NOW_AND_THEN: u32 = 20;
/// How much is kept of each, in bytes.
const KEPT: usize = 128 << 10;
/// Long enough for another call to come meanwhile.
pub(crate) const OVERLAP: Duration = Duration::from_millis(20);

/// How many calls are accepted at once by a plugin that accepts few.
pub(crate) const FEW_CALLS: u32 = 4;

/// The capability that `Session.app` gives.
pub(crate) struct App(pub(crate) Rc<Shared>);

impl app::Server for App {
    async fn meta(
        self: Rc<Self>,
        params: app::MetaParams,
        mut results: app::MetaResults,
    ) -> capnp::Result<()> {
        let call = self.0.metas.get() + 1;
        self.0.metas.set(call);
        match self.0.defect {
            Some(Defect::WritesAFileInMeta) => {
                let home = std::env::var_os("HOME").unwrap_or_default();
                std::fs::write(
                    std::path::Path::new(&home).join(".otto-app-mutant"),
                    "cache",
                )?;
            }
            // It is over for the host, who says so.
            Some(Defect::MayAskInImplicit) => {
                let ended = self.0.ended.take();
                if let Some(ended) = ended {
                    ended.await?;
                }
            }
            Some(Defect::AbortsAtIts65thMeta) if call == 65 => std::process::abort(),
            Some(Defect::IsSlowInMeta) if call == 2 => sleep(SLOW).await,
            Some(Defect::RefusesLargerParameters) if is_larger(params.get()?, 0) => {
                return Err(capnp::Error::failed(
                    "what are these parameters?".to_owned(),
                ));
            }
            Some(Defect::AnswersNoPingWhenBusy) => {
                self.0.running.set(self.0.running.get() + 1);
                sleep(OVERLAP).await;
                self.0.running.set(self.0.running.get() - 1);
            }
            Some(Defect::MayAcceptFewCalls) => {
                let running = self.0.running.get() + 1;
                self.0.running.set(running);
                if running > 4 * FEW_CALLS {
                    say(&format!("callsInFlight: {FEW_CALLS}, and {running} came\n"));
                    std::process::exit(1);
                }
                sleep(OVERLAP).await;
                self.0.running.set(self.0.running.get() - 1);
            }
            Some(Defect::AsksTheHostInMeta) => self.ask_the_host().await,
            Some(Defect::CallsTheHostInMeta) => self.call_the_host().await,
            Some(Defect::ForgetsCallsThatOverlap) => self.wait_in_the_one_place().await,
            Some(Defect::KeepsWhatItWasAsked) => leak::memory(KEPT),
            Some(Defect::OpensAFileNowAndThen) if call.is_multiple_of(NOW_AND_THEN) => {
                leak::descriptor()?
            }
            Some(Defect::StartsAThreadNowAndThen) if call.is_multiple_of(NOW_AND_THEN) => {
                leak::thread()
            }
            _ => {}
        }
        self.write(results.get().init_meta(), call);
        Ok(())
    }

    async fn implicit(
        self: Rc<Self>,
        params: app::ImplicitParams,
        mut results: app::ImplicitResults,
    ) -> capnp::Result<()> {
        match self.0.defect {
            Some(Defect::FailsAtImplicit) => {
                return Err(capnp::Error::failed(NOT_DONE.to_owned()));
            }
            Some(Defect::NeverAnswersImplicit) => pending().await,
            Some(Defect::WritesAFileInImplicit) => {
                let context = params.get()?.get_context()?;
                std::fs::write(context.get_appfile()?.get_path()?.to_str()?, "")?;
            }
            Some(Defect::MayAskInImplicit) => {
                self.ask_in_implicit(params.get()?.get_host()?).await?;
            }
            Some(Defect::StoresARecordInImplicit) => {
                let directory = params.get()?.get_host()?.get_directory()?;
                let _ = directory.put_dev_request().send().promise.await;
            }
            _ => {}
        }
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }

    async fn compile(
        self: Rc<Self>,
        _: app::CompileParams,
        mut results: app::CompileResults,
    ) -> capnp::Result<()> {
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }

    async fn build(
        self: Rc<Self>,
        _: app::BuildParams,
        mut results: app::BuildResults,
    ) -> capnp::Result<()> {
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }

    async fn deploy(
        self: Rc<Self>,
        _: app::DeployParams,
        mut results: app::DeployResults,
    ) -> capnp::Result<()> {
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }

    async fn dev(
        self: Rc<Self>,
        _: app::DevParams,
        mut results: app::DevResults,
    ) -> capnp::Result<()> {
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }

    async fn dev_dep(
        self: Rc<Self>,
        _: app::DevDepParams,
        mut results: app::DevDepResults,
    ) -> capnp::Result<()> {
        refuse(results.get().init_error(), ErrorKind::Unsupported, NOT_DONE);
        Ok(())
    }
}

const NOT_DONE: &str = "this plugin does nothing but to say what it is for";

impl App {
    fn write(&self, mut meta: meta::Builder<'_>, call: u32) {
        let mut infrastructures = INFRASTRUCTURES.to_vec();
        if self.0.has(Defect::OrdersMetaByHash) {
            thread_local! {
                static TABLE: HashMap<&'static str, ()> =
                    INFRASTRUCTURES.into_iter().map(|name| (name, ())).collect();
            }
            infrastructures = TABLE.with(|table| table.keys().copied().collect());
        }
        if self.0.has(Defect::HasNoTuples) {
            infrastructures.clear();
        }
        let mut tuples = meta.reborrow().init_tuples(infrastructures.len() as u32);
        for (index, infra) in (0..).zip(infrastructures) {
            let mut tuple = tuples.reborrow().get(index);
            tuple.set_app("mutant");
            tuple.set_infra(infra);
            match self.0.defect {
                Some(Defect::LeavesATupleFieldEmpty) if index == 3 => {}
                Some(Defect::CountsInMeta) => tuple.set_flavor(format!("call {call}")),
                _ => tuple.set_flavor("*"),
            }
        }
        let mut detector = meta.init_detectors(1).get(0);
        detector.set_type(match self.0.defect {
            Some(Defect::DetectsWhatItIsNotFor) => "mutation",
            _ => "mutant",
        });
        let expression = match self.0.defect {
            Some(Defect::HasAnExpressionThatIsNone) => "(",
            Some(Defect::HasAnExpressionOfOneLanguage) => "[a-z&&[^m]]",
            _ => "",
        };
        if !expression.is_empty() {
            let mut contents = detector.reborrow().init_contents(1).get(0);
            contents.set_file("mutant.toml");
            contents.set_pattern(expression);
        }
        detector.init_file(1).set(
            0,
            match self.0.defect {
                Some(Defect::HasAPatternThatIsNone) => "[",
                _ => "mutant.toml",
            },
        );
    }

    /// Uses everything that is lent, as it is there for `implicit`.
    async fn ask_in_implicit(&self, host: host::Reader<'_>) -> capnp::Result<()> {
        let right = |is_right: bool, what: &str| match is_right {
            true => Ok(()),
            false => Err(capnp::Error::failed(format!("the host is wrong in {what}"))),
        };
        let waiting = host.get_cancellation()?.wait_request().send().promise;
        let ended = async move {
            let reason = waiting.await?.get()?.get_reason();
            right(reason == Ok(CancelReason::Ended), "wait")
        };
        self.0.ended.replace(Some(ended.boxed_local()));

        let directory = host.get_directory()?;
        let record = directory.get_dev_request().send().promise.await?;
        let kind = record.get()?.get_error()?.get_kind();
        right(kind == Ok(ErrorKind::Unsupported), "getDev")?;

        let ui = host.get_ui()?;
        let answer = ui.input_request().send().promise.await?;
        let kind = answer.get()?.get_error()?.get_kind();
        right(kind == Ok(ErrorKind::Aborted), "input")?;
        let progress = ui.progress_request().send().promise.await?;
        let task = progress.get()?.get_task()?;
        let end = task.end_request().send().promise.await?;
        right(!end.get()?.has_error(), "progress")
    }

    /// Asks for the host's bootstrap capability.
    async fn ask_the_host(&self) {
        let Some(system) = self.0.system.borrow().clone() else {
            return;
        };
        let (asked, done) = oneshot::channel();
        // This call is being driven by the system, which therefore cannot be borrowed here.
        tokio::task::spawn_local(async move {
            let _asked: log::Client = system.borrow_mut().bootstrap(Side::Client);
            let _ = asked.send(());
        });
        let _ = done.await;
    }

    /// Calls a method that only some calls lend, on the one object of the host's that is there.
    async fn call_the_host(&self) {
        let Some(log) = self.0.log.borrow().clone() else {
            return;
        };
        let ui: ui::Client = FromClientHook::new(log.into_client_hook());
        let mut request = ui.message_request();
        request
            .get()
            .set_text("this plugin has been asked what it is for");
        let _ = request.send().promise.await;
    }

    /// Waits for a moment, as one call at a time can.
    async fn wait_in_the_one_place(&self) {
        let (done, waiting) = oneshot::channel();
        self.0.awaited.replace(Some(done));
        let shared = self.0.clone();
        tokio::task::spawn_local(async move {
            sleep(OVERLAP).await;
            if let Some(done) = shared.awaited.take() {
                let _ = done.send(());
            }
        });
        if waiting.await.is_err() {
            pending::<()>().await;
        }
    }
}
