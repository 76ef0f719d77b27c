//! Serving: from the RPC thread to an author's code, and back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use capnp::capability::{Params, Results};
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::convert::{Reading, Writing};
use super::gate::Pass;
use super::lease::{Lease, Revoke};
use super::link::Link;
use super::request::MESSAGE_OVERHEAD;
use super::running::{Ran, Stops, run};
use super::scope::Scope;
use super::table::Method;
use super::workers::drop_elsewhere;
use super::{Client, Message, Reply};
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::host::{CancelReason, TerminalClient, UiClient};
use crate::limits::MESSAGE_BYTES;

/// What a server adaptor needs to serve one object to one peer. Generated adaptors hold one.
///
/// When it is dropped, the object's destructor runs where an author's code may run.
pub struct Serving<T: Send + Sync + 'static> {
    object: Arc<Object<T>>,
    terms: Terms,
    /// None for an object whose calls are independent.
    order: Option<Order>,
    /// What the peer holds: one capability of the connection's, and one of what was lent.
    _held: [Option<Pass>; 2],
}

/// How an object is served.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// To whom. None within this process.
    pub(crate) link: Option<Arc<Link>>,
    /// For how long. None if it is for as long as the connection lasts.
    pub(crate) lease: Option<Arc<Lease>>,
    /// Whether its calls have nothing to do with each other.
    pub(crate) independent: bool,
}

/// Ends when the call before has been polled for the first time.
type Order = Arc<Semaphore>;

/// An author's object. Gone when it has been revoked.
struct Object<T: Send + Sync + 'static>(Mutex<Option<Arc<T>>>);

impl<T: Send + Sync + 'static> Object<T> {
    fn get(&self) -> Option<Arc<T>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<T: Send + Sync + 'static> Revoke for Object<T> {
    fn revoke(&self) {
        let object = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(object) = object {
            drop_elsewhere(object);
        }
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Object")
    }
}

/// What one call holds on to while it is served.
#[derive(Debug)]
struct Admitted {
    lease: Option<Pass>,
    _served: Option<Pass>,
}

/// Ends a call with the future that serves it, if that is dropped.
struct Over(Arc<Scope>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.stop(CancelReason::Unspecified);
        self.0.close();
    }
}

impl<T: Send + Sync + 'static> Serving<T> {
    pub(crate) fn new(object: Arc<T>, terms: Terms) -> Self {
        let object = Arc::new(Object(Mutex::new(Some(object))));
        let order = if terms.independent {
            None
        } else {
            Some(Arc::new(Semaphore::new(1)))
        };
        let held = terms.link.as_ref().and_then(|link| link.hold());
        let lent = terms.lease.as_ref().and_then(|lease| {
            let object = Arc::downgrade(&object);
            lease.lend(object)
        });
        Self {
            object,
            terms,
            order,
            _held: [held, lent],
        }
    }

    /// Serves a call: reads its parameters, runs `body` where an author's code may run, awaits the
    /// calls that were made through capabilities in the parameters, and writes the results.
    ///
    /// A panic becomes a fault of this call. If the caller drops the call, `body` is dropped at its
    /// next await.
    pub fn call<P: Message, R: Reply, F, Fut>(
        &self,
        method: &'static Method,
        params: Params<P::Wire>,
        mut results: Results<R::Wire>,
        body: F,
    ) -> impl Future<Output = Result<(), capnp::Error>> + use<T, P, R, F, Fut>
    where
        F: FnOnce(Arc<T>, P) -> Fut + Send + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let scope = Arc::new(Scope::default());
        let begun = self.begin(method, params, &scope, body);
        let (link, lease) = (self.terms.link.clone(), self.terms.lease.clone());
        async move {
            let over = Over(scope);
            let scope = &over.0;
            let (mut reply, mut admitted, mut slot) = match begun {
                Ok((running, admitted)) => {
                    let (ran, slot) = running.await;
                    let reply = ran.and_then(|ran| match ran {
                        Ok(reply) => Ok(reply),
                        Err(reason) => failed(Error::cancelled(method, reason)),
                    });
                    (reply, Some(admitted), slot)
                }
                Err(error) => (failed(error), None, None),
            };
            // A fault ends the call as well, and what was begun for it.
            scope.stop(CancelReason::Ended);
            scope.close();
            scope.idle().await;
            if let Some(admitted) = &mut admitted {
                // A peer that does not read holds up nobody who waits for the end of the lease.
                admitted.lease.take();
            }
            if let Some(link) = &link {
                tokio::select! {
                    biased;
                    () = link.room() => {}
                    () = lease_over(lease.as_deref()) => {
                        // It did not wait for the answer, which is not kept for it.
                        reply = failed(Error::revoked(method));
                        slot = None;
                        link.room().await;
                    }
                }
            }
            write_reply(method, reply?, &mut results, link.as_ref(), lease.as_ref())?;
            drop((admitted, slot));
            Ok(())
        }
    }

    /// Serves a call to a method that is declared as `-> stream`. One that comes after the lease is
    /// discarded: the error belongs into the answer of the call that ends the stream.
    pub fn stream<P: Message, F, Fut>(
        &self,
        method: &'static Method,
        params: Params<P::Wire>,
        body: F,
    ) -> impl Future<Output = Result<(), capnp::Error>> + use<T, P, F, Fut>
    where
        F: FnOnce(Arc<T>, P) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let scope = Arc::new(Scope::default());
        let begun = self.begin(method, params, &scope, body);
        let link = self.terms.link.clone();
        async move {
            match begun {
                Ok((running, _admitted)) => running.await.0.map(drop),
                Err(error) if error.kind == ErrorKind::Revoked => {
                    // Nothing else holds up a peer that does not read.
                    if let Some(link) = &link {
                        link.room().await;
                    }
                    Ok(())
                }
                Err(error) => Err(capnp::Error::failed(error.message)),
            }
        }
    }

    /// Takes a call up, in the turn of this thread in which it came.
    fn begin<P: Message, A: Send + 'static, F, Fut>(
        &self,
        method: &'static Method,
        params: Params<P::Wire>,
        scope: &Arc<Scope>,
        body: F,
    ) -> Result<
        (
            impl Future<Output = Slotted<A>> + use<T, P, A, F, Fut>,
            Admitted,
        ),
        Error,
    >
    where
        F: FnOnce(Arc<T>, P) -> Fut + Send + 'static,
        Fut: Future<Output = A> + Send + 'static,
    {
        let Terms { link, lease, .. } = &self.terms;
        let pass = match lease {
            Some(lease) => Some(lease.enter().ok_or_else(|| Error::revoked(method))?),
            None => None,
        };
        let served = match link {
            Some(link) => Some(link.admit().ok_or_else(|| too_many(method))?),
            None => None,
        };
        let mut cx = Reading::new(link.as_ref(), Some(scope));
        let params = P::read(cx.pointer(params.get(), method.name)?, &mut cx)?;
        let object = self.object.get().ok_or_else(|| Error::revoked(method))?;
        // Queued now, which the first poll does.
        let mut turn = self
            .order
            .clone()
            .map(|order| Box::pin(order.acquire_owned()));
        let at_once = turn.as_mut().and_then(|turn| turn.now_or_never());
        let stops = Stops {
            scope: Arc::clone(scope),
            session: link.clone().filter(|_| self.order.is_none()),
            lease: lease.clone().filter(|_| waits_for_a_person(method)),
        };
        let (link, lent) = (link.clone(), lease.clone());
        let unbegun = Elsewhere(Some((body, object, params)));
        let running = async move {
            let started = match (at_once, turn) {
                (Some(turn), _) => turn.ok(),
                (None, Some(turn)) => turn.await.ok(),
                (None, None) => None,
            };
            // What a peer that does not read asks for is not made, unless its time is over.
            let mut slot = None;
            if let Some(link) = &link {
                if lent.is_some() {
                    slot = link.slot().await;
                }
                tokio::select! {
                    biased;
                    () = link.room() => {}
                    () = lease_over(lent.as_deref()) => {}
                }
            }
            // Boxed on the thread that it runs on: it may be larger than the stack of this one.
            let body = async move {
                let (body, object, params) = unbegun.take();
                Box::pin(body(object, params)).await
            };
            (run(method, started, stops, body).await, slot)
        };
        Ok((
            running,
            Admitted {
                lease: pass,
                _served: served,
            },
        ))
    }
}

/// What came of an author's future, and what its answer takes of what the peer may have in the
/// making.
type Slotted<A> = (Ran<A>, Option<OwnedSemaphorePermit>);

/// Ends when the lease has, if there is one.
async fn lease_over(lease: Option<&Lease>) {
    match lease {
        Some(lease) => lease.over().await,
        None => std::future::pending().await,
    }
}

/// What is an author's, until it is taken. If it never is, it is dropped where an author's code may
/// run.
struct Elsewhere<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Elsewhere<T> {
    fn take(mut self) -> T {
        self.0.take().expect("it is taken once")
    }
}

impl<T: Send + 'static> Drop for Elsewhere<T> {
    fn drop(&mut self) {
        if let Some(unbegun) = self.0.take() {
            drop_elsewhere(unbegun);
        }
    }
}

/// Whether a person decides when a method answers. Nobody is there to do so any more when the call
/// is cancelled that it is served for.
fn waits_for_a_person(method: &Method) -> bool {
    let is = |interface: u64, name: &str| method.interface_id == interface && method.name == name;
    is(UiClient::INTERFACE.id, "input") || is(TerminalClient::INTERFACE.id, "run")
}

fn too_many(method: &'static Method) -> Error {
    let message = format!("{method} is not served: too many calls are unanswered (callsInFlight)");
    Error::new(ErrorKind::LimitExceeded, message)
}

/// Results that say that the call failed, or an exception if the method has no field for it.
fn failed<R: Reply>(error: Error) -> Result<R, capnp::Error> {
    let text = error.message.clone();
    R::failed(error).ok_or_else(|| capnp::Error::failed(text))
}

fn write_reply<R: Reply>(
    method: &'static Method,
    reply: R,
    results: &mut Results<R::Wire>,
    link: Option<&Arc<Link>>,
    lease: Option<&Arc<Lease>>,
) -> Result<(), capnp::Error> {
    let unsendable = |what: &dyn fmt::Display| {
        capnp::Error::failed(format!("{method} cannot be answered: {what}"))
    };
    let written = reply.write(results.get(), &mut Writing::new(link, lease));
    // What was written cannot be taken back, so this is a fault.
    written.map_err(|what| unsendable(&what))?;
    let limit = link.map_or(MESSAGE_BYTES, |link| link.peer_message_bytes());
    let size = results.hook.get()?.into_reader().target_size()?.word_count * 8 + MESSAGE_OVERHEAD;
    if size > limit {
        let what = super::Unsendable::Size { size, limit };
        return Err(unsendable(&what));
    }
    Ok(())
}

impl<T: Send + Sync + 'static> fmt::Debug for Serving<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Drop for Serving<T> {
    fn drop(&mut self) {
        self.object.revoke();
    }
}
