//! Where a plugin dials that has no socket to inherit, or cannot take it up.
//!
//! Anybody can connect who finds the way. Until the token has come, a visitor is told nothing, and
//! costs no more than its place in a short queue.

mod place;
mod visitor;

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::net::TcpListener as StdTcpListener;
use std::pin::Pin;

use futures::future::select_all;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::either::Either;

use super::transport::Transport;
use crate::dial::{Address, Dial, Token};
use crate::transport::{Registered, Socket};
use place::Place;
use visitor::meet;

/// How many visitors may be about to say the token.
const MOST_VISITORS: usize = 16;

/// How many visitors may say something else, before nobody is let in any more.
const MOST_STRANGERS: u32 = 1000;

/// Listens until it is dropped, and then there is nothing left of it: no socket, file or directory.
pub(super) struct Listener {
    dial: Dial,
    door: Door,
    /// The first that came is the first.
    visitors: VecDeque<Visitor>,
    strangers: u32,
    place: Option<Place>,
}

/// Gives the socket of the plugin, if that is who it is.
type Visitor = Pin<Box<dyn Future<Output = Option<Socket>> + Send + Sync>>;

enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Why nobody can be let in any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error(
        "{MOST_STRANGERS} connections did not begin with the token, and no more of them are taken"
    )]
    Strangers,
    #[error("no connection can be taken: {0}")]
    System(io::Error),
}

impl Listener {
    /// Begins to listen, with a token of its own. Called inside the runtime that it is to be used
    /// in. An error is one of the operating system's, or names the directories that were tried.
    pub(super) fn open(transport: Transport) -> io::Result<Self> {
        let (address, door, place) = match transport {
            Transport::Inherited => {
                let nowhere = "an inherited socket has no address to listen at";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, nowhere));
            }
            Transport::Tcp => {
                let listener = StdTcpListener::bind(Address::tcp(0))?;
                listener.set_nonblocking(true)?;
                let port = listener.local_addr()?.port();
                let door = Door::Tcp(TcpListener::from_std(listener)?);
                (Address::Tcp(port), door, None)
            }
            Transport::Unix => {
                let (path, listener, place) = place::listen()?;
                (Address::Unix(path), Door::Unix(listener), Some(place))
            }
        };
        let token = Token::random()?;
        Ok(Self {
            dial: Dial { address, token },
            door,
            visitors: VecDeque::new(),
            strangers: 0,
            place,
        })
    }

    /// What a plugin has to be told.
    pub(super) fn dial(&self) -> &Dial {
        &self.dial
    }

    /// What is left on the disk. Whoever drops it removes it at once, wherever the listener is.
    pub(super) fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    /// How many visitors did not say the token, and were dropped.
    pub(super) fn strangers(&self) -> u32 {
        self.strangers
    }

    /// Waits for the plugin. If the future is dropped, who is at the door stays there.
    pub(super) async fn plugin(&mut self) -> Result<Socket, Closed> {
        loop {
            if self.strangers >= MOST_STRANGERS {
                return Err(Closed::Strangers);
            }
            let visitors = &mut self.visitors;
            let finished = async {
                if visitors.is_empty() {
                    return pending().await;
                }
                let (plugin, index, _others) = select_all(visitors.iter_mut()).await;
                (plugin, index)
            };
            tokio::select! {
                biased;
                (plugin, index) = finished => {
                    drop(self.visitors.remove(index));
                    match plugin {
                        Some(socket) => return Ok(socket),
                        None => self.strangers += 1,
                    }
                }
                visitor = self.door.open() => self.admit(visitor.map_err(Closed::System)?),
            }
        }
    }

    /// Listens to one more visitor. One who is silent must not keep the plugin out.
    fn admit(&mut self, visitor: Option<Registered>) {
        match visitor {
            Some(visitor) => {
                let token = self.dial.token.clone();
                self.visitors.push_back(Box::pin(meet(visitor, token)));
            }
            // It was gone before it was let in.
            None => self.strangers += 1,
        }
        if self.visitors.len() > MOST_VISITORS {
            drop(self.visitors.pop_front());
            self.strangers += 1;
        }
    }
}

impl Door {
    /// Takes a connection, unless it is gone already.
    async fn open(&self) -> io::Result<Option<Registered>> {
        let visitor = match self {
            Self::Tcp(listener) => listener.accept().await.map(|(it, _)| Either::Right(it)),
            Self::Unix(listener) => listener.accept().await.map(|(it, _)| Either::Left(it)),
        };
        match visitor {
            Ok(visitor) => Ok(Some(visitor)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => Ok(None),
            Err(error) => Err(error),
        }
    }
}
