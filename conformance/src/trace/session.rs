//! What is known of a session when its messages have been read up to here: which questions are
//! open, and who holds which capabilities.

use std::collections::{BTreeMap, HashMap};

use super::recording::Message;
use crate::wire::{Capability, Detail, How, Kind, Party, Shown};

/// What the first question of a session is called, and the interface that answers it.
pub(super) const BOOTSTRAP: &str = "bootstrap";
pub(super) const PLUGIN: &str = "Plugin";

/// A session.
#[derive(Debug, Default)]
pub(super) struct Session {
    host: Side,
    plugin: Side,
}

/// What belongs to one side.
#[derive(Debug, Default)]
struct Side {
    /// The questions that it has asked.
    questions: HashMap<u32, Question>,
    /// The capabilities that it has given to the other side.
    exports: BTreeMap<u32, Export>,
}

#[derive(Debug)]
struct Question {
    method: String,
    asked: f64,
    answered: bool,
    finished: bool,
    /// The asker's capabilities that came with it.
    given: Vec<u32>,
    /// The answerer's capabilities that came with the answer.
    gained: Vec<u32>,
    /// Whether the asker has said that it keeps nothing of the answer.
    keeps_nothing: bool,
}

#[derive(Debug)]
struct Export {
    interface: String,
    references: u64,
}

/// What a message has to do with what came before it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Context {
    /// The method that the question is for.
    pub(super) method: Option<String>,
    /// For an answer: how long after the question it came, in seconds.
    pub(super) after: Option<f64>,
    /// What is odd about it.
    pub(super) oddity: Option<String>,
    /// The interface of the capability that is given back, or of the promise that is kept.
    pub(super) interface: Option<String>,
    /// How many references are left of a capability that is given back.
    pub(super) left: Option<u64>,
}

/// A question that was never answered.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(super) struct Unanswered {
    pub(super) question: u32,
    pub(super) method: String,
    pub(super) from: Party,
    /// When it was asked.
    #[serde(rename = "t")]
    pub(super) asked: f64,
    /// Whether the asker wanted the answer no more.
    pub(super) withdrawn: bool,
}

/// A capability that was given, and not given back.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(super) struct Held {
    pub(super) interface: String,
    /// Whose it is. The other side holds it.
    pub(super) of: Party,
    pub(super) export: u32,
    pub(super) references: u64,
}

impl Session {
    /// Takes the next message, and says what it has to do with the ones before.
    pub(super) fn take(&mut self, message: &Message) -> Context {
        let (from, detail) = (message.from, &message.detail);
        match detail.kind {
            Kind::Bootstrap => self.ask(from, message, BOOTSTRAP.to_owned()),
            Kind::Call => self.ask(from, message, method(detail)),
            Kind::Return => self.answer(from, message),
            Kind::Finish => self.finish(from, detail),
            Kind::Release => self.release(from, detail),
            Kind::Resolve => self.resolve(from, detail),
            _ => Context::default(),
        }
    }

    /// The questions that nobody has answered, in the order in which they were asked.
    pub(super) fn unanswered(&self) -> Vec<Unanswered> {
        let mut open = Vec::new();
        for (from, side) in [(Party::Host, &self.host), (Party::Plugin, &self.plugin)] {
            let unanswered = side.questions.iter().filter(|(_, asked)| !asked.answered);
            open.extend(unanswered.map(|(question, asked)| Unanswered {
                question: *question,
                method: asked.method.clone(),
                from,
                asked: asked.asked,
                withdrawn: asked.finished,
            }));
        }
        open.sort_by(|one, other| {
            let times = one.asked.total_cmp(&other.asked);
            times.then(one.question.cmp(&other.question))
        });
        open
    }

    /// The capabilities that were never given back.
    pub(super) fn held(&self) -> Vec<Held> {
        let mut held = Vec::new();
        for (of, side) in [(Party::Host, &self.host), (Party::Plugin, &self.plugin)] {
            held.extend(side.exports.iter().map(|(id, export)| Held {
                interface: export.interface.clone(),
                of,
                export: *id,
                references: export.references,
            }));
        }
        held
    }

    fn side(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Host => &mut self.host,
            Party::Plugin => &mut self.plugin,
        }
    }

    fn ask(&mut self, from: Party, message: &Message, method: String) -> Context {
        let Some(id) = message.detail.question else {
            return Context::default();
        };
        let given = self.give(from, &message.detail, None);
        let question = Question {
            method,
            asked: message.at,
            answered: false,
            finished: false,
            given,
            gained: Vec::new(),
            keeps_nothing: false,
        };
        let earlier = self.side(from).questions.insert(id, question);
        Context {
            oddity: earlier.map(|earlier| format!("q{id} is still in use, for {}", earlier.method)),
            ..Context::default()
        }
    }

    fn answer(&mut self, from: Party, message: &Message) -> Context {
        let detail = &message.detail;
        let Some(id) = detail.question else {
            return Context::default();
        };
        let asked = self.side(from.other()).questions.get_mut(&id);
        let Some((question, is_second)) = asked.map(|asked| {
            let is_second = asked.answered;
            asked.answered = true;
            (&*asked, is_second)
        }) else {
            self.give(from, detail, None);
            return odd(format!("nobody has asked q{id}"));
        };
        let context = Context {
            method: Some(question.method.clone()),
            after: Some(since(question.asked, message.at)),
            oddity: is_second.then(|| format!("q{id} was answered before")),
            ..Context::default()
        };
        let only = (question.method == BOOTSTRAP).then_some(PLUGIN);
        let (given, keeps_nothing) = (question.given.clone(), question.keeps_nothing);
        if detail.gives_back {
            given
                .iter()
                .for_each(|id| self.take_back(from.other(), *id, 1));
        }
        let gained = match detail.answer {
            Some(How::Results | How::Null) => self.give(from, detail, only),
            _ => Vec::new(),
        };
        if keeps_nothing {
            gained.iter().for_each(|id| self.take_back(from, *id, 1));
        }
        let asker = self.side(from.other());
        if let Some(question) = asker.questions.get_mut(&id) {
            question.gained = gained;
            if question.finished || detail.finishes {
                asker.questions.remove(&id);
            }
        }
        context
    }

    fn finish(&mut self, from: Party, detail: &Detail) -> Context {
        let Some(id) = detail.question else {
            return Context::default();
        };
        let side = self.side(from);
        let Some(question) = side.questions.get_mut(&id) else {
            return odd(format!("q{id} is over already, or was never asked"));
        };
        question.finished = true;
        question.keeps_nothing = detail.gives_back;
        let method = question.method.clone();
        let mut oddity = None;
        if question.answered {
            let gained = side.questions.remove(&id).map(|question| question.gained);
            if detail.gives_back {
                let gained = gained.into_iter().flatten();
                gained.for_each(|id| self.take_back(from.other(), id, 1));
            }
        } else {
            oddity = Some("the answer is wanted no more".to_owned());
        }
        Context {
            method: Some(method),
            oddity,
            ..Context::default()
        }
    }

    fn release(&mut self, from: Party, detail: &Detail) -> Context {
        let (Some(id), Some(references)) = (detail.export, detail.references) else {
            return Context::default();
        };
        let exports = &self.side(from.other()).exports;
        let Some(export) = exports.get(&id) else {
            return odd(format!("nothing is held under #{id}"));
        };
        let (interface, held) = (export.interface.clone(), export.references);
        let references = u64::from(references);
        self.take_back(from.other(), id, references);
        Context {
            oddity: (references > held).then(|| format!("only {held} were held")),
            interface: Some(interface),
            left: Some(held.saturating_sub(references)),
            ..Context::default()
        }
    }

    fn resolve(&mut self, from: Party, detail: &Detail) -> Context {
        let exports = &self.side(from).exports;
        let promise = detail.export.and_then(|id| exports.get(&id));
        let interface = promise.map(|promise| promise.interface.clone());
        self.give(from, detail, interface.as_deref());
        Context {
            oddity: interface
                .is_none()
                .then(|| "nothing was promised under this number".to_owned()),
            interface,
            ..Context::default()
        }
    }

    /// Counts the capabilities that come with a message. Gives the numbers of the sender's own.
    fn give(&mut self, from: Party, detail: &Detail, only: Option<&str>) -> Vec<u32> {
        let mut given = Vec::new();
        for (place, capability) in detail.capabilities.iter().enumerate() {
            let (Capability::Sender(id) | Capability::SenderPromise(id)) = capability else {
                continue;
            };
            let found = detail
                .content
                .as_ref()
                .and_then(|content| interface(content, place));
            let known = found.or(only);
            let export = self
                .side(from)
                .exports
                .entry(*id)
                .or_insert_with(|| Export {
                    interface: known.unwrap_or("capability").to_owned(),
                    references: 0,
                });
            export.references += 1;
            given.push(*id);
        }
        given
    }

    fn take_back(&mut self, of: Party, id: u32, references: u64) {
        let exports = &mut self.side(of).exports;
        if let Some(export) = exports.get_mut(&id) {
            export.references = export.references.saturating_sub(references);
            if export.references == 0 {
                exports.remove(&id);
            }
        }
    }
}

/// The time between two, to the microsecond as they are.
fn since(earlier: f64, later: f64) -> f64 {
    ((later - earlier) * 1e6).round() / 1e6
}

fn odd(oddity: String) -> Context {
    Context {
        oddity: Some(oddity),
        ..Context::default()
    }
}

/// The full name of the method of a call.
pub(super) fn method(detail: &Detail) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "?".to_owned());
    format!("{}.{}", part(&detail.interface), part(&detail.method))
}

/// The interface of the field that a capability stands in.
fn interface(content: &Shown, place: usize) -> Option<&str> {
    match content {
        Shown::Capability {
            place: Some(found),
            interface,
        } => (*found == place).then_some(interface),
        Shown::Fields(fields) => fields.iter().find_map(|(_, value)| interface(value, place)),
        _ => None,
    }
}
