//! What a rogue does when its `compile` is called.

use std::net::Shutdown;

use otto_plugin::bindings::host::{DirectoryClient, UiClient};
use otto_plugin::bindings::stream::ByteStreamClient;
use otto_plugin::rpc::Client;
use otto_plugin::wire::app_capnp::app;
use otto_plugin::wire::host_capnp::{directory, ui};
use otto_plugin::wire::stream_capnp::byte_stream;

use super::wire::{Descriptor, Wire, capabilities, next};

/// How many messages a flood has.
const FLOOD: u32 = 200_000;

const HEADER: (u64, u16) = (UiClient::INTERFACE.id, 0);
const MESSAGE: (u64, u16) = (UiClient::INTERFACE.id, 1);
const PROGRESS: (u64, u16) = (UiClient::INTERFACE.id, 4);
const GET_BUILD: (u64, u16) = (DirectoryClient::INTERFACE.id, 7);
const PUT_BLOB: (u64, u16) = (DirectoryClient::INTERFACE.id, 12);
const GET_BLOB: (u64, u16) = (DirectoryClient::INTERFACE.id, 13);
const WRITE: (u64, u16) = (ByteStreamClient::INTERFACE.id, 0);

/// Commits a misdeed, with what was lent for the call.
pub(super) fn commit(wire: &mut Wire, compile: u32, misdeed: &str, ui: u32, directory: u32) {
    match misdeed {
        "asks for the bootstrap capability" => {
            for question in 0..FLOOD {
                wire.send(|message| message.init_bootstrap().set_question_id(question));
            }
        }
        "calls and does not read" => {
            for question in 0..FLOOD {
                say(wire, question, ui);
            }
        }
        "calls and drops each call" => {
            for question in 0..FLOOD {
                say(wire, question, ui);
                wire.finish(question);
            }
        }
        "asks for much and does not read" => {
            for question in 0..2_000 {
                ask(wire, question, directory);
            }
        }
        "asks for as much as it may and does not read" => {
            for question in 0..250 {
                ask(wire, question, directory);
            }
            loop {
                std::thread::park();
            }
        }
        "calls nothing there is and does not read" => {
            for _ in 0..FLOOD {
                wire.call(0, ui, (1, 1), &[], |_| {});
                wire.finish(0);
            }
        }
        "says what nobody knows and does not read" => {
            for question in 0..2_000 {
                wire.send(|message| {
                    let mut provide = message.init_provide();
                    provide.set_question_id(question);
                    let recipient: capnp::data::Builder<'_> =
                        provide.init_recipient().initn_as(64 << 10);
                    recipient.fill(7);
                });
            }
        }
        "sends large calls" => {
            for question in 0..8 {
                wire.call(question, ui, HEADER, &[], |content| {
                    let mut params = content.init_as::<ui::header_params::Builder<'_>>();
                    params.set_text("x".repeat(15 << 20));
                });
            }
        }
        "keeps tasks" => {
            for question in 0..10_000 {
                wire.call(question, ui, PROGRESS, &[], |content| {
                    content.init_as::<ui::progress_params::Builder<'_>>();
                });
                wire.read();
                wire.send(|message| {
                    let mut finish = message.init_finish();
                    finish.set_question_id(question);
                    finish.set_release_result_caps(false);
                });
            }
        }
        "sends many capabilities" => {
            let many: Vec<_> = (100..10_100).map(Descriptor::Ours).collect();
            wire.call(0, directory, GET_BLOB, &many, |content| {
                content
                    .init_as::<directory::get_blob_params::Builder<'_>>()
                    .set_into(next());
            });
        }
        "hangs up and lives on" => {
            wire.shutdown(Shutdown::Both);
            loop {
                std::thread::park();
            }
        }
        "calls after its answer" => {
            say(wire, 0, ui);
            wire.answer(compile, &[], |content| {
                content.init_as::<app::compile_results::Builder<'_>>();
            });
            say(wire, 1, ui);
        }
        "writes to a stream after its answer and does not read" => {
            wire.call(0, directory, PUT_BLOB, &[], |content| {
                content.init_as::<directory::put_blob_params::Builder<'_>>();
            });
            let stream = wire.read_answer(capabilities)[0];
            wire.answer(compile, &[], |content| {
                content.init_as::<app::compile_results::Builder<'_>>();
            });
            // The host has seen the answer when it refuses what it had lent.
            let refused = (1..).find(|question| {
                say(wire, *question, ui);
                wire.read_answer(|payload| {
                    let results = payload.get_content().get_as();
                    results
                        .is_ok_and(|results: ui::message_results::Reader<'_>| results.has_error())
                })
            });
            let first = refused.map_or(0, |question| question + 1);
            for question in first..first + FLOOD {
                wire.call(question, stream, WRITE, &[], |content| {
                    content.init_as::<byte_stream::write_params::Builder<'_>>();
                });
            }
        }
        // Neither answers nor asks whether it is to stop.
        _ => {}
    }
}

fn ask(wire: &mut Wire, question: u32, directory: u32) {
    wire.call(question, directory, GET_BUILD, &[], |content| {
        content.init_as::<directory::get_build_params::Builder<'_>>();
    });
}

fn say(wire: &mut Wire, question: u32, ui: u32) {
    wire.call(question, ui, MESSAGE, &[], |content| {
        content
            .init_as::<ui::message_params::Builder<'_>>()
            .set_text("spam");
    });
}
