//! A peer that sends far more than it may, and code of an author's that blocks where it must not.

mod support;

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use capnp_rpc::RpcSystem;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use otto_plugin::bindings::app::{App, CompileResult, Context, Meta};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, Ui, UiClient};
use otto_plugin::host::{Launcher, Services, StartCause};
use otto_plugin::testing;
use otto_plugin::wire::host_capnp::ui;
use support::{script, services};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

/// Answers no message.
struct Silent;

impl Ui for Silent {
    async fn message(&self, _text: String) -> Result<(), Error> {
        std::future::pending().await
    }
}

struct Talks;

impl App for Talks {
    async fn meta(&self) -> Result<Meta, Error> {
        Ok(Meta::default())
    }

    async fn compile(&self, _context: Context, host: Host) -> Result<CompileResult, Error> {
        host.ui.message("hello").await?;
        Ok(CompileResult::default())
    }
}

#[tokio::test]
async fn a_flood_of_calls_costs_the_session_of_the_peer_that_sends_it_and_no_other() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let _served = testing::serve(ours, &UiClient::new(Silent)).unwrap();
    let local = tokio::task::LocalSet::new();
    let answers = local.run_until(async move {
        theirs.set_nonblocking(true).unwrap();
        let (read, write) = tokio::net::UnixStream::from_std(theirs)
            .unwrap()
            .into_split();
        let network = VatNetwork::new(
            futures::io::BufReader::new(read.compat()),
            write.compat_write(),
            Side::Client,
            capnp::message::ReaderOptions::new(),
        );
        let mut rpc = RpcSystem::new(Box::new(network), None);
        let ui: ui::Client = rpc.bootstrap(Side::Server);
        tokio::task::spawn_local(rpc);
        let calls: Vec<_> = (0..600)
            .map(|_| ui.message_request().send().promise)
            .collect();
        futures::future::join_all(calls).await
    });
    // Those that were let in were never answered: the connection is gone.
    let answers = answers.await;
    let lost = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(lost >= 256, "{lost} of 600 calls were lost");

    let plugin = testing::plugin(Talks).await.unwrap();
    plugin
        .compile(Context::default(), &services())
        .await
        .unwrap();
}

/// Blocks every thread that runs an author's tasks.
struct Stalls(Arc<Barrier>);

impl Ui for Stalls {
    async fn message(&self, _text: String) -> Result<(), Error> {
        for _ in 0..8 {
            let end = Arc::clone(&self.0);
            tokio::spawn(async move { end.wait() });
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_start_times_out_though_tasks_of_an_author_block_their_threads() {
    let end = Arc::new(Barrier::new(9));
    let plugin = testing::plugin(Talks).await.unwrap();
    let stalling = Services {
        ui: UiClient::new(Stalls(Arc::clone(&end))),
        ..services()
    };
    plugin.compile(Context::default(), &stalling).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let silent = script(directory.path(), "#!/bin/sh\nexec sleep 1000\n");
    let started = Launcher::new(silent)
        .start_timeout(Duration::from_millis(300))
        .start();
    let error = started.await.unwrap_err();
    assert!(
        matches!(*error.cause, StartCause::TimedOut { .. }),
        "{error}"
    );
}
