//! Counts what a peer leaves unfinished, which the RPC layer keeps for it without a bound.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use capnp_rpc::rpc_capnp::{message, payload, return_};

use super::frames::Frames;
use crate::limits::{DROPPED_CALLS, MESSAGE_CAPABILITIES, QUESTIONS, UNANSWERED_BYTES};
use crate::rpc::{Disconnect, Lease, Link};

/// Follows the messages of one connection.
#[derive(Debug)]
pub(super) struct Meter {
    link: Arc<Link>,
    /// What comes in.
    frames: Rc<RefCell<Frames>>,
    /// What is lent for the calls that the peer has not answered.
    lent: HashMap<u32, Weak<Lease>>,
    /// The peer's questions that it has not finished.
    questions: HashMap<u32, Question>,
    /// How many bytes the unanswered ones have.
    unanswered: u64,
    /// How many questions the peer finished before they were answered.
    dropped: usize,
}

#[derive(Debug)]
struct Question {
    bytes: u64,
    answered: bool,
}

impl Meter {
    pub(super) fn new(link: Arc<Link>, frames: Rc<RefCell<Frames>>) -> Self {
        Self {
            link,
            frames,
            lent: HashMap::new(),
            questions: HashMap::new(),
            unanswered: 0,
            dropped: 0,
        }
    }

    /// Takes a message of the peer's. An error ends the connection.
    pub(super) fn receive(&mut self, message: message::Reader<'_>) -> capnp::Result<()> {
        let bytes = self.frames.borrow_mut().take().unwrap_or_default();
        // What else the RPC layer gets, it makes sense of by itself.
        match message.which() {
            Ok(message::Bootstrap(bootstrap)) => self.ask(bootstrap?.get_question_id(), bytes)?,
            Ok(message::Call(call)) => {
                let call = call?;
                self.carries(call.get_params()?)?;
                self.ask(call.get_question_id(), bytes)?;
            }
            Ok(message::Return(answer)) => {
                let answer = answer?;
                // What comes after an answer comes too late for what was lent until then.
                if let Some(lease) = self.lent.remove(&answer.get_answer_id())
                    && let Some(lease) = lease.upgrade()
                {
                    lease.revoke();
                }
                if let Ok(return_::Results(results)) = answer.which() {
                    self.carries(results?)?;
                }
            }
            Ok(message::Finish(finish)) => self.finish(finish?.get_question_id())?,
            _ => {}
        }
        Ok(())
    }

    /// Takes a message for the peer.
    pub(super) fn send(&mut self, message: message::Reader<'_>, bytes: u64) {
        let mut loose = true;
        match message.which() {
            Ok(message::Call(call)) => {
                loose = false;
                let lease = self.link.lending();
                if let Ok(call) = call
                    && lease.strong_count() > 0
                {
                    self.lent.insert(call.get_question_id(), lease);
                }
            }
            Ok(message::Finish(Ok(finish))) => {
                self.lent.remove(&finish.get_question_id());
            }
            Ok(message::Return(Ok(answer))) => {
                loose = !matches!(answer.which(), Ok(return_::Results(_)));
                self.answer(answer.get_answer_id(), answer.get_no_finish_needed());
            }
            _ => {}
        }
        self.link.queue(bytes, loose);
    }

    fn ask(&mut self, id: u32, bytes: u64) -> capnp::Result<()> {
        let question = Question {
            bytes,
            answered: false,
        };
        // A number that is in use already is an error of the RPC layer's.
        self.questions.entry(id).or_insert(question);
        self.unanswered += bytes;
        let questions = self.questions.len();
        if questions > QUESTIONS {
            return Err(self.over(Disconnect::over("questions", QUESTIONS, questions)));
        }
        if self.unanswered > UNANSWERED_BYTES {
            return Err(self.over(Disconnect::OverLimit {
                limit: "unanswered bytes",
                allowed: UNANSWERED_BYTES,
                came: self.unanswered,
            }));
        }
        Ok(())
    }

    fn answer(&mut self, id: u32, finished: bool) {
        if let Some(question) = self.questions.get_mut(&id) {
            if !question.answered {
                question.answered = true;
                self.unanswered -= question.bytes;
            }
            if finished {
                self.questions.remove(&id);
            }
        }
    }

    fn finish(&mut self, id: u32) -> capnp::Result<()> {
        let Some(question) = self.questions.remove(&id) else {
            return Ok(());
        };
        if question.answered {
            return Ok(());
        }
        self.unanswered -= question.bytes;
        self.dropped += 1;
        if self.dropped > DROPPED_CALLS {
            return Err(self.over(Disconnect::over(
                "dropped calls",
                DROPPED_CALLS,
                self.dropped,
            )));
        }
        Ok(())
    }

    fn carries(&self, payload: payload::Reader<'_>) -> capnp::Result<()> {
        let capabilities = payload.get_cap_table()?.len();
        if capabilities > MESSAGE_CAPABILITIES {
            let (allowed, came) = (MESSAGE_CAPABILITIES as usize, capabilities as usize);
            return Err(self.over(Disconnect::over("capabilities of a message", allowed, came)));
        }
        Ok(())
    }

    fn over(&self, why: Disconnect) -> capnp::Error {
        let error = capnp::Error::failed(why.to_string());
        self.link.blame(why);
        error
    }
}
