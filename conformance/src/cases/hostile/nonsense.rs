//! Messages that make no sense where they come, or that a plugin need not know.

use capnp_rpc::rpc_capnp::message;

use super::{exits_by_itself, listening};
use crate::cases::ended_or_not;
use crate::protocol::META_CALL;
use crate::stage::{self, Heard, Stage};
use crate::verdict::{Reason, Stop};
use crate::wire::Message;

/// A number that nothing in the session has.
const NOBODYS: u32 = 0x7fff_fff0;
/// The question that the plugin has answered, and whose answer is still in use.
const IN_USE: u32 = 0;
/// The question that shows whether the connection is still good.
const PROBE: u32 = 1;
/// A kind of message that nobody has defined.
const UNDEFINED: u16 = 999;

/// What a plugin may do about a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    /// It ignores it, says `unimplemented`, or ends the connection.
    Anything,
    /// The other side waits for what it has asked, so it may not be ignored.
    Refusal,
}

type Fill = fn(message::Builder<'_>);

/// What is sent, each time to a plugin that has answered the question 0.
const MESSAGES: [(&str, Allowed, Fill); 12] = [
    (
        "a Return for a question that it has not asked",
        Allowed::Anything,
        |message| {
            let mut answer = message.init_return();
            answer.set_answer_id(NOBODYS);
            answer.init_results();
        },
    ),
    (
        "a Finish for a question that nobody has asked",
        Allowed::Anything,
        |message| {
            message.init_finish().set_question_id(NOBODYS);
        },
    ),
    (
        "a Release of a capability that it has not given",
        Allowed::Anything,
        |message| {
            let mut release = message.init_release();
            release.set_id(NOBODYS);
            release.set_reference_count(1);
        },
    ),
    (
        "a Resolve of a promise that it does not have",
        Allowed::Anything,
        |message| {
            let mut resolve = message.init_resolve();
            resolve.set_promise_id(NOBODYS);
            resolve.init_cap().set_sender_hosted(NOBODYS);
        },
    ),
    (
        "a Bootstrap whose question is in use",
        Allowed::Anything,
        |message| {
            message.init_bootstrap().set_question_id(IN_USE);
        },
    ),
    (
        "a Call on a capability that it has not given",
        Allowed::Anything,
        |message| {
            let mut call = message.init_call();
            call.set_question_id(NOBODYS);
            call.set_interface_id(META_CALL.0);
            call.reborrow().init_target().set_imported_cap(NOBODYS);
            call.init_params();
        },
    ),
    (
        "an Unimplemented of what was never sent",
        Allowed::Anything,
        |message| {
            let mut echoed = message.init_unimplemented().init_bootstrap();
            echoed.set_question_id(NOBODYS);
        },
    ),
    (
        "a message of the kind that has no content",
        Allowed::Anything,
        |_| {},
    ),
    (
        "a Disembargo of an embargo that it has not set",
        Allowed::Anything,
        |message| {
            let mut disembargo = message.init_disembargo();
            disembargo
                .reborrow()
                .init_target()
                .set_imported_cap(NOBODYS);
            disembargo.init_context().set_receiver_loopback(NOBODYS);
        },
    ),
    ("a Provide, of level 3", Allowed::Refusal, |message| {
        let mut provide = message.init_provide();
        provide.set_question_id(NOBODYS);
        provide.init_target().set_imported_cap(NOBODYS);
    }),
    ("an Accept, of level 3", Allowed::Refusal, |message| {
        message.init_accept().set_question_id(NOBODYS);
    }),
    ("a Join, of level 4", Allowed::Refusal, |message| {
        let mut join = message.init_join();
        join.set_question_id(NOBODYS);
        join.init_target().set_imported_cap(NOBODYS);
    }),
];

pub(super) async fn is_harmless(stage: &Stage<'_>) -> Result<(), Stop> {
    for (label, allowed, fill) in MESSAGES {
        is_survived(stage, label, allowed, stage::message(fill)).await?;
    }
    let label = "a message of a kind that nobody has defined";
    is_survived(stage, label, Allowed::Refusal, undefined()).await
}

/// A message whose kind, which is the first field of its only struct, has no name.
fn undefined() -> Vec<u8> {
    let mut bytes = stage::bootstrap(NOBODYS);
    bytes[16..18].copy_from_slice(&UNDEFINED.to_le_bytes());
    bytes
}

async fn is_survived(
    stage: &Stage<'_>,
    label: &str,
    allowed: Allowed,
    mut bytes: Vec<u8>,
) -> Result<(), Stop> {
    let raw = listening(stage, label).await?;
    bytes.extend(stage::bootstrap(PROBE));
    raw.write(&bytes, stage.limit()).await;
    let heard = raw.answer(PROBE, stage.limit()).await;
    stage.did(format!(
        "wrote {label}, and a Bootstrap: {}",
        in_words(heard)
    ));
    match heard {
        Heard::End => exits_by_itself(stage, &raw, label).await,
        Heard::Nothing => {
            let exit = raw.process.exit();
            let expected = "answers the Bootstrap after it, or ends the connection";
            let actual = format!(
                "after {label}: neither; {}",
                ended_or_not(&raw.process, exit)
            );
            Err(stage.fail(Reason::NotAnswered, expected, actual))
        }
        Heard::Answer if allowed == Allowed::Anything => Ok(()),
        Heard::Answer => {
            // It may come behind the answer to what was asked later.
            match raw.hear(stage.limit(), is_refusal).await {
                Heard::Answer => Ok(()),
                Heard::End => exits_by_itself(stage, &raw, label).await,
                Heard::Nothing => {
                    let expected = "answers it with unimplemented, or ends the connection";
                    let actual = format!("ignored {label}, and went on");
                    Err(stage.fail(Reason::NotRefused, expected, actual))
                }
            }
        }
    }
}

/// Whether a message says that another one is not done.
fn is_refusal(message: &Message) -> bool {
    match message {
        Message::Unimplemented | Message::Abort => true,
        Message::Return { question, .. } => *question == NOBODYS,
        _ => false,
    }
}

fn in_words(heard: Heard) -> &'static str {
    match heard {
        Heard::Answer => "it went on",
        Heard::End => "it ended the connection",
        Heard::Nothing => "it said nothing",
    }
}
