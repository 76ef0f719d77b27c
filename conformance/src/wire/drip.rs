//! Writing in the smallest pieces.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// How often the socket is looked at in a row. A plugin that runs takes a byte at once.
const LOOKS: u32 = 200;
/// How long one that does not is left alone.
const PAUSE: Duration = Duration::from_millis(1);

/// Says when the plugin has taken everything out of its end of the socket.
///
/// The system reports no such event, but how much lies in the plugin's end, to whoever has a copy of
/// it.
#[derive(Debug)]
pub(super) struct Drip {
    plugin: OwnedFd,
    looks: u32,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Drip {
    /// Takes a copy of the plugin's end. While it is open, the end of the plugin is no end of file.
    pub(super) fn new(plugin: OwnedFd) -> Self {
        Self {
            plugin,
            looks: 0,
            pause: None,
        }
    }

    /// Waits until nothing lies in the plugin's end.
    pub(super) fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                futures::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            if rustix::io::ioctl_fionread(&self.plugin)? == 0 {
                self.looks = 0;
                return Poll::Ready(Ok(()));
            }
            self.looks += 1;
            if self.looks < LOOKS {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.pause = Some(Box::pin(sleep(PAUSE)));
        }
    }
}
