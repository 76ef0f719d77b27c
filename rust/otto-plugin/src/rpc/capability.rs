//! A handle to an object: somewhere else, or here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use capnp::private::capability::ClientHook;

use super::lease::Lease;
use super::link::Link;
use super::scope::Scope;
use super::serving::{Serving, Terms};
use super::thread::rpc_thread;
use super::window::Window;
use super::workers::drop_elsewhere;

type Hook = Box<dyn ClientHook>;

thread_local! {
    /// What the handles of this process stand for. Used on the RPC thread only.
    static REMOTES: RefCell<HashMap<u64, Hook>> = RefCell::default();
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A handle to an object that can be called. Clones stand for the same object.
///
/// When the last clone of one that came from a peer is dropped, the peer is told so.
#[derive(Clone)]
pub struct Capability {
    target: Arc<Target>,
    /// What is lent to the callee for the time of each call through this handle.
    lease: Option<Arc<Lease>>,
    /// Whether a local object's calls have nothing to do with each other.
    independent: bool,
    /// Whether the object stays good when the call is over that it was handed over with.
    permanent: bool,
}

enum Target {
    Local(Local),
    Remote(Remote),
}

type Make = Box<dyn Fn(Terms) -> Hook + Send + Sync>;

/// Holds an author's object, so it is not dropped on the RPC thread.
struct Local(Option<Make>);

struct Remote {
    id: u64,
    link: Option<Arc<Link>>,
    /// The call that it came with, if it came with the parameters of one.
    scope: Option<Arc<Scope>>,
    /// For calls to methods that are declared as `-> stream`.
    window: Arc<Window>,
}

impl Capability {
    /// Serves a local object. Generated clients call this in `new`.
    ///
    /// `adapt` runs on the RPC thread each time that the capability is handed to a peer. The calls
    /// to what it makes begin in the order in which they came: each is polled for the first time
    /// after the one before it was. Calls through the handle in this process, without a peer, have
    /// no order.
    pub fn serve<T: Send + Sync + 'static>(object: T, adapt: fn(Serving<T>) -> Hook) -> Self {
        let object = Arc::new(object);
        let make = move |terms| adapt(Serving::new(Arc::clone(&object), terms));
        Self::from_target(Target::Local(Local(Some(Box::new(make)))))
    }

    /// The same local object, with calls that are independent of each other: one may block its
    /// thread in its first poll, and no other waits for it. They are cancelled when the session
    /// ends.
    #[must_use]
    pub fn independent(&self) -> Self {
        Self {
            independent: true,
            ..self.clone()
        }
    }

    /// The same object, which was not lent for the call that it came with, or is handed over with,
    /// but is good for the whole session.
    pub(crate) fn permanent(&self) -> Self {
        Self {
            permanent: true,
            ..self.clone()
        }
    }

    /// Takes an object of a peer's. Runs on the RPC thread.
    pub(crate) fn remote(hook: Hook, link: Option<Arc<Link>>, scope: Option<Arc<Scope>>) -> Self {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        REMOTES.with_borrow_mut(|remotes| remotes.insert(id, hook));
        Self::from_target(Target::Remote(Remote {
            id,
            link,
            scope,
            window: Arc::default(),
        }))
    }

    fn from_target(target: Target) -> Self {
        Self {
            target: Arc::new(target),
            lease: None,
            independent: false,
            permanent: false,
        }
    }

    /// The same object. Local capabilities in the parameters of a call through this handle are lent
    /// until `lease` is over.
    pub(crate) fn lending(&self, lease: Arc<Lease>) -> Self {
        Self {
            lease: Some(lease),
            ..self.clone()
        }
    }

    pub(crate) fn lease(&self) -> Option<&Arc<Lease>> {
        self.lease.as_ref()
    }

    pub(crate) fn link(&self) -> Option<&Arc<Link>> {
        match &*self.target {
            Target::Local(_) => None,
            Target::Remote(remote) => remote.link.as_ref(),
        }
    }

    pub(crate) fn scope(&self) -> Option<&Arc<Scope>> {
        match &*self.target {
            Target::Remote(remote) if !self.permanent => remote.scope.as_ref(),
            _ => None,
        }
    }

    /// What of a stream may be unanswered. Clones share it. None within this process.
    pub(crate) fn window(&self) -> Option<&Arc<Window>> {
        match &*self.target {
            Target::Local(_) => None,
            Target::Remote(remote) => Some(&remote.window),
        }
    }

    /// Whether the object is of this process.
    pub(crate) fn is_local(&self) -> bool {
        matches!(*self.target, Target::Local(_))
    }

    /// Gives the object itself, for a peer behind `link`. Runs on the RPC thread.
    pub(crate) fn hook(&self, link: Option<&Arc<Link>>, lease: Option<&Arc<Lease>>) -> Hook {
        match &*self.target {
            Target::Local(Local(Some(make))) => {
                let lease = lease.filter(|_| !self.permanent);
                make(Terms {
                    link: link.cloned(),
                    lease: lease.cloned(),
                    independent: self.independent,
                })
            }
            Target::Local(Local(None)) => broken("the capability is being dropped"),
            Target::Remote(remote) => {
                let hook = REMOTES
                    .with_borrow(|remotes| remotes.get(&remote.id).map(|hook| hook.add_ref()));
                // It is there for as long as a handle is; this answers rather than panics.
                hook.unwrap_or_else(|| broken("the capability was dropped"))
            }
        }
    }
}

fn broken(why: &str) -> Hook {
    capnp_rpc::new_broken_cap(capnp::Error::disconnected(why.into())).hook
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(make) = self.0.take() {
            drop_elsewhere(make);
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let id = self.id;
        if let Ok(thread) = rpc_thread() {
            thread.submit(move || {
                // Dropped outside of the borrow: it may drop other capabilities.
                let hook = REMOTES.with_borrow_mut(|remotes| remotes.remove(&id));
                drop(hook);
            });
        }
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.target {
            Target::Local(_) => f.write_str("Capability(local)"),
            Target::Remote(remote) => write!(f, "Capability(remote {})", remote.id),
        }
    }
}
