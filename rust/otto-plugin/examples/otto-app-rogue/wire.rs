//! Messages of the RPC layer, by hand: whatever the schema of the layer can say, and no more sense
//! than the caller makes.

use std::io::{BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use capnp::any_pointer;
use capnp::capability::FromClientHook;
use capnp::message::{Builder, ReaderOptions};
use capnp::private::capability::ClientHook;
use capnp::serialize;
use capnp::traits::ImbueMut;
use capnp_rpc::rpc_capnp::{message, payload, return_};

/// A message that has come.
pub(crate) type Frame = capnp::message::Reader<serialize::OwnedSegments>;

/// A capability, as a message carries it.
#[derive(Clone, Copy)]
pub(crate) enum Descriptor {
    /// One of this side's.
    Ours(u32),
    /// One of the other side's.
    Theirs(u32),
}

/// One end of a connection.
pub(crate) struct Wire {
    from: BufReader<UnixStream>,
    to: UnixStream,
}

impl Wire {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self {
            to: socket.try_clone().unwrap(),
            from: BufReader::new(socket),
        }
    }

    /// Gives the next message, or nothing at the end.
    pub(crate) fn read(&mut self) -> Option<Frame> {
        let frame = serialize::try_read_message(&mut self.from, ReaderOptions::new());
        frame.ok().flatten()
    }

    /// Reads up to the next answer, and gives what `look` finds in it.
    pub(crate) fn read_answer<T>(&mut self, look: impl FnOnce(payload::Reader<'_>) -> T) -> T {
        loop {
            let frame = self.read().unwrap();
            let message: message::Reader<'_> = frame.get_root().unwrap();
            if let Ok(message::Return(answer)) = message.which()
                && let Ok(return_::Results(results)) = answer.unwrap().which()
            {
                return look(results.unwrap());
            }
        }
    }

    /// Sends a message. The process ends if nobody takes it.
    pub(crate) fn send(&mut self, write: impl FnOnce(message::Builder<'_>)) {
        let mut frame = Builder::new_default();
        write(frame.init_root());
        let mut bytes = Vec::new();
        serialize::write_message(&mut bytes, &frame).unwrap();
        if self.to.write_all(&bytes).is_err() {
            std::process::exit(0);
        }
    }

    /// Answers a question.
    pub(crate) fn answer(
        &mut self,
        question: u32,
        capabilities: &[Descriptor],
        content: impl FnOnce(any_pointer::Builder<'_>),
    ) {
        self.send(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(question);
            fill(answer.init_results(), capabilities, content);
        });
    }

    /// Asks a question: a call to one of the other side's capabilities.
    pub(crate) fn call(
        &mut self,
        question: u32,
        target: u32,
        (interface, method): (u64, u16),
        capabilities: &[Descriptor],
        content: impl FnOnce(any_pointer::Builder<'_>),
    ) {
        self.send(|message| {
            let mut call = message.init_call();
            call.set_question_id(question);
            call.set_interface_id(interface);
            call.set_method_id(method);
            call.reborrow().init_target().set_imported_cap(target);
            fill(call.init_params(), capabilities, content);
        });
    }

    pub(crate) fn shutdown(&self, how: Shutdown) {
        self.to.shutdown(how).unwrap();
    }

    /// Says that a question is over, be it answered or not.
    pub(crate) fn finish(&mut self, question: u32) {
        self.send(|message| message.init_finish().set_question_id(question));
    }
}

fn fill(
    mut payload: payload::Builder<'_>,
    capabilities: &[Descriptor],
    content: impl FnOnce(any_pointer::Builder<'_>),
) {
    let mut table = Vec::new();
    {
        let mut root = payload.reborrow().get_content();
        root.imbue_mut(&mut table);
        content(root);
    }
    let length = u32::try_from(capabilities.len()).unwrap();
    let mut descriptors = payload.init_cap_table(length);
    for (index, capability) in (0..).zip(capabilities) {
        let mut descriptor = descriptors.reborrow().get(index);
        match capability {
            Descriptor::Ours(number) => descriptor.set_sender_hosted(*number),
            Descriptor::Theirs(number) => descriptor.set_receiver_hosted(*number),
        }
    }
}

/// A pointer to the next capability of a message.
pub(crate) fn next<C: FromClientHook>() -> C {
    let nobody = capnp::Error::failed("nobody calls it here".into());
    let hook: Box<dyn ClientHook> = capnp_rpc::new_broken_cap(nobody).hook;
    C::new(hook)
}

/// The capabilities that came with a call, which are all the sender's own.
pub(crate) fn capabilities(payload: payload::Reader<'_>) -> Vec<u32> {
    let table = payload.get_cap_table().unwrap();
    let number = |descriptor: capnp_rpc::rpc_capnp::cap_descriptor::Reader<'_>| {
        use capnp_rpc::rpc_capnp::cap_descriptor::Which;
        match descriptor.which() {
            Ok(Which::SenderHosted(number) | Which::SenderPromise(number)) => number,
            _ => panic!("a capability that is not the sender's"),
        }
    };
    table.iter().map(number).collect()
}
