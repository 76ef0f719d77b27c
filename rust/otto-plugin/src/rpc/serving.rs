//! Serving: from the RPC thread to an author's code, and back.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use capnp::capability::{Params, Results};
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::call::MESSAGE_OVERHEAD;
use super::convert::{Reading, Writing};
use super::gate::{Gate, Pass};
use super::link::Link;
use super::table::Method;
use super::thread::panic_text;
use super::{Message, Reply, workers};
use crate::bindings::error::{Error, ErrorKind};
use crate::limits::MESSAGE_BYTES;

/// What a server adaptor needs to serve one object to one peer. Generated adaptors hold one.
#[derive(Clone)]
pub struct Serving {
    link: Option<Arc<Link>>,
    lease: Option<Arc<Gate>>,
    /// None for an object whose calls are independent.
    order: Option<Order>,
}

/// Ends when the call before has been polled for the first time.
type Order = Arc<Semaphore>;

/// What one call holds on to while it is served.
#[derive(Debug)]
struct Admitted {
    _lease: Option<Pass>,
    _served: Option<Pass>,
}

impl Serving {
    pub(crate) fn new(
        link: Option<Arc<Link>>,
        lease: Option<Arc<Gate>>,
        independent: bool,
    ) -> Self {
        let order = if independent {
            None
        } else {
            Some(Arc::new(Semaphore::new(1)))
        };
        Self { link, lease, order }
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
    ) -> impl Future<Output = Result<(), capnp::Error>> + use<P, R, F, Fut>
    where
        F: FnOnce(P) -> Fut + Send + 'static,
        Fut: Future<Output = R> + Send + 'static,
    {
        let scope = Arc::new(Gate::default());
        let begun = self.begin(method, params, &scope, body);
        let (link, lease) = (self.link.clone(), self.lease.clone());
        async move {
            let (reply, admitted) = match begun {
                Ok((running, admitted)) => {
                    let reply = match running.await? {
                        Some(reply) => reply,
                        None => failed(cancelled(method))?,
                    };
                    (reply, Some(admitted))
                }
                Err(error) => (failed(error)?, None),
            };
            scope.close();
            scope.idle().await;
            write_reply(method, reply, &mut results, link.as_ref(), lease.as_ref())?;
            drop(admitted);
            Ok(())
        }
    }

    /// Serves a call to a method that is declared as `-> stream`. A refused one is discarded: the
    /// error belongs into the answer of the call that ends the stream.
    pub fn stream<P: Message, F, Fut>(
        &self,
        method: &'static Method,
        params: Params<P::Wire>,
        body: F,
    ) -> impl Future<Output = Result<(), capnp::Error>> + use<P, F, Fut>
    where
        F: FnOnce(P) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let scope = Arc::new(Gate::default());
        let begun = self.begin(method, params, &scope, body);
        async move {
            if let Ok((running, _admitted)) = begun {
                running.await?;
            }
            Ok(())
        }
    }

    /// Takes a call up, in the turn of this thread in which it came.
    fn begin<P: Message, T: Send + 'static, F, Fut>(
        &self,
        method: &'static Method,
        params: Params<P::Wire>,
        scope: &Arc<Gate>,
        body: F,
    ) -> Result<(impl Future<Output = Ran<T>> + use<P, T, F, Fut>, Admitted), Error>
    where
        F: FnOnce(P) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        let lease = match &self.lease {
            Some(lease) => Some(lease.enter().ok_or_else(|| Error::revoked(method))?),
            None => None,
        };
        let served = match &self.link {
            Some(link) => Some(link.admit().ok_or_else(|| too_many(method))?),
            None => None,
        };
        let mut cx = Reading::new(self.link.as_ref(), Some(scope));
        let params = P::read(cx.pointer(params.get(), method.name)?, &mut cx)?;
        // Queued now, which the first poll does.
        let mut turn = self
            .order
            .clone()
            .map(|order| Box::pin(order.acquire_owned()));
        let at_once = turn.as_mut().and_then(|turn| turn.now_or_never());
        let stop = self.link.clone().filter(|_| self.order.is_none());
        let running = async move {
            let started = match (at_once, turn) {
                (Some(turn), _) => turn.ok(),
                (None, Some(turn)) => turn.await.ok(),
                (None, None) => None,
            };
            // Boxed on the thread that it runs on: it may be larger than the stack of this one.
            let body = async move { Box::pin(body(params)).await };
            run(method, started, stop, body).await
        };
        Ok((
            running,
            Admitted {
                _lease: lease,
                _served: served,
            },
        ))
    }
}

/// What came of an author's future: a value, nothing because it was stopped, or a fault.
type Ran<T> = Result<Option<T>, capnp::Error>;

/// Runs an author's future on a thread of its own. It is dropped there if this is dropped, or if
/// the session of `stop` ends.
async fn run<T: Send + 'static>(
    method: &'static Method,
    started: Option<OwnedSemaphorePermit>,
    stop: Option<Arc<Link>>,
    body: impl Future<Output = T> + Send + 'static,
) -> Ran<T> {
    let cancelled = CancellationToken::new();
    let _on_drop = cancelled.clone().drop_guard();
    let (answer, answered) = oneshot::channel();
    workers::run(async move {
        // Dropped before the answer: a destructor belongs to the call.
        let result = {
            let mut body = pin!(AssertUnwindSafe(body).catch_unwind());
            let first = futures::poll!(body.as_mut());
            drop(started);
            match first {
                std::task::Poll::Ready(result) => Some(result),
                std::task::Poll::Pending => tokio::select! {
                    biased;
                    () = cancelled.cancelled() => None,
                    () = stopped(stop.as_deref()) => None,
                    result = body => Some(result),
                },
            }
        };
        let _ = answer.send(result.transpose().map_err(|panic| panic_text(&*panic)));
    })
    .map_err(|error| capnp::Error::failed(format!("{method} cannot be run: {error}")))?;
    match answered.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => Err(capnp::Error::failed(format!("{method} panicked: {panic}"))),
        Err(_) => Err(capnp::Error::failed(format!("{method} was lost"))),
    }
}

async fn stopped(link: Option<&Link>) {
    match link {
        Some(link) => link.stopped().await,
        None => std::future::pending().await,
    }
}

fn too_many(method: &'static Method) -> Error {
    let message = format!("{method} is not served: too many calls are unanswered (callsInFlight)");
    Error::new(ErrorKind::LimitExceeded, message)
}

fn cancelled(method: &'static Method) -> Error {
    Error::new(
        ErrorKind::Cancelled,
        format!("{method} was cancelled: the session is ending"),
    )
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
    lease: Option<&Arc<Gate>>,
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

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("lent", &self.lease.is_some())
            .finish_non_exhaustive()
    }
}
