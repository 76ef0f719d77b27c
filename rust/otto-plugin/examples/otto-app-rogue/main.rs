//! What the tests of this crate start: a plugin without a library that misbehaves as the variable
//! `ROGUE` says, at its start or when its `compile` is called.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod misdeeds;
mod wire;

use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;

use capnp_rpc::rpc_capnp::{call, message};
use otto_plugin::bindings::app::AppClient;
use otto_plugin::rpc::Client;
use otto_plugin::wire::app_capnp::app;
use otto_plugin::wire::appfile_capnp::application;
use otto_plugin::wire::handshake_capnp::{plugin, session};
use wire::{Descriptor, Wire, capabilities, next};

/// The capabilities of this plugin, by their numbers.
const PLUGIN: u32 = 0;
const SESSION: u32 = 1;
const APP: u32 = 2;

#[expect(
    unsafe_code,
    reason = "the descriptor is inherited, and this program is its owner"
)]
fn socket() -> UnixStream {
    let number = std::env::var("OTTO_PLUGIN_FD").unwrap().parse().unwrap();
    // SAFETY: the host has opened it for this process, and nothing else here uses it.
    unsafe { UnixStream::from_raw_fd(number) }
}

fn main() {
    let misdeed = std::env::var("ROGUE").unwrap_or_default();
    let mut wire = Wire::new(socket());
    let mut log = None;
    while let Some(frame) = wire.read() {
        let message: message::Reader<'_> = frame.get_root().unwrap();
        match message.which().unwrap() {
            message::Bootstrap(bootstrap) => {
                let question = bootstrap.unwrap().get_question_id();
                wire.answer(question, &[Descriptor::Ours(PLUGIN)], |mut content| {
                    content.set_as_capability(next::<plugin::Client>().client.hook);
                });
            }
            message::Call(call) => {
                let call = call.unwrap();
                log = log.or_else(|| capabilities(call.get_params().unwrap()).first().copied());
                answer(&mut wire, call, &misdeed, log.unwrap());
            }
            _ => {}
        }
    }
}

/// Answers a call, rightly or not. The calls of the first flight come in a known order.
fn answer(wire: &mut Wire, call: call::Reader<'_>, misdeed: &str, log: u32) {
    let question = call.get_question_id();
    let is_app = call.get_interface_id() == AppClient::INTERFACE.id;
    match (question, call.get_method_id()) {
        (1, _) => connect(wire, question, misdeed, log),
        (2, _) => app(wire, question, misdeed, log),
        (3, _) => wire.answer(question, &[], |content| {
            content
                .init_as::<app::meta_results::Builder<'_>>()
                .init_meta();
        }),
        (_, 2) if is_app => {
            let lent = capabilities(call.get_params().unwrap());
            misdeeds::commit(wire, question, misdeed, lent[0], lent[1]);
        }
        _ => wire.answer(question, &[], |_| {}),
    }
}

fn connect(wire: &mut Wire, question: u32, misdeed: &str, log: u32) {
    let session = match misdeed {
        "session is the host's" => vec![Descriptor::Theirs(log)],
        "session is null" => Vec::new(),
        _ => vec![Descriptor::Ours(SESSION)],
    };
    wire.answer(question, &session, |content| {
        if misdeed == "session is data" {
            let mut wrong = content.init_as::<application::Builder<'_>>();
            wrong.set_name("info");
            wrong.set_type("session");
            return;
        }
        let mut results = content.init_as::<plugin::connect_results::Builder<'_>>();
        results.reborrow().init_info().set_protocol(2);
        if !session.is_empty() {
            results.set_session(next());
        }
    });
}

fn app(wire: &mut Wire, question: u32, misdeed: &str, log: u32) {
    let app = match misdeed {
        "app is the host's" => vec![Descriptor::Theirs(log)],
        "app is null" => Vec::new(),
        _ => vec![Descriptor::Ours(APP)],
    };
    wire.answer(question, &app, |content| {
        if misdeed == "app is data" {
            content
                .init_as::<application::Builder<'_>>()
                .set_name("app");
            return;
        }
        let mut results = content.init_as::<session::app_results::Builder<'_>>();
        if misdeed == "app is an error" {
            results.init_error().set_message("there is no app");
        } else if !app.is_empty() {
            results.set_app(next());
        }
    });
}
