//! Calling: from any thread, through the RPC thread, to a peer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use capnp::private::capability::ClientHook;
use capnp::traits::Owned;
use futures::FutureExt;
use tokio::sync::oneshot;

use super::capability::Capability;
use super::convert::{Reading, Unsendable, Writing};
use super::error::CallError;
use super::link::{Disconnect, Link};
use super::table::Method;
use super::thread::{panic_text, rpc_thread};
use super::{Client, Gate, Message};
use crate::bindings::error::Error;
use crate::bindings::handshake::SessionClient;
use crate::bindings::host::CancellationClient;
use crate::limits::{MESSAGE_BYTES, STREAM_CHUNK_BYTES};

/// What is added to the parameters to make a message: the header of the call, generously.
pub(super) const MESSAGE_OVERHEAD: u64 = 1024;

/// What is around the data of a chunk, in bytes: pointers and padding.
const CHUNK_OVERHEAD: u64 = 64;

impl Capability {
    /// Calls a method, and gives its answer. Generated clients call this.
    ///
    /// The call is sent when this is first polled. Dropping it tells the callee that the answer is
    /// not wanted any more.
    pub async fn call<P: Message, R: Message>(
        &self,
        method: &'static Method,
        params: P,
    ) -> Result<R, CallError> {
        let capability = self.clone();
        self.through_rpc_thread(method, move || {
            let request = Prepared::new(&capability, method, &params)?;
            let promise = request.request.send();
            let (link, scope) = (capability.link().cloned(), capability.scope().cloned());
            Ok(async move {
                let answered = promise.promise.await;
                let response = match answered {
                    Ok(response) => response,
                    Err(error) => return Err(lost_or_fault(method, link.as_deref(), &error).await),
                };
                let misbehaved = |what| CallError::Misbehaved {
                    method: method.to_string(),
                    what,
                };
                let mut cx = Reading::new(link.as_ref(), scope.as_ref());
                let root = response.get().and_then(|root| root.get_as());
                let reader = cx.pointer(root, method.name).map_err(misbehaved)?;
                R::read(reader, &mut cx).map_err(misbehaved)
            })
        })
        .await
    }

    /// Calls a method that is declared as `-> stream`. It answers when the next one may be called.
    pub async fn stream<P: Message>(
        &self,
        method: &'static Method,
        params: P,
    ) -> Result<(), CallError> {
        let capability = self.clone();
        self.through_rpc_thread(method, move || {
            let request = Prepared::new(&capability, method, &params)?.chunk(method)?;
            let promise = request.request.hook.send_streaming();
            let link = capability.link().cloned();
            Ok(async move {
                match promise.await {
                    Ok(()) => Ok(()),
                    Err(error) => Err(lost_or_fault(method, link.as_deref(), &error).await),
                }
            })
        })
        .await
    }

    /// Runs `send` on the RPC thread, in the order of the calls, and then what it gave.
    async fn through_rpc_thread<T, F>(
        &self,
        method: &'static Method,
        send: impl FnOnce() -> Result<F, CallError> + Send + 'static,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CallError>> + 'static,
    {
        let link = self.link().cloned();
        let (counted, awaited) = (is_counted(method), is_awaited(method));
        let callback = self.scope().is_some();
        let permit = match &link {
            Some(link) if counted => Some(
                link.permit(callback)
                    .await
                    .ok_or_else(|| not_sent(method, link))?,
            ),
            _ => None,
        };
        let pass = match self.scope() {
            Some(scope) if awaited => Some(
                scope
                    .enter()
                    .ok_or_else(|| CallError::Failed(Error::revoked(method)))?,
            ),
            _ => None,
        };
        let thread = rpc_thread().map_err(|source| CallError::System {
            method: method.to_string(),
            source: Arc::new(source),
        })?;
        let (mut answer, answered) = oneshot::channel();
        let lost = link.clone();
        thread.submit(move || {
            if let Some(link) = &link
                && link.has_ended()
            {
                let _ = answer.send(Err(not_sent(method, link)));
                return;
            }
            let sent = match catch_unwind(AssertUnwindSafe(send)) {
                Ok(sent) => sent,
                Err(panic) => Err(panicked(method, link.as_deref(), &*panic)),
            };
            let call = match sent {
                Ok(call) => call,
                Err(error) => {
                    let _ = answer.send(Err(error));
                    return;
                }
            };
            tokio::task::spawn_local(async move {
                let call = AssertUnwindSafe(call).catch_unwind();
                let result = tokio::select! {
                    biased;
                    result = call => Some(result),
                    () = answer.closed() => None,
                    reason = ended(link.as_deref()) => Some(Ok(Err(disconnected(method, reason)))),
                };
                if let Some(result) = result {
                    let result = result
                        .unwrap_or_else(|panic| Err(panicked(method, link.as_deref(), &*panic)));
                    let _ = answer.send(result);
                }
                drop((pass, permit));
            });
        });
        match answered.await {
            Ok(result) => result,
            // The RPC thread dropped the call: a panic below it took the task away.
            Err(_) => Err(disconnected(
                method,
                lost.map_or(Disconnect::Closed, |link| link.why()),
            )),
        }
    }
}

/// Whether the answer comes before the call ends that the capability was lent for. That of a
/// `wait` comes after it.
fn is_awaited(method: &Method) -> bool {
    method.interface_id != CancellationClient::INTERFACE.id
}

/// Whether a call waits while as many are unanswered as the peer accepts. What ends the others
/// does not.
fn is_counted(method: &Method) -> bool {
    is_awaited(method) && method.interface_id != SessionClient::INTERFACE.id
}

/// A request, complete and within the limits.
struct Prepared {
    request: capnp::capability::Request<capnp::any_pointer::Owned, capnp::any_pointer::Owned>,
    /// The size of the parameters, in bytes.
    size: u64,
    /// How large they may be if they are a chunk of a stream.
    chunk_limit: u64,
}

impl Prepared {
    fn new<P: Message>(
        capability: &Capability,
        method: &'static Method,
        params: &P,
    ) -> Result<Self, CallError> {
        let link = capability.link();
        let hook = capability.hook(None, None);
        Self::on(&*hook, method, params, link, capability.lease())
    }

    fn on<P: Message>(
        hook: &dyn ClientHook,
        method: &'static Method,
        params: &P,
        link: Option<&Arc<Link>>,
        lease: Option<&Arc<Gate>>,
    ) -> Result<Self, CallError> {
        let unsendable = |what| CallError::Unsendable {
            method: method.to_string(),
            what,
        };
        let mut request = hook.new_call(method.interface_id, method.ordinal, None);
        let builder = request.get().init_as::<<P::Wire as Owned>::Builder<'_>>();
        params
            .write(builder, &mut Writing::new(link, lease))
            .map_err(unsendable)?;
        let limit = link.map_or(MESSAGE_BYTES, |link| link.peer_message_bytes());
        let words = request.get().into_reader().target_size();
        let words = words.map_err(|error| {
            unsendable(Unsendable::Unwritable {
                field: method.name,
                reason: error.to_string(),
            })
        })?;
        let size = words.word_count * 8;
        if size + MESSAGE_OVERHEAD > limit {
            return Err(unsendable(Unsendable::Size { size, limit }));
        }
        let chunk_limit = link.map_or(STREAM_CHUNK_BYTES, |link| link.peer_chunk_bytes());
        Ok(Self {
            request,
            size,
            chunk_limit,
        })
    }

    /// Checks the parameters of a method that is declared as `-> stream`.
    fn chunk(self, method: &'static Method) -> Result<Self, CallError> {
        let Self {
            size, chunk_limit, ..
        } = self;
        if size > chunk_limit + CHUNK_OVERHEAD {
            let what = Unsendable::Chunk {
                size,
                limit: chunk_limit,
            };
            return Err(CallError::Unsendable {
                method: method.to_string(),
                what,
            });
        }
        Ok(self)
    }
}

/// Tells an exception from a lost connection, which comes as one.
pub(crate) async fn lost_or_fault(
    method: &'static Method,
    link: Option<&Link>,
    error: &capnp::Error,
) -> CallError {
    if let Some(link) = link {
        // The system of the connection ends in one of the next turns of this thread, if it does.
        for _ in 0..4 {
            if link.is_ending() {
                return disconnected(method, link.why());
            }
            tokio::task::yield_now().await;
        }
        if error.kind == capnp::ErrorKind::Disconnected {
            return disconnected(method, link.why());
        }
    }
    CallError::fault(method, error)
}

async fn ended(link: Option<&Link>) -> Disconnect {
    match link {
        Some(link) => link.ended().await,
        None => std::future::pending().await,
    }
}

fn disconnected(method: &'static Method, reason: Disconnect) -> CallError {
    CallError::Disconnected {
        method: method.to_string(),
        sent: true,
        reason,
    }
}

fn not_sent(method: &'static Method, link: &Link) -> CallError {
    CallError::Disconnected {
        method: method.to_string(),
        sent: false,
        reason: link.why(),
    }
}

/// A panic below the RPC layer spoils its connection: it is ended, and nothing else.
fn panicked(
    method: &'static Method,
    link: Option<&Link>,
    panic: &(dyn std::any::Any + Send),
) -> CallError {
    let reason = Disconnect::Panicked(panic_text(panic));
    if let Some(link) = link {
        link.finish(reason.clone());
    }
    disconnected(method, reason)
}
