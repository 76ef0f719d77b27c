//! A call that was made, as its caller sees it: what is lent for it, and taken back after it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio_util::sync::CancellationToken;

use super::gate::{Gate, Pass};
use super::stop::Stop;
use crate::bindings::host::CancelReason;

/// What is lent to the callee of one call.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// The calls that the callee makes in the meantime.
    inside: Arc<Gate>,
    /// The capabilities that the callee holds.
    lent: Arc<Gate>,
    stop: Stop,
    /// Whether the call is sent, as far as that is decided.
    sent: OnceLock<bool>,
    abandoned: CancellationToken,
    over: CancellationToken,
    objects: Mutex<Objects>,
}

/// The objects behind what is lent.
#[derive(Debug, Default)]
struct Objects {
    all: Vec<Weak<dyn Revoke>>,
    /// How many there may be before those that are gone are looked for.
    room: usize,
    /// Whether the lease is over.
    over: bool,
}

/// An object that can be taken away from whoever calls it.
pub(crate) trait Revoke: std::fmt::Debug + Send + Sync {
    /// Takes the object away, for its destructor to run.
    fn revoke(&self);
}

impl Lease {
    /// Lets a call of the callee's in, or says by `None` that the lease is over.
    pub(crate) fn enter(&self) -> Option<Pass> {
        self.inside.enter()
    }

    /// Notes that the callee holds a capability for `object`, until what this gives is dropped. What
    /// a call answers with that ends after the lease is taken back at once.
    pub(crate) fn lend(&self, object: Weak<dyn Revoke>) -> Option<Pass> {
        let pass = self.lent.enter();
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        if objects.over {
            drop(objects);
            if let Some(object) = object.upgrade() {
                object.revoke();
            }
            return pass;
        }
        if objects.all.len() >= objects.room {
            objects.all.retain(|object| object.strong_count() > 0);
            objects.room = (2 * objects.all.len()).max(16);
        }
        objects.all.push(object);
        pass
    }

    /// Ends the lease: what is being served is served to its end, and nothing else.
    pub(crate) fn revoke(&self) {
        self.inside.close();
        self.over.cancel();
        let objects = {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            objects.over = true;
            std::mem::take(&mut objects.all)
        };
        for object in objects {
            if let Some(object) = object.upgrade() {
                object.revoke();
            }
        }
    }

    /// Ends when the lease has.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Ends when no call of the callee's is being served. One whose answer waits for the callee to
    /// read has been.
    pub(crate) async fn idle(&self) {
        self.inside.idle().await;
    }

    /// Ends when the callee holds nothing of what was lent.
    pub(crate) async fn returned(&self) {
        self.lent.idle().await;
    }

    /// Asks the callee to stop. The first reason stands.
    pub(crate) fn stop(&self, reason: CancelReason) {
        self.stop.stop(reason);
    }

    /// Ends when the callee has been asked to stop, or when the call is over.
    pub(crate) async fn stopped(&self) -> CancelReason {
        self.stop.stopped().await
    }

    /// Decides that the call is sent now, unless it was withdrawn before.
    pub(crate) fn send(&self) -> bool {
        *self.sent.get_or_init(|| true)
    }

    /// Decides that the call is not sent any more, unless it was before.
    pub(crate) fn withdraw(&self) -> bool {
        !*self.sent.get_or_init(|| false)
    }

    /// Tells the callee that the answer is not wanted any more.
    pub(crate) fn abandon(&self) {
        self.abandoned.cancel();
    }

    /// Ends when the answer is not wanted any more.
    pub(crate) async fn abandoned(&self) {
        self.abandoned.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug, Default)]
    struct Object(AtomicUsize);

    impl Revoke for Object {
        fn revoke(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_lent_is_taken_back_once_and_known_until_it_is_returned() {
        let lease = Lease::default();
        let object = Arc::new(Object::default());
        let weak = Arc::downgrade(&object);
        let held = lease.lend(weak);
        lease.revoke();
        lease.revoke();
        assert_eq!(object.0.load(Ordering::Relaxed), 1);
        assert!(lease.enter().is_none());
        assert_eq!(lease.returned().now_or_never(), None);
        drop(held);
        assert_eq!(lease.returned().now_or_never(), Some(()));
    }

    #[test]
    fn what_is_lent_after_the_lease_is_taken_back_at_once() {
        let lease = Lease::default();
        lease.revoke();
        let object = Arc::new(Object::default());
        let weak = Arc::downgrade(&object);
        let _held = lease.lend(weak);
        assert_eq!(object.0.load(Ordering::Relaxed), 1);
        assert_eq!(lease.returned().now_or_never(), None);
    }

    #[test]
    fn objects_that_are_gone_are_forgotten_while_the_call_lasts() {
        let lease = Lease::default();
        for _ in 0..10_000 {
            let object = Arc::new(Object::default());
            let weak = Arc::downgrade(&object);
            drop(lease.lend(weak));
        }
        assert!(lease.objects.lock().unwrap().all.len() <= 32);
    }
}
