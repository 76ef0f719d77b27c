//! The session of the last chapter, with a real plugin that dials.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use capnp::message::{Builder, HeapAllocator, ReaderOptions};
use capnp::serialize;
use capnp::traits::ImbueMut;
use capnp_rpc::rpc_capnp::{cap_descriptor, message, message_target, payload, return_};
use otto_plugin::bindings::INTERFACES;
use otto_plugin::rpc::Method;
use otto_plugin::wire::handshake_capnp::plugin;
use otto_plugin::wire::host_capnp::log;

use crate::support::mutant;
use crate::{blocks, hex};

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";
/// A token that everybody can see is no secret.
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The numbers that the host gives to its questions.
const BOOTSTRAP: u32 = 0;
const CONNECT: u32 = 1;
const APP: u32 = 2;
const META: u32 = 3;
const SHUT_DOWN: u32 = 4;
/// The one that it gives to a call of a method that is not there.
const UNKNOWN: u32 = 2;
/// The number that the host gives to its `log`.
const LOG: u32 = 0;

type Frame = Builder<HeapAllocator>;

#[test]
fn the_first_session_is_one_that_a_plugin_has() {
    let mut recorded = record();
    recorded.extend(record_refusal());
    let seen = blocks::compare("session", |what| {
        let bytes = recorded.get(what).expect("the session has that part");
        format!("```text\n{}\n```", bytes.trim_end())
    });
    let parts = recorded.keys().map(|part| (*part).to_owned());
    assert_eq!(seen, parts.collect(), "each part is shown");
}

/// A plugin that has dialled, and the socket to it.
struct Dialled {
    plugin: Running,
    socket: UnixStream,
    /// What it said first.
    token: [u8; TOKEN.len()],
}

impl Dialled {
    fn start() -> Self {
        let place = tempfile::tempdir().expect("a place for the socket");
        let address = place.path().join("s");
        let listener = UnixListener::bind(&address).expect("a socket");
        let plugin = Running(
            Command::new(mutant())
                .env_clear()
                .env("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE)
                .env("OTTO_PLUGIN_CONNECT", format!("unix:{}", address.display()))
                .env("OTTO_PLUGIN_TOKEN", TOKEN)
                .stdin(Stdio::null())
                .spawn()
                .expect("the mutant starts"),
        );
        let (mut socket, _) = listener.accept().expect("the plugin dials");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut token = [0; TOKEN.len()];
        socket
            .read_exact(&mut token)
            .expect("the plugin says its token");
        assert_eq!(token, TOKEN.as_bytes());
        Self {
            plugin,
            socket,
            token,
        }
    }
}

/// Has the session, and gives its parts as they are shown.
fn record() -> BTreeMap<&'static str, String> {
    let Dialled {
        mut plugin,
        mut socket,
        token,
    } = Dialled::start();
    let mut parts = BTreeMap::from([("token", format!("P  {}", hex::plain(&token)))]);

    let flight = [
        ("bootstrap", bootstrap()),
        ("connect", connect(&[2])),
        ("app", call(APP, CONNECT, "Session.app", &[1])),
        ("meta", call(META, APP, "App.meta", &[0])),
    ];
    for (part, frame) in flight {
        parts.insert(part, said(&mut socket, frame));
    }
    let answers: Vec<_> = (0..4)
        .map(|_| receive(&mut socket).expect("an answer"))
        .collect();
    let session = answers.iter().find_map(|bytes| session(bytes));
    parts.insert("answers", answers.iter().map(|it| shown('P', it)).collect());

    let mut goodbye = String::new();
    for question in [BOOTSTRAP, CONNECT, APP, META] {
        goodbye += &said(&mut socket, finish(question));
    }
    let session = session.expect("connect is answered with a session");
    goodbye += &said(&mut socket, shut_down(session));
    parts.insert("shutDown", goodbye);

    let mut end = String::new();
    while let Some(bytes) = receive(&mut socket) {
        end += &shown('P', &bytes);
    }
    parts.insert("end", end);
    let status = plugin.0.wait().expect("the plugin ends");
    assert!(status.success(), "{status}");
    parts
}

/// Has the session of a host that speaks another version, and gives its parts as they are shown.
fn record_refusal() -> BTreeMap<&'static str, String> {
    let Dialled {
        mut plugin,
        mut socket,
        ..
    } = Dialled::start();
    said(&mut socket, bootstrap());
    receive(&mut socket).expect("an answer");
    let mut exchange = |frame, messages| {
        let asked = said(&mut socket, frame);
        let answers = (0..messages).map(|_| receive(&mut socket).expect("a message"));
        answers.fold(asked, |out, it| out + &shown('P', &it))
    };
    let parts = BTreeMap::from([
        // The release of the log, and the answer.
        ("refusal", exchange(connect(&[3]), 2)),
        ("exception", exchange(unknown(), 1)),
    ]);
    drop(socket);
    let status = plugin.0.wait().expect("the plugin ends");
    assert!(status.success(), "{status}");
    parts
}

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a message, and gives it as it is shown.
fn said(socket: &mut UnixStream, frame: Frame) -> String {
    let bytes = serialize::write_message_to_words(&frame);
    socket.write_all(&bytes).expect("the plugin reads");
    shown('H', &bytes)
}

/// The bytes of the next message, or nothing at the end of file.
fn receive(socket: &mut UnixStream) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 8];
    match socket.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
        read => read.expect("a message, or the end"),
    }
    let more = |socket: &mut UnixStream, bytes: &mut Vec<u8>, length: usize| {
        let start = bytes.len();
        bytes.resize(start + length, 0);
        socket
            .read_exact(&mut bytes[start..])
            .expect("a whole message");
    };
    let segments = hex::number(&bytes, 0) + 1;
    // The rest of the table, which is padded to a word.
    more(socket, &mut bytes, segments / 2 * 8);
    let words = (1..=segments).map(|segment| hex::number(&bytes, 4 * segment));
    let words: usize = words.sum();
    more(socket, &mut bytes, 8 * words);
    Some(bytes)
}

/// A message as it is shown, below a line that says what it is.
fn shown(side: char, bytes: &[u8]) -> String {
    let message = serialize::read_message(bytes, ReaderOptions::new()).expect("a message");
    let root: message::Reader<'_> = message.get_root().expect("a message of the RPC protocol");
    let what = match root.which().expect("a known message") {
        message::Bootstrap(it) => {
            let question = it.expect("its content").get_question_id();
            format!("Bootstrap, question {question}")
        }
        message::Call(it) => {
            let it = it.expect("its content");
            let method = name(it.get_interface_id(), it.get_method_id());
            format!("Call of {method}, question {}", it.get_question_id())
        }
        message::Return(it) => {
            let question = it.expect("its content").get_answer_id();
            format!("Return, answer to question {question}")
        }
        message::Finish(it) => {
            let question = it.expect("its content").get_question_id();
            format!("Finish of question {question}")
        }
        message::Release(it) => {
            let capability = it.expect("its content").get_id();
            format!("Release of the capability {capability}")
        }
        message::Abort(it) => {
            let reason = it.expect("its content").get_reason().expect("a reason");
            format!("Abort: {}", reason.to_str().expect("a text"))
        }
        _ => panic!("these sessions have no other messages"),
    };
    format!("{side}  {what}\n{}\n", hex::frame(bytes))
}

fn bootstrap() -> Frame {
    let mut frame = Builder::new_default();
    let message = frame.init_root::<message::Builder<'_>>();
    message.init_bootstrap().set_question_id(BOOTSTRAP);
    frame
}

fn connect(versions: &[u16]) -> Frame {
    let mut frame = call(CONNECT, BOOTSTRAP, "Plugin.connect", &[]);
    let mut payload = parameters(&mut frame);
    let mut entry = payload.reborrow().init_cap_table(1).get(0);
    entry.set_sender_hosted(LOG);
    let mut capabilities = Vec::new();
    let mut content = payload.get_content();
    content.imbue_mut(&mut capabilities);
    let mut parameters = content.init_as::<plugin::connect_params::Builder<'_>>();
    let mut host = parameters.reborrow().init_host();
    host.set_name("otto");
    host.set_version("1.0.0");
    host.set_protocols(versions).expect("it has a place");
    parameters.set_log(capnp_rpc::new_client(NoLog));
    frame
}

/// What is sent as `log`. Only its place in the message is.
struct NoLog;

impl log::Server for NoLog {}

/// A call on the promise that question `of` is answered with, at the pointer with this path.
fn call(question: u32, of: u32, method: &str, path: &[u16]) -> Frame {
    call_of(question, of, the(method), path)
}

fn call_of(question: u32, of: u32, method: (u64, u16), path: &[u16]) -> Frame {
    let mut frame = Builder::new_default();
    write_call(&mut frame, question, method, |target| {
        let mut promise = target.init_promised_answer();
        promise.set_question_id(of);
        let mut transform = promise.init_transform(path.len() as u32);
        for (index, pointer) in (0..).zip(path) {
            let mut step = transform.reborrow().get(index);
            step.set_get_pointer_field(*pointer);
        }
    });
    frame
}

/// A call of a method that `Plugin` does not have.
fn unknown() -> Frame {
    let (plugin, _) = the("Plugin.connect");
    call_of(UNKNOWN, BOOTSTRAP, (plugin, 1), &[])
}

fn shut_down(session: u32) -> Frame {
    let mut frame = Builder::new_default();
    let method = the("Session.shutDown");
    write_call(&mut frame, SHUT_DOWN, method, |mut target| {
        target.set_imported_cap(session);
    });
    frame
}

/// The identity of an interface and the number of its method, which has this name.
fn the(method: &str) -> (u64, u16) {
    let all = INTERFACES.iter().flat_map(|interface| interface.methods);
    let mut named = all.filter(|it| it.to_string() == method);
    let method = named.next().expect("the schema has the method");
    (method.interface_id, method.ordinal)
}

fn write_call(
    frame: &mut Frame,
    question: u32,
    (interface, ordinal): (u64, u16),
    target: impl FnOnce(message_target::Builder<'_>),
) {
    let mut call = frame.init_root::<message::Builder<'_>>().init_call();
    call.set_question_id(question);
    call.set_interface_id(interface);
    call.set_method_id(ordinal);
    target(call.reborrow().init_target());
    call.init_params();
}

/// The parameters of a call that was written.
fn parameters(frame: &mut Frame) -> payload::Builder<'_> {
    let message = frame.get_root::<message::Builder<'_>>();
    let Ok(message::Call(Ok(call))) = message.expect("it is written").which() else {
        panic!("it is a call");
    };
    call.get_params().expect("they have a place")
}

fn finish(question: u32) -> Frame {
    let mut frame = Builder::new_default();
    let mut finish = frame.init_root::<message::Builder<'_>>().init_finish();
    finish.set_question_id(question);
    // The capabilities that came with the answer are kept.
    finish.set_release_result_caps(false);
    frame
}

/// The number that the plugin gives to its session, if this is the answer to `connect`.
fn session(bytes: &[u8]) -> Option<u32> {
    let message = serialize::read_message(bytes, ReaderOptions::new()).expect("a message");
    let root: message::Reader<'_> = message.get_root().expect("a message of the RPC protocol");
    let Ok(message::Return(Ok(answer))) = root.which() else {
        return None;
    };
    let (CONNECT, Ok(return_::Results(Ok(results)))) = (answer.get_answer_id(), answer.which())
    else {
        return None;
    };
    match results.get_cap_table().ok()?.try_get(0)?.which() {
        Ok(cap_descriptor::SenderHosted(number)) => Some(number),
        _ => None,
    }
}

/// The name of a method, if it has one.
fn name(interface: u64, ordinal: u16) -> String {
    let mut all = INTERFACES.iter().flat_map(|interface| interface.methods);
    let same = |method: &&Method| (method.interface_id, method.ordinal) == (interface, ordinal);
    let known = all.find(same).map(ToString::to_string);
    known.unwrap_or_else(|| format!("method {ordinal}, which is not there"))
}
