//! Stands between the RPC layer and its network, and counts: what a peer may leave unfinished, and
//! what waits for it to be read.

use std::cell::RefCell;
use std::rc::Rc;

use capnp::any_pointer;
use capnp::capability::Promise;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{Connection, FlowController, IncomingMessage, OutgoingMessage, VatNetwork};
use futures::TryFutureExt;

use super::meter::Meter;

type Message = capnp::message::Builder<capnp::message::HeapAllocator>;

/// A network whose messages pass a meter.
pub(super) struct Metered<N> {
    inner: N,
    meter: Rc<RefCell<Meter>>,
}

impl<N> Metered<N> {
    pub(super) fn new(inner: N, meter: Meter) -> Self {
        Self {
            inner,
            meter: Rc::new(RefCell::new(meter)),
        }
    }
}

impl<N: VatNetwork<Side>> VatNetwork<Side> for Metered<N> {
    fn connect(&mut self, host: Side) -> Option<Box<dyn Connection<Side>>> {
        let inner = self.inner.connect(host)?;
        let meter = Rc::clone(&self.meter);
        Some(Box::new(MeteredConnection { inner, meter }))
    }

    fn accept(&mut self) -> Promise<Box<dyn Connection<Side>>, capnp::Error> {
        let meter = Rc::clone(&self.meter);
        let metered = |inner| Box::new(MeteredConnection { inner, meter }) as Box<_>;
        Promise::from_future(self.inner.accept().map_ok(metered))
    }

    fn drive_until_shutdown(&mut self) -> Promise<(), capnp::Error> {
        self.inner.drive_until_shutdown()
    }
}

struct MeteredConnection {
    inner: Box<dyn Connection<Side>>,
    meter: Rc<RefCell<Meter>>,
}

impl Connection<Side> for MeteredConnection {
    fn get_peer_vat_id(&self) -> Side {
        self.inner.get_peer_vat_id()
    }

    fn new_outgoing_message(&mut self, first_segment_words: u32) -> Box<dyn OutgoingMessage> {
        Box::new(MeteredMessage {
            inner: self.inner.new_outgoing_message(first_segment_words),
            meter: Rc::clone(&self.meter),
        })
    }

    fn receive_incoming_message(
        &mut self,
    ) -> Promise<Option<Box<dyn IncomingMessage>>, capnp::Error> {
        let meter = Rc::clone(&self.meter);
        let received = self.inner.receive_incoming_message();
        Promise::from_future(async move {
            let message = received.await?;
            if let Some(message) = &message {
                meter.borrow_mut().receive(message.get_body()?.get_as()?)?;
            }
            Ok(message)
        })
    }

    fn new_stream(&mut self) -> (Box<dyn FlowController>, Promise<(), capnp::Error>) {
        self.inner.new_stream()
    }

    fn shutdown(&mut self, result: capnp::Result<()>) -> Promise<(), capnp::Error> {
        self.inner.shutdown(result)
    }
}

struct MeteredMessage {
    inner: Box<dyn OutgoingMessage>,
    meter: Rc<RefCell<Meter>>,
}

impl OutgoingMessage for MeteredMessage {
    fn get_body(&mut self) -> capnp::Result<any_pointer::Builder<'_>> {
        self.inner.get_body()
    }

    fn get_body_as_reader(&self) -> capnp::Result<any_pointer::Reader<'_>> {
        self.inner.get_body_as_reader()
    }

    fn send(self: Box<Self>) -> (Promise<(), capnp::Error>, Rc<Message>) {
        let bytes = self.inner.size_in_words() as u64 * 8;
        if let Ok(message) = self
            .inner
            .get_body_as_reader()
            .and_then(|body| body.get_as())
        {
            self.meter.borrow_mut().send(message, bytes);
        }
        self.inner.send()
    }

    fn take(self: Box<Self>) -> Message {
        self.inner.take()
    }

    fn size_in_words(&self) -> usize {
        self.inner.size_in_words()
    }
}
