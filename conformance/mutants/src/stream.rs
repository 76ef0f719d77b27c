//! The socket, with the defects that lie below the RPC library.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::thread::sleep;
use std::time::Duration;

use capnp::message::{Builder, ReaderOptions};
use capnp::serialize;
use capnp::traits::HasTypeId;
use capnp_rpc::rpc_capnp::{call, message, message_target};
use futures::{AsyncRead, AsyncWrite};
use otto_plugin::wire::app_capnp::app;
use otto_plugin::wire::handshake_capnp::{plugin, session};

use crate::defect::Defect;
use crate::leak;
use crate::plugin::LIBRARY;
use crate::serve::Heard;
use crate::socket::Socket;
use crate::start::say;

/// The number of the call that is answered twice: no ordinary session makes so many.
const TWICE: u32 = 8;
/// How many messages there is room for, where that is a defect.
const ROOM: usize = 40;
/// The calls that the plugin knows: interfaces, and how many methods each of them has.
const KNOWN: [(u64, u16); 3] = [
    (plugin::Client::TYPE_ID, 1),
    (session::Client::TYPE_ID, 3),
    (app::Client::TYPE_ID, 7),
];
/// What this plugin accepts, which is what `Limits` says by default.
const SEGMENTS: usize = 256;
const MESSAGE_BYTES: usize = 16 << 20;
/// How much is set aside for a larger message at most, and how long it is filled, where those are
/// defects.
const MOST: usize = 96 << 20;
const A_WHILE: Duration = Duration::from_millis(100);
/// From here on, numbers are nobody's: no host asks so many questions.
const NOBODYS: u32 = 0x7000_0000;
/// An interface that nobody implements.
const NO_INTERFACE: u64 = 0xdead_dead_dead_dead;

/// What the plugin reads from.
#[derive(Debug)]
pub(crate) struct Inlet {
    stream: Rc<Socket>,
    defect: Option<Defect>,
    heard: Rc<Heard>,
    arrived: Vec<u8>,
    passed_on: VecDeque<u8>,
    bootstraps: u32,
    metas: u32,
    /// Whether nothing more is read.
    deaf: bool,
}

impl Inlet {
    pub(crate) fn new(stream: Rc<Socket>, defect: Option<Defect>, heard: Rc<Heard>) -> Self {
        Self {
            stream,
            defect,
            heard,
            arrived: Vec::new(),
            passed_on: VecDeque::new(),
            bootstraps: 0,
            metas: 0,
            deaf: false,
        }
    }

    /// Passes on the whole messages among what has arrived.
    fn filter(&mut self) -> io::Result<()> {
        let mut messages = 0;
        while !self.deaf
            && let Some(size) = self.next_size()?
        {
            let rest = self.arrived.split_off(size);
            let message = std::mem::replace(&mut self.arrived, rest);
            messages += 1;
            if messages > ROOM && self.defect == Some(Defect::HasRoomFor40Messages) {
                continue;
            }
            match self.look_at(&message) {
                Ok(Fate::PassedOn) => self.passed_on.extend(message),
                Ok(Fate::Replaced(other)) => self.passed_on.extend(other),
                Ok(Fate::Taken) => {}
                Ok(Fate::TheLast) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Err(_) if self.defect == Some(Defect::AbortsAtABrokenPointer) => {
                    std::process::abort()
                }
                // The RPC library knows what to do about it.
                Err(_) => self.passed_on.extend(message),
            }
        }
        if self.defect == Some(Defect::DiscardsTheBeginningOfAMessage) {
            self.arrived.clear();
        }
        Ok(())
    }

    /// The size of the next message, if all of it has arrived.
    fn next_size(&self) -> io::Result<Option<usize>> {
        match measure(&self.arrived, self.defect) {
            Ok(size) => Ok(size.filter(|size| self.arrived.len() >= *size)),
            Err(problem) => {
                match self.defect {
                    Some(Defect::AbortsAtGarbage) => std::process::abort(),
                    Some(Defect::RefusesGarbageInSilence) => {}
                    _ => say(&format!("error: {problem}\n")),
                }
                Err(io::Error::new(io::ErrorKind::InvalidData, problem))
            }
        }
    }

    /// What becomes of a message before the RPC library sees it.
    fn look_at(&mut self, bytes: &[u8]) -> capnp::Result<Fate> {
        let reader = serialize::read_message(bytes, ReaderOptions::new())?;
        match reader.get_root::<message::Reader<'_>>()?.which() {
            Ok(message::Bootstrap(bootstrap)) => {
                let question = bootstrap?.get_question_id();
                self.bootstraps += 1;
                match self.defect {
                    Some(Defect::BootstrapsOnce) if self.bootstraps > 1 => {
                        self.answer(question, Some("there has been a bootstrap already"))?;
                        return Ok(Fate::Taken);
                    }
                    Some(Defect::SecondBootstrapIsNull) if self.bootstraps > 1 => {
                        self.answer(question, None)?;
                        return Ok(Fate::Taken);
                    }
                    _ => {}
                }
            }
            Ok(message::Call(call)) => {
                let call = call?;
                call.get_params()?.get_content().target_size()?;
                if let Some(fate) = self.fate_of(call)? {
                    return Ok(fate);
                }
                if call.get_interface_id() == app::Client::TYPE_ID && call.get_method_id() == 0 {
                    self.metas += 1;
                    if self.defect == Some(Defect::AnswersACallTwice) && self.metas == TWICE {
                        self.answer(call.get_question_id(), None)?;
                    }
                }
                if self.defect == Some(Defect::RefusesCallsOnPromises) && is_on_a_field(call)? {
                    return to_no_interface(&reader).map(Fate::Replaced);
                }
            }
            Ok(message::Return(answer)) => {
                let is_nobodys = answer?.get_answer_id() >= NOBODYS;
                if is_nobodys && self.defect == Some(Defect::AbortsAtAnAnswerToNothing) {
                    std::process::abort();
                }
            }
            Ok(message::Release(release)) => {
                let is_nobodys = release?.get_id() >= NOBODYS;
                if is_nobodys && self.defect == Some(Defect::HangsAtAReleaseOfNothing) {
                    self.deaf = true;
                    return Ok(Fate::Taken);
                }
            }
            Ok(message::Provide(_) | message::Accept(_) | message::Join(_)) | Err(_)
                if self.defect == Some(Defect::IgnoresWhatItDoesNotDo) =>
            {
                return Ok(Fate::Taken);
            }
            _ => {}
        }
        Ok(Fate::PassedOn)
    }

    /// What becomes of a call that the RPC library is not to see. It answers those that nobody knows
    /// by itself.
    fn fate_of(&self, call: call::Reader<'_>) -> capnp::Result<Option<Fate>> {
        let (interface, method) = (call.get_interface_id(), call.get_method_id());
        let is_shut_down = (interface, method) == (session::Client::TYPE_ID, 2);
        self.heard
            .shut_down
            .set(is_shut_down || self.heard.shut_down.get());
        let mut known = KNOWN.iter();
        if known.any(|(known, methods)| *known == interface && method < *methods) {
            return Ok(None);
        }
        let question = call.get_question_id();
        match self.defect {
            Some(Defect::AnswersAnUnknownCall) => self.answer(question, None)?,
            Some(Defect::FailsAtAnUnknownCall) => self.answer(question, Some("what is that?"))?,
            Some(Defect::HangsUpAtAnUnknownCall) => return Ok(Some(Fate::TheLast)),
            Some(Defect::HangsUpAtAnUnknownCallOfItsSession)
                if interface == session::Client::TYPE_ID =>
            {
                return Ok(Some(Fate::TheLast));
            }
            _ => return Ok(None),
        }
        Ok(Some(Fate::Taken))
    }

    /// Answers a question behind the back of the RPC library.
    fn answer(&self, question: u32, exception: Option<&str>) -> capnp::Result<()> {
        let mut message = Builder::new_default();
        let mut answer = message.init_root::<message::Builder<'_>>().init_return();
        answer.set_answer_id(question);
        match exception {
            Some(reason) => answer.init_exception().set_reason(reason),
            None => drop(answer.init_results()),
        }
        // Between two messages of the library's, which writes each in one go while there is room.
        self.stream
            .try_write(&serialize::write_message_to_words(&message))?;
        Ok(())
    }
}

/// What becomes of a message.
enum Fate {
    /// The RPC library gets it.
    PassedOn,
    /// The RPC library gets another one in its place.
    Replaced(Vec<u8>),
    /// The RPC library does not get it.
    Taken,
    /// It ends the connection.
    TheLast,
}

/// The size of the message that begins here, as far as that is known. Fails if it is above a limit.
fn measure(bytes: &[u8], defect: Option<Defect>) -> Result<Option<usize>, String> {
    let word = |index: usize| {
        let bytes = bytes.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let Some(segments) = word(0).map(|less_one| less_one + 1) else {
        return Ok(None);
    };
    let (most_segments, most_bytes) = match defect {
        Some(Defect::TakesHalfOfWhatItSays) => (SEGMENTS / 2, MESSAGE_BYTES / 2),
        Some(Defect::TakesMoreSegmentsThanItSays) => (4_000, MESSAGE_BYTES),
        _ => (SEGMENTS, MESSAGE_BYTES),
    };
    if segments > most_segments && defect == Some(Defect::NamesALimitWithoutItsValue) {
        return Err("a message has more segments than the limit segments".to_owned());
    }
    if segments > most_segments {
        return Err(format!(
            "a message has {segments} segments, and the limit segments is {SEGMENTS}"
        ));
    }
    let mut size = (4 * (segments + 1)).next_multiple_of(8);
    for segment in 1..=segments {
        let Some(words) = word(segment) else {
            return Ok(None);
        };
        size += words * 8;
    }
    match defect {
        _ if size <= most_bytes => Ok(Some(size)),
        Some(Defect::TakesAnySize) => Ok(None),
        Some(Defect::MakesRoomForWhatItIsTold) => {
            leak::memory(size.min(MOST));
            // It is being filled for a while.
            sleep(A_WHILE);
            Ok(None)
        }
        _ => Err(format!(
            "a message is {size} bytes long, and the limit messageBytes is {MESSAGE_BYTES}"
        )),
    }
}

/// Whether a call is on a field of an answer, and not on an object that was handed over.
fn is_on_a_field(call: call::Reader<'_>) -> capnp::Result<bool> {
    Ok(match call.get_target()?.which()? {
        message_target::PromisedAnswer(answer) => !answer?.get_transform()?.is_empty(),
        message_target::ImportedCap(_) => false,
    })
}

/// The same call, for an interface that is not there.
fn to_no_interface(
    call: &capnp::message::Reader<serialize::OwnedSegments>,
) -> capnp::Result<Vec<u8>> {
    let mut copy = Builder::new_default();
    copy.set_root(call.get_root::<message::Reader<'_>>()?)?;
    if let message::Call(call) = copy.get_root::<message::Builder<'_>>()?.which()? {
        call?.set_interface_id(NO_INTERFACE);
    }
    Ok(serialize::write_message_to_words(&copy))
}

impl AsyncRead for Inlet {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.passed_on.is_empty() {
            if this.deaf {
                return Poll::Pending;
            }
            futures::ready!(this.stream.poll_read_ready(cx))?;
            let mut bytes = [0; 16 << 10];
            match this.stream.try_read(&mut bytes) {
                Ok(0) => match this.defect {
                    Some(Defect::SpinsAtHalfAMessage) if !this.arrived.is_empty() => loop {
                        std::hint::spin_loop();
                    },
                    Some(Defect::WaitsAfterHalfAMessage) if !this.arrived.is_empty() => {
                        return Poll::Pending;
                    }
                    Some(Defect::FailsAtHalfAMessage) if !this.arrived.is_empty() => {
                        std::process::exit(3)
                    }
                    _ => return Poll::Ready(Ok(0)),
                },
                Ok(count) => {
                    let first = !this.heard.anything.replace(true);
                    this.arrived.extend(&bytes[..count]);
                    if first && this.defect == Some(Defect::DiscardsWhatIsBuffered) {
                        let kept = measure(&this.arrived, this.defect).ok().flatten();
                        this.arrived.truncate(kept.unwrap_or(count));
                    }
                    this.filter()?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) if this.defect == Some(Defect::IgnoresAReset) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(io::Read::read(&mut this.passed_on, buffer))
    }
}

/// What the plugin writes to.
#[derive(Debug)]
pub(crate) struct Outlet(pub(crate) Rc<Socket>, pub(crate) Option<Defect>);

/// Spoils what is about to be written, whose text about the library is there once.
fn spoil(bytes: &[u8], defect: Option<Defect>) -> Option<Vec<u8>> {
    let text = [LIBRARY.as_bytes(), b"\0"].concat();
    let at = bytes.windows(text.len()).position(|part| part == text)?;
    let mut spoilt = bytes.to_vec();
    match defect? {
        Defect::EndsATextWithoutNul => spoilt[at + LIBRARY.len()] = b'!',
        Defect::SendsWhatIsNoText => spoilt[at] = 0xff,
        Defect::SendsAPointerToNowhere => {
            // A list pointer has a number of elements in its upper half, and their size: bytes.
            let half = |length: usize| ((length as u32) << 3 | 2).to_le_bytes();
            let mut halves = spoilt.chunks_exact_mut(4).skip(1).step_by(2);
            let pointer = halves.find(|upper| **upper == half(text.len()))?;
            pointer.copy_from_slice(&half(1 << 20));
        }
        _ => return None,
    }
    Some(spoilt)
}

impl AsyncWrite for Outlet {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            futures::ready!(self.0.poll_write_ready(cx))?;
            let spoilt = spoil(bytes, self.1);
            match self.0.try_write(spoilt.as_deref().unwrap_or(bytes)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
