//! Reads the messages of Cap'n Proto's RPC protocol, as sent by anybody.

use std::collections::HashMap;
use std::fmt::Write;

use capnp::message::ReaderOptions;
use capnp::serialize;
use capnp_rpc::rpc_capnp::{
    bootstrap, call, disembargo, finish, message, message_target, promised_answer, release,
    resolve, return_,
};

use otto_plugin::rpc::Method;

use super::detail::{Detail, How, Kind, Target};
use super::escaped::escaped;
use super::frames::Piece;
use super::names;
use super::payload::{self, Carried, exception_text};
use super::record::Party;
use super::secret::Privacy;
use super::shown::Shown;
use super::value::Limit;

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

/// How many open questions of one side are kept. The answers to more than these are recorded
/// without what is in them.
const KEPT_QUESTIONS: usize = 10_000;
/// How many fields on the way to a promised capability are kept.
const KEPT_FIELDS: usize = 8;

/// The open questions of both sides, which say what type an answer has.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    host: HashMap<u32, Asked>,
    plugin: HashMap<u32, Asked>,
}

/// A question that has not been answered, or whose answer is still needed.
#[derive(Clone, Copy, Debug)]
struct Asked {
    method: &'static Method,
    /// Whether the answer is one that everybody may see.
    asked_openly: bool,
    answered: bool,
    finished: bool,
}

impl Asked {
    fn is_over(self) -> bool {
        self.answered && self.finished
    }
}

impl Questions {
    fn of(&mut self, party: Party) -> &mut HashMap<u32, Asked> {
        match party {
            Party::Host => &mut self.host,
            Party::Plugin => &mut self.plugin,
        }
    }
}

/// A message, read.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) message: Message,
    pub(crate) line: String,
    pub(crate) detail: Detail,
}

/// Reads what came from one side.
pub(crate) fn piece(
    piece: &Piece,
    from: Party,
    questions: &mut Questions,
    limit: Limit,
) -> Decoded {
    let line = match piece {
        Piece::Message(message) => return decode(message, from, questions, limit),
        Piece::Oversized { bytes } => format!("a message of {bytes} bytes, above the limit"),
        Piece::Junk { why, first } => {
            format!("not Cap'n Proto: {} ({why})", escaped(first))
        }
    };
    Decoded {
        message: Message::Malformed,
        detail: Detail::unreadable(line.clone()),
        line,
    }
}

/// Reads one message, and its content as far as that is wanted. What cannot be read is shown as
/// such.
fn decode(bytes: &[u8], from: Party, questions: &mut Questions, limit: Limit) -> Decoded {
    let read = Read {
        from,
        questions,
        limit,
    };
    try_decode(bytes, read).unwrap_or_else(|error| {
        let line = format!(
            "unreadable message of {} bytes: {:?}",
            bytes.len(),
            error.kind
        );
        let first = escaped(&bytes[..bytes.len().min(UNREADABLE_SHOWN)]);
        Decoded {
            message: Message::Malformed,
            detail: Detail::unreadable(format!("{:?}, in {first}", error.kind)),
            line,
        }
    })
}

/// How much of a message that cannot be read is shown, in bytes.
const UNREADABLE_SHOWN: usize = 64;

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
            let reason = exception_text(exception?);
            let mut decoded = plain(Message::Abort, Kind::Abort, format!("abort: {reason}"));
            decoded.detail.reason = Some(reason);
            Ok(decoded)
        }
        Ok(message::Unimplemented(unknown)) => {
            let mut decoded = plain(Message::Unimplemented, Kind::Unimplemented, "unimplemented");
            decoded.detail.of = Some(kind(unknown?));
            Ok(decoded)
        }
        Ok(message::Disembargo(disembargo)) => read.disembargo(disembargo?),
        Ok(message::Provide(_)) => Ok(plain(Message::Other, Kind::Provide, "provide")),
        Ok(message::Accept(_)) => Ok(plain(Message::Other, Kind::Accept, "accept")),
        Ok(message::Join(_)) => Ok(plain(Message::Other, Kind::Join, "join")),
        Ok(message::ObsoleteSave(_) | message::ObsoleteDelete(_)) => {
            Ok(plain(Message::Other, Kind::Other, "obsolete message"))
        }
        Err(capnp::NotInSchema(number)) => Ok(plain(
            Message::Other,
            Kind::Other,
            format!("message of unknown type {number}"),
        )),
    }
}

/// The kind of a message that is carried in another.
fn kind(message: message::Reader<'_>) -> Kind {
    match message.which() {
        Ok(message::Bootstrap(_)) => Kind::Bootstrap,
        Ok(message::Call(_)) => Kind::Call,
        Ok(message::Return(_)) => Kind::Return,
        Ok(message::Finish(_)) => Kind::Finish,
        Ok(message::Release(_)) => Kind::Release,
        Ok(message::Resolve(_)) => Kind::Resolve,
        Ok(message::Abort(_)) => Kind::Abort,
        Ok(message::Unimplemented(_)) => Kind::Unimplemented,
        Ok(message::Disembargo(_)) => Kind::Disembargo,
        Ok(message::Provide(_)) => Kind::Provide,
        Ok(message::Accept(_)) => Kind::Accept,
        Ok(message::Join(_)) => Kind::Join,
        Ok(message::ObsoleteSave(_) | message::ObsoleteDelete(_)) | Err(_) => Kind::Other,
    }
}

fn plain(message: Message, kind: Kind, line: impl Into<String>) -> Decoded {
    Decoded {
        message,
        line: line.into(),
        detail: Detail::of(kind),
    }
}

struct Read<'a> {
    from: Party,
    questions: &'a mut Questions,
    limit: Limit,
}

impl Read<'_> {
    fn bootstrap(self, bootstrap: bootstrap::Reader<'_>) -> Decoded {
        let question = bootstrap.get_question_id();
        // The number may have been used before, for a question with another type of answer.
        self.questions.of(self.from).remove(&question);
        Decoded {
            message: Message::Bootstrap { question },
            line: format!("bootstrap q{question}"),
            detail: Detail {
                question: Some(question),
                ..Detail::of(Kind::Bootstrap)
            },
        }
    }

    fn call(self, call: call::Reader<'_>) -> capnp::Result<Decoded> {
        let question = call.get_question_id();
        let (interface, ordinal) = (call.get_interface_id(), call.get_method_id());
        let method = names::method(interface, ordinal);
        let target = self.target(call.get_target()?)?;
        let (interface_name, method_name) = names::names(interface, ordinal);
        let params = Carried::read(
            call.get_params()?,
            method.map(|method| method.params),
            method.map_or_else(Privacy::default, Privacy::of_params),
            self.limit,
        )?;
        let line = format!(
            "call q{question} {interface_name}.{method_name}{}{} on {target}",
            params.brief(),
            params.told_capabilities()
        );
        let asked = self.questions.of(self.from);
        asked.remove(&question);
        if let Some(method) = method
            && asked.len() < KEPT_QUESTIONS
        {
            let asked_openly = params.content.as_ref().is_some_and(asks_openly);
            let question_asked = Asked {
                method,
                asked_openly,
                answered: false,
                finished: false,
            };
            asked.insert(question, question_asked);
        }
        Ok(Decoded {
            message: Message::Call {
                question,
                interface,
                ordinal,
            },
            line,
            detail: Detail {
                question: Some(question),
                interface: Some(interface_name),
                method: Some(method_name),
                target: Some(target),
                content: params.content,
                capabilities: params.capabilities,
                ..Detail::of(Kind::Call)
            },
        })
    }

    fn target(&self, target: message_target::Reader<'_>) -> capnp::Result<Target> {
        match target.which() {
            Ok(message_target::ImportedCap(id)) => Ok(Target::Capability(id)),
            Ok(message_target::PromisedAnswer(answer)) => self.promised(answer?),
            Err(capnp::NotInSchema(number)) => Ok(Target::Unknown(number)),
        }
    }

    fn promised(&self, answer: promised_answer::Reader<'_>) -> capnp::Result<Target> {
        let asked = match self.from {
            Party::Host => &self.questions.host,
            Party::Plugin => &self.questions.plugin,
        };
        let question = answer.get_question_id();
        let mut method = asked.get(&question).map(|asked| asked.method);
        let mut fields = Vec::new();
        for op in answer.get_transform()?.iter().take(KEPT_FIELDS) {
            if let Ok(promised_answer::op::GetPointerField(pointer)) = op.which() {
                let name = method.take().and_then(|m| names::result_field(m, pointer));
                fields.push(name.map_or_else(|| format!("@{pointer}"), str::to_owned));
            }
        }
        Ok(Target::Answer(question, fields))
    }

    fn answer(self, answer: return_::Reader<'_>) -> capnp::Result<Decoded> {
        let question = answer.get_answer_id();
        let asked = self.questions.of(self.from.other());
        let known = asked.get_mut(&question).map(|asked| {
            asked.answered = true;
            asked.finished |= answer.get_no_finish_needed();
            *asked
        });
        if known.is_some_and(Asked::is_over) {
            asked.remove(&question);
        }
        let mut line = format!("return q{question}");
        let mut detail = Detail {
            question: Some(question),
            gives_back: answer.get_release_param_caps(),
            finishes: answer.get_no_finish_needed(),
            ..Detail::of(Kind::Return)
        };
        let (kind, how) = match answer.which() {
            Ok(return_::Results(results)) => {
                let results = Carried::read(
                    results?,
                    known.map(|asked| asked.method.results),
                    Privacy::of_results(known.is_some_and(|asked| asked.asked_openly)),
                    self.limit,
                )?;
                match results.brief().as_str() {
                    "" if results.null => line.push_str(" null"),
                    "" => {}
                    brief => drop(write!(line, " {brief}")),
                }
                line.push_str(&results.told_capabilities());
                detail.content = results.content;
                detail.capabilities = results.capabilities;
                let how = if results.null {
                    How::Null
                } else {
                    How::Results
                };
                (Answer::Results { null: results.null }, how)
            }
            Ok(return_::Exception(exception)) => {
                let reason = exception_text(exception?);
                let _ = write!(line, " exception {reason}");
                detail.reason = Some(reason);
                (Answer::Exception, How::Exception)
            }
            Ok(return_::Canceled(())) => {
                line.push_str(" canceled");
                (Answer::Other, How::Canceled)
            }
            _ => {
                line.push_str(" in some other place");
                (Answer::Other, How::Elsewhere)
            }
        };
        detail.answer = Some(how);
        Ok(Decoded {
            message: Message::Return {
                question,
                answer: kind,
            },
            line,
            detail,
        })
    }

    fn finish(self, finish: finish::Reader<'_>) -> Decoded {
        let question = finish.get_question_id();
        let asked = self.questions.of(self.from);
        if let Some(known) = asked.get_mut(&question) {
            known.finished = true;
            if known.is_over() {
                asked.remove(&question);
            }
        }
        Decoded {
            message: Message::Finish { question },
            line: format!("finish q{question}"),
            detail: Detail {
                question: Some(question),
                gives_back: finish.get_release_result_caps(),
                ..Detail::of(Kind::Finish)
            },
        }
    }

    fn release(self, release: release::Reader<'_>) -> Decoded {
        let (id, count) = (release.get_id(), release.get_reference_count());
        Decoded {
            message: Message::Release,
            line: format!("release cap#{id} ({count} references)"),
            detail: Detail {
                export: Some(id),
                references: Some(count),
                ..Detail::of(Kind::Release)
            },
        }
    }

    fn resolve(self, resolve: resolve::Reader<'_>) -> capnp::Result<Decoded> {
        let mut detail = Detail {
            export: Some(resolve.get_promise_id()),
            ..Detail::of(Kind::Resolve)
        };
        let to = match resolve.which() {
            Ok(resolve::Cap(capability)) => {
                let capability = payload::descriptor(capability?)?;
                detail.capabilities.push(capability);
                capability.to_string()
            }
            Ok(resolve::Exception(exception)) => {
                let reason = exception_text(exception?);
                let to = format!("exception {reason}");
                detail.reason = Some(reason);
                to
            }
            Err(capnp::NotInSchema(number)) => format!("something of unknown type {number}"),
        };
        Ok(Decoded {
            message: Message::Other,
            line: format!("resolve cap#{} to {to}", resolve.get_promise_id()),
            detail,
        })
    }

    fn disembargo(self, disembargo: disembargo::Reader<'_>) -> capnp::Result<Decoded> {
        let target = self.target(disembargo.get_target()?)?;
        let embargo = match disembargo.get_context().which() {
            Ok(disembargo::context::SenderLoopback(id)) => format!("{id}, the sender's"),
            Ok(disembargo::context::ReceiverLoopback(id)) => format!("{id}, the receiver's"),
            Ok(disembargo::context::Accept(())) => "of an accept".to_owned(),
            Ok(disembargo::context::Provide(question)) => format!("of the provide q{question}"),
            Err(capnp::NotInSchema(number)) => format!("of unknown type {number}"),
        };
        Ok(Decoded {
            message: Message::Other,
            line: "disembargo".to_owned(),
            detail: Detail {
                target: Some(target),
                embargo: Some(embargo),
                ..Detail::of(Kind::Disembargo)
            },
        })
    }
}

/// Whether these are the parameters of a question whose answer everybody may see.
fn asks_openly(params: &Shown) -> bool {
    let hide = params.field("query").and_then(|query| query.field("hide"));
    hide == Some(&Shown::Bool(false))
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
        let connect = decode(
            &message(call_of_connect),
            Party::Host,
            &mut questions,
            Limit::RECORD,
        );
        assert_eq!(connect.line, "call q1 Plugin.connect() on cap#0");
        let app = decode(
            &message(call_of_app),
            Party::Host,
            &mut questions,
            Limit::RECORD,
        );
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
        let decoded = decode(
            &null,
            Party::Plugin,
            &mut Questions::default(),
            Limit::RECORD,
        );
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
            let _ = decode(
                &message(call_of_connect),
                Party::Host,
                &mut questions,
                Limit::RECORD,
            );
            let _ = decode(&bytes, Party::Host, &mut questions, Limit::RECORD);
            let _ = decode(&bytes, Party::Plugin, &mut questions, Limit::RECORD);
        }
    }
}
