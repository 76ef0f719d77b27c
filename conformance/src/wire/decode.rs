//! Reads the messages of Cap'n Proto's RPC protocol, as sent by anybody.

use std::collections::HashMap;
use std::fmt::Write;

use capnp::message::ReaderOptions;
use capnp::serialize;
use capnp_rpc::rpc_capnp::{
    bootstrap, call, cap_descriptor, exception, finish, message, message_target, payload,
    promised_answer, release, resolve, return_,
};

use otto_plugin::rpc::Method;

use super::names;
use super::record::Party;
use super::value::{self, Limits};

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
    Abort,
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

/// Reads one message. What cannot be read is shown as such.
pub(crate) fn decode(bytes: &[u8], from: Party, questions: &mut Questions) -> Decoded {
    try_decode(bytes, from, questions).unwrap_or_else(|error| Decoded {
        message: Message::Malformed,
        line: format!(
            "unreadable message of {} bytes: {:?}",
            bytes.len(),
            error.kind
        ),
        content: String::new(),
    })
}

fn try_decode(bytes: &[u8], from: Party, questions: &mut Questions) -> capnp::Result<Decoded> {
    let reader = serialize::read_message(bytes, ReaderOptions::new())?;
    let read = Read { from, questions };
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
        Ok(message::Unimplemented(_)) => Ok(plain(Message::Other, "unimplemented")),
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
        let params = call.get_params()?;
        let content = show_payload(params, method.map(|method| method.params), &mut line, "")?;
        let _ = write!(line, " on {on}");
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
            content,
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
                let results = results?;
                content = show_payload(results, method.map(|m| m.results), &mut line, " ")?;
                Answer::Results {
                    null: results.get_content().is_null() || null_capability(results)?,
                }
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
            Message::Other,
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

/// Adds the capabilities and the content of a message to its line, and returns the content at
/// length.
fn show_payload(
    payload: payload::Reader<'_>,
    shape: Option<fn() -> capnp::introspect::Type>,
    line: &mut String,
    between: &str,
) -> capnp::Result<String> {
    let content = payload.get_content();
    let capabilities = payload.get_cap_table()?;
    let text = match shape {
        Some(shape) => {
            let _ = write!(
                line,
                "{between}{}",
                value::show(content, shape(), Limits::LINE)
            );
            value::show(content, shape(), Limits::RECORD)
        }
        None if content.is_null() && !between.is_empty() => {
            line.push_str(" null");
            String::new()
        }
        None => String::new(),
    };
    for capability in capabilities {
        let _ = write!(line, " {}", descriptor(capability)?);
    }
    Ok(text)
}

fn descriptor(descriptor: cap_descriptor::Reader<'_>) -> capnp::Result<String> {
    Ok(match descriptor.which() {
        Ok(cap_descriptor::None(())) => "cap#none".to_owned(),
        Ok(cap_descriptor::SenderHosted(id)) => format!("cap#{id}"),
        Ok(cap_descriptor::SenderPromise(id)) => format!("cap#{id}(promise)"),
        Ok(cap_descriptor::ReceiverHosted(id)) => format!("cap#{id}(receiver's)"),
        Ok(cap_descriptor::ReceiverAnswer(answer)) => {
            format!("answer q{}", answer?.get_question_id())
        }
        Ok(cap_descriptor::ThirdPartyHosted(_)) => "cap#(third party's)".to_owned(),
        Err(capnp::NotInSchema(number)) => format!("cap#(unknown type {number})"),
    })
}

/// Whether results that ought to be one capability are none.
fn null_capability(results: payload::Reader<'_>) -> capnp::Result<bool> {
    let capabilities = results.get_cap_table()?;
    Ok(capabilities.len() == 1
        && matches!(capabilities.get(0).which(), Ok(cap_descriptor::None(()))))
}

fn exception_text(exception: exception::Reader<'_>) -> String {
    let kind = match exception.get_type() {
        Ok(kind) => format!("{kind:?}").to_lowercase(),
        Err(capnp::NotInSchema(number)) => format!("type {number}"),
    };
    let reason = exception.get_reason().map_err(|_| ());
    let reason = reason.map_or_else(|()| "?".into(), |text| text.to_string().unwrap_or_default());
    let shown: String = reason.chars().take(200).collect();
    format!("{kind}: {shown:?}")
}
