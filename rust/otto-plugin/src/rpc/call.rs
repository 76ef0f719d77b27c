//! Calling: from any thread, through the RPC thread, to a peer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::answer::{Answer, Ends};
use super::capability::Capability;
use super::convert::Reading;
use super::error::CallError;
use super::link::{Disconnect, Link, Next};
use super::request::Prepared;
use super::table::Method;
use super::thread::{panic_text, rpc_thread};
use super::{Client, Message};
use crate::bindings::error::Error;
use crate::bindings::handshake::SessionClient;
use crate::bindings::host::{CancellationClient, DirectoryClient};

impl Capability {
    /// Calls a method, and gives its answer. Generated clients call this.
    ///
    /// The call is sent when this is first polled, or later if as many are unanswered as the peer
    /// accepts. Dropping it tells the callee that the answer is not wanted any more.
    pub async fn call<P: Message, R: Message>(
        &self,
        method: &'static Method,
        params: P,
    ) -> Result<R, CallError> {
        let capability = self.clone();
        self.through_rpc_thread(method, move |answer| {
            let request = Prepared::new(&capability, method, &params)?;
            let promise = match capability.link() {
                Some(link) => link.send(capability.lease(), || request.request.send()),
                None => request.request.send(),
            };
            let (link, scope) = (capability.link().cloned(), capability.scope().cloned());
            Ok(async move {
                let answered = promise.promise.await;
                let response = match answered {
                    Ok(response) => response,
                    Err(error) => {
                        let error = lost_or_fault(method, link.as_deref(), &error).await;
                        return answer.give(Err(error));
                    }
                };
                let misbehaved = |what| CallError::Misbehaved {
                    method: method.to_string(),
                    what,
                };
                let mut cx = Reading::new(link.as_ref(), scope.as_ref());
                let root = response.get().and_then(|root| root.get_as());
                let read = cx
                    .pointer(root, method.name)
                    .and_then(|reader| R::read(reader, &mut cx));
                answer.give(read.map_err(misbehaved));
            })
        })
        .await
    }

    /// Calls a method that is declared as `-> stream`. It answers when the next one may be called:
    /// at most 1 MiB is unanswered, and nothing within this process. If one of those before it
    /// failed, so does this.
    pub async fn stream<P: Message>(
        &self,
        method: &'static Method,
        params: P,
    ) -> Result<(), CallError> {
        let capability = self.clone();
        self.through_rpc_thread(method, move |answer| {
            let request = Prepared::new(&capability, method, &params)?.chunk(method)?;
            let link = capability.link().cloned();
            let window = capability.window().cloned().unwrap_or_default();
            if let Some(failure) = window.failure() {
                return Err(failure);
            }
            let Prepared { request, size, .. } = request;
            let mut request = Some(request);
            let at_once = window
                .try_take(size)
                .and_then(|room| Some((room, request.take()?.send())));
            Ok(async move {
                let sent = match (at_once, request) {
                    (Some(sent), _) => Some(sent),
                    (None, Some(request)) => {
                        let room = window.take(size).await;
                        room.map(|room| (room, request.send()))
                    }
                    (None, None) => None,
                };
                // Calls within this process have no order: one ends before the next begins.
                if link.is_some() {
                    answer.give(Ok(()));
                }
                if let Some((_room, promise)) = sent
                    && let Err(error) = promise.promise.await
                {
                    let error = lost_or_fault(method, link.as_deref(), &error).await;
                    window.fail(error.clone());
                    answer.give(Err(error));
                }
                answer.give(Ok(()));
            })
        })
        .await
    }

    /// Runs `send` on the RPC thread, in the order of the calls, and then what it gave, to its end.
    async fn through_rpc_thread<T, F>(
        &self,
        method: &'static Method,
        send: impl FnOnce(Answer<T>) -> Result<F, CallError> + Send + 'static,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        let link = self.link().cloned();
        let scope = self.scope().cloned();
        let (counted, awaited) = (is_counted(method), is_awaited(method));
        let permit = match &link {
            Some(link) if counted => Some(
                link.permit(scope.is_some())
                    .await
                    .ok_or_else(|| not_sent(method, link))?,
            ),
            _ => None,
        };
        let pass = match &scope {
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
        let (sender, answered) = oneshot::channel();
        let answer = Answer::new(sender);
        let ends = Ends {
            link: link.clone(),
            scope,
            lease: self.lease().cloned(),
            answer: answer.clone(),
        };
        let (lost, lease) = (link.clone(), self.lease().cloned());
        thread.submit(move || {
            let send = move || {
                let withdrawn = lease.is_some_and(|lease| !lease.send());
                if withdrawn {
                    // Whoever has withdrawn it waits for nothing.
                    return None;
                }
                begin(method, link.as_ref(), send, answer)
            };
            let running = async move |call: Option<F>| {
                if let Some(call) = call {
                    ends.run(method, call).await;
                }
                drop((pass, permit));
            };
            match lost.map(|link| (link.next(), link)) {
                Some((Next::Waits(turn), link)) => {
                    tokio::task::spawn_local(async move {
                        let turn = turn.await;
                        tokio::select! {
                            () = link.room() => {}
                            // Nothing is sent any more, and `send` says so.
                            _ = link.ended() => {}
                        }
                        let call = send();
                        drop(turn);
                        running(call).await;
                    });
                }
                Some((Next::Now, _)) | None => {
                    let call = send();
                    tokio::task::spawn_local(running(call));
                }
            }
        });
        match answered.await {
            Ok(result) => result,
            // The RPC thread dropped the call: a panic below it took the task away.
            Err(_) => Err(disconnected(
                method,
                self.link().map_or(Disconnect::Closed, |link| link.why()),
            )),
        }
    }
}

/// Sends a call, or says why not.
fn begin<T, F>(
    method: &'static Method,
    link: Option<&Arc<Link>>,
    send: impl FnOnce(Answer<T>) -> Result<F, CallError>,
    answer: Answer<T>,
) -> Option<F> {
    if let Some(link) = link
        && link.has_ended()
    {
        answer.give(Err(not_sent(method, link)));
        return None;
    }
    let reply = answer.clone();
    let sent = match catch_unwind(AssertUnwindSafe(|| send(answer))) {
        Ok(sent) => sent,
        Err(panic) => Err(panicked(method, link.map(|link| &**link), &*panic)),
    };
    sent.map_err(|error| reply.give(Err(error))).ok()
}

/// Whether the answer comes soon when the call that the capability was lent for is to stop. That of
/// a `getBlob` comes when all of the blob has been sent.
pub(super) fn is_answered_soon(method: &Method) -> bool {
    method.interface_id != DirectoryClient::INTERFACE.id || method.name != "getBlob"
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

pub(super) fn disconnected(method: &'static Method, reason: Disconnect) -> CallError {
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
pub(super) fn panicked(
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
