//! Reads the messages of Cap'n Proto's RPC protocol, as sent by anybody.

use std::collections::HashMap;
use std::fmt::Write;

use capnp::message::ReaderOptions;
use capnp::serialize;
use capnp_rpc::rpc_capnp::{
    bootstrap, call, finish, message, message_target, promised_answer, release, resolve, return_,
};

use otto_plugin::rpc::Method;

use super::names;
use super::payload::{Carried, descriptor, exception_text};
use super::record::Party;

/// What cases ask about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Bootstrap {
        question: u32,
    },
    Call {
        question: u32,
        interface: u64,
        ordinal: u16,
    },
    Return {
        question: u32,
        answer: Answer,
    },
    Finish {
        question: u32,
    },
    Release,
    Abort,
    Unimplemented,
    Other,
    /// Bytes that are no message.
    Malformed,
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Results { null: bool },
    Exception,
    Other,
}

/// A message, read.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) message: Message,
    pub(crate) line: String,
    pub(crate) content: String,
}

/// The questions of both sides, which say what type an answer has.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    host: HashMap<u32, &'static Method>,
    plugin: HashMap<u32, &'static Method>,
}

impl Questions {
    fn of(&mut self, party: Party) -> &mut HashMap<u32, &'static Method> {
        match party {
            Party::Host => &mut self.host,
            Party::Plugin => &mut self.plugin,
        }
    }
}

/// Reads one message, and its content too where that is wanted. What cannot be read is shown as
/// such.
pub(crate) fn decode(
    bytes: &[u8],
    from: Party,
    questions: &mut Questions,
    at_length: bool,
) -> Decoded {
    try_decode(
        bytes,
        Read {
            from,
            questions,
            at_length,
        },
    )
    .unwrap_or_else(|error| Decoded {
        message: Message::Malformed,
        line: format!(
            "unreadable message of {} bytes: {:?}",
            bytes.len(),
            error.kind
        ),
        content: String::new(),
    })
}

fn try_decode(bytes: &[u8], read: Read<'_>) -> capnp::Result<Decoded> {
    let reader = serialize::read_message(bytes, ReaderOptions::new())?;
    match reader.get_root::<message::Reader<'_>>()?.which() {
        Ok(message::Bootstrap(bootstrap)) => Ok(read.bootstrap(bootstrap?)),
        Ok(message::Call(call)) => read.call(call?),
        Ok(message::Return(answer)) => read.answer(answer?),
        Ok(message::Finish(finish)) => Ok(read.finish(finish?)),
        Ok(message::Release(release)) => Ok(read.release(release?)),
        Ok(message::Resolve(resolve)) => read.resolve(resolve?),
        Ok(message::Abort(exception)) => {
            let line = format!("abort: {}", exception_text(exception?));
            Ok(plain(Message::Abort, line))
        }
        Ok(message::Unimplemented(_)) => Ok(plain(Message::Unimplemented, "unimplemented")),
        Ok(message::Disembargo(_)) => Ok(plain(Message::Other, "disembargo")),
        Ok(message::Provide(_)) => Ok(plain(Message::Other, "provide")),
        Ok(message::Accept(_)) => Ok(plain(Message::Other, "accept")),
        Ok(message::Join(_)) => Ok(plain(Message::Other, "join")),
        Ok(message::ObsoleteSave(_) | message::ObsoleteDelete(_)) => {
            Ok(plain(Message::Other, "obsolete message"))
        }
        Err(capnp::NotInSchema(number)) => Ok(plain(
            Message::Other,
            format!("message of unknown type {number}"),
        )),
    }
}

fn plain(message: Message, line: impl Into<String>) -> Decoded {
    Decoded {
        message,
        line: line.into(),
        content: String::new(),
    }
}

struct Read<'a> {
    from: Party,
    questions: &'a mut Questions,
    at_length: bool,
}

impl Read<'_> {
    fn bootstrap(self, bootstrap: bootstrap::Reader<'_>) -> Decoded {
        let question = bootstrap.get_question_id();
        // The number may have been used before, for a question with another type of answer.
        self.questions.of(self.from).remove(&question);
        plain(
            Message::Bootstrap { question },
            format!("bootstrap q{question}"),
        )
    }

    fn call(self, call: call::Reader<'_>) -> capnp::Result<Decoded> {
        let question = call.get_question_id();
        let (interface, ordinal) = (call.get_interface_id(), call.get_method_id());
        let method = names::method(interface, ordinal);
        let on = self.target(call.get_target()?)?;
        let mut line = format!(
            "call q{question} {}",
            names::method_name(interface, ordinal)
        );
        let shape = method.map(|method| method.params);
        let params = Carried::read(call.get_params()?, shape, self.at_length)?;
        let _ = write!(line, "{}{} on {on}", params.brief, params.capabilities);
        let asked = self.questions.of(self.from);
        match method {
            Some(method) => asked.insert(question, method),
            None => asked.remove(&question),
        };
        Ok(Decoded {
            message: Message::Call {
                question,
                interface,
                ordinal,
            },
            line,
            content: params.content,
        })
    }

    fn target(&self, target: message_target::Reader<'_>) -> capnp::Result<String> {
        match target.which() {
            Ok(message_target::ImportedCap(id)) => Ok(format!("cap#{id}")),
            Ok(message_target::PromisedAnswer(answer)) => {
                let answer = answer?;
                let asked = match self.from {
                    Party::Host => &self.questions.host,
                    Party::Plugin => &self.questions.plugin,
                };
                let mut text = format!("answer q{}", answer.get_question_id());
                let mut method = asked.get(&answer.get_question_id()).copied();
                for op in answer.get_transform()? {
                    if let Ok(promised_answer::op::GetPointerField(pointer)) = op.which() {
                        let name = method.take().and_then(|m| names::result_field(m, pointer));
                        let _ = match name {
                            Some(name) => write!(text, ".{name}"),
                            None => write!(text, ".@{pointer}"),
                        };
                    }
                }
                Ok(text)
            }
            Err(capnp::NotInSchema(number)) => Ok(format!("a target of unknown type {number}")),
        }
    }

    fn answer(self, answer: return_::Reader<'_>) -> capnp::Result<Decoded> {
        let question = answer.get_answer_id();
        let asker = match self.from {
            Party::Host => Party::Plugin,
            Party::Plugin => Party::Host,
        };
        let method = self.questions.of(asker).get(&question).copied();
        let mut line = format!("return q{question}");
        let mut content = String::new();
        let kind = match answer.which() {
            Ok(return_::Results(results)) => {
                let shape = method.map(|method| method.results);
                let results = Carried::read(results?, shape, self.at_length)?;
                match results.brief.as_str() {
                    "" if results.null => line.push_str(" null"),
                    "" => {}
                    brief => drop(write!(line, " {brief}")),
                }
                line.push_str(&results.capabilities);
                content = results.content;
                Answer::Results { null: results.null }
            }
            Ok(return_::Exception(exception)) => {
                let _ = write!(line, " exception {}", exception_text(exception?));
                Answer::Exception
            }
            Ok(return_::Canceled(())) => {
                line.push_str(" canceled");
                Answer::Other
            }
            _ => {
                line.push_str(" in some other place");
                Answer::Other
            }
        };
        Ok(Decoded {
            message: Message::Return {
                question,
                answer: kind,
            },
            line,
            content,
        })
    }

    fn finish(self, finish: finish::Reader<'_>) -> Decoded {
        let question = finish.get_question_id();
        plain(Message::Finish { question }, format!("finish q{question}"))
    }

    fn release(self, release: release::Reader<'_>) -> Decoded {
        let count = release.get_reference_count();
        plain(
            Message::Release,
            format!("release cap#{} ({count} references)", release.get_id()),
        )
    }

    fn resolve(self, resolve: resolve::Reader<'_>) -> capnp::Result<Decoded> {
        let to = match resolve.which() {
            Ok(resolve::Cap(cap)) => descriptor(cap?)?,
            Ok(resolve::Exception(exception)) => {
                format!("exception {}", exception_text(exception?))
            }
            Err(capnp::NotInSchema(number)) => format!("something of unknown type {number}"),
        };
        let line = format!("resolve cap#{} to {to}", resolve.get_promise_id());
        Ok(plain(Message::Other, line))
    }
}

#[cfg(test)]
mod tests {
    use capnp::message::Builder;

    use super::*;

    fn message(fill: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
        let mut builder = Builder::new_default();
        fill(builder.init_root());
        serialize::write_message_to_words(&builder)
    }

    fn call_of_app(message: message::Builder<'_>) {
        let mut call = message.init_call();
        call.set_question_id(2);
        call.set_interface_id(0xf25d_8b3e_6a90_41c7);
        let mut target = call.init_target().init_promised_answer();
        target.set_question_id(1);
        target.init_transform(1).get(0).set_get_pointer_field(1);
    }

    fn call_of_connect(message: message::Builder<'_>) {
        let mut call = message.init_call();
        call.set_question_id(1);
        call.set_interface_id(0xae61_c7d2_5f0b_3984);
        call.init_target().set_imported_cap(0);
    }

    #[test]
    fn a_call_on_a_promise_is_told_with_the_names_of_the_schema() {
        let mut questions = Questions::default();
        let connect = decode(&message(call_of_connect), Party::Host, &mut questions, true);
        assert_eq!(connect.line, "call q1 Plugin.connect() on cap#0");
        let app = decode(&message(call_of_app), Party::Host, &mut questions, true);
        assert_eq!(app.line, "call q2 Session.app() on answer q1.session");
        let (interface, ordinal) = (0xf25d_8b3e_6a90_41c7, 0);
        assert_eq!(
            app.message,
            Message::Call {
                question: 2,
                interface,
                ordinal
            }
        );
    }

    #[test]
    fn an_answer_that_is_null_is_told_from_one_that_is_not() {
        let null = message(|message| {
            message.init_return().init_results();
        });
        let decoded = decode(&null, Party::Plugin, &mut Questions::default(), true);
        let answer = Answer::Results { null: true };
        assert_eq!(
            decoded.message,
            Message::Return {
                question: 0,
                answer
            }
        );
        assert_eq!(decoded.line, "return q0 null");
    }

    #[test]
    fn bytes_of_any_kind_are_decoded_without_a_panic() {
        let seeds = [message(call_of_app), message(call_of_connect)];
        let mut state = 0x5eed_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap_or_default()
        };
        for round in 0..2_000 {
            let mut questions = Questions::default();
            let mut bytes = seeds[round % seeds.len()].clone();
            for _ in 0..=random() % 6 {
                let at = random() % bytes.len();
                bytes[at] = u8::try_from(random() % 256).unwrap_or_default();
            }
            bytes.truncate(8 + random() % bytes.len());
            let _ = decode(&message(call_of_connect), Party::Host, &mut questions, true);
            let _ = decode(&bytes, Party::Host, &mut questions, true);
            let _ = decode(&bytes, Party::Plugin, &mut questions, true);
        }
    }
}
