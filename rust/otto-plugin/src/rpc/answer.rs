//! Where the answer of a call goes, and what else can end the call.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures::FutureExt;
use tokio::sync::oneshot;

use super::call::{disconnected, is_answered_soon, panicked};
use super::error::CallError;
use super::lease::Lease;
use super::link::{Disconnect, Link};
use super::scope::Scope;
use super::table::Method;
use crate::bindings::host::CancelReason;

/// Where the answer of a call goes. The first one counts.
pub(super) struct Answer<T>(Arc<Mutex<Option<Giver<T>>>>);

type Giver<T> = oneshot::Sender<Result<T, CallError>>;

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Answer<T> {
    pub(super) fn new(giver: Giver<T>) -> Self {
        Self(Arc::new(Mutex::new(Some(giver))))
    }

    pub(super) fn give(&self, result: Result<T, CallError>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The caller may have gone.
            let _ = sender.send(result);
        }
    }

    /// Ends when the caller has gone, before there was an answer.
    async fn unwanted(&self) {
        std::future::poll_fn(|cx| {
            let mut sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *sender {
                Some(sender) => sender.poll_closed(cx),
                None => Poll::Pending,
            }
        })
        .await;
    }
}

/// What ends a call that was sent, beside its answer.
pub(super) struct Ends<T> {
    pub(super) link: Option<Arc<Link>>,
    pub(super) scope: Option<Arc<Scope>>,
    pub(super) lease: Option<Arc<Lease>>,
    pub(super) answer: Answer<T>,
}

impl<T> Ends<T> {
    /// Runs a call to its end, or to that of the connection, or until its answer is not wanted any
    /// more, which the callee is told by the drop of `call`.
    pub(super) async fn run(self, method: &'static Method, call: impl Future<Output = ()>) {
        let link = self.link.as_deref();
        let call = AssertUnwindSafe(call).catch_unwind();
        tokio::select! {
            biased;
            result = call => if let Err(panic) = result {
                self.answer.give(Err(panicked(method, link, &*panic)));
            },
            reason = ended(link) => self.answer.give(Err(disconnected(method, reason))),
            () = self.unwanted(method) => {}
        }
    }

    async fn unwanted(&self, method: &Method) {
        if let Some(lease) = &self.lease {
            return lease.abandoned().await;
        }
        self.answer.unwanted().await;
        // Whoever ends a call that is to stop drops the calls it had begun. They are answered soon,
        // since the caller knows; and one that is dropped costs memory on both sides.
        if let Some(scope) = &self.scope
            && is_answered_soon(method)
            && scope.reason().is_some_and(|why| why != CancelReason::Ended)
        {
            std::future::pending().await
        }
    }
}

async fn ended(link: Option<&Link>) -> Disconnect {
    match link {
        Some(link) => link.ended().await,
        None => std::future::pending().await,
    }
}
