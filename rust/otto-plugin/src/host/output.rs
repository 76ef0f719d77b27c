//! What a plugin prints: drained for ever, shown to whoever wants to see it, and its end kept.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{mpsc, watch};

use super::process::{Pipes, Process};
use crate::rpc::{own, within};

/// How much of the end of each stream is kept, in bytes.
const TAIL: usize = 64 << 10;

/// How much of the beginning of stdout is kept, in bytes: a line that an old plugin prints.
const HEAD: usize = 256;

/// How many pieces of output may wait for whoever shows them. What comes beyond is not shown.
const WAITING: usize = 256;

/// How long the last output of a process that has ended may take to come.
const LAST: Duration = Duration::from_secs(1);

/// A stream of a plugin's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a process has no other standard output stream"
)]
pub enum OutputStream {
    /// Its standard error.
    Stderr,
    /// Its standard output.
    Stdout,
}

/// The end of what a plugin has printed: the last 64 KiB of each stream.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// The end of its standard output.
    pub stdout: Vec<u8>,
    /// The end of its standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The last lines of what it printed, for the end of a message: each on a line of its own, which
    /// begins with a line feed, and with everything escaped that a terminal does not show as it is.
    /// Empty if it has printed nothing.
    pub fn excerpt(&self) -> String {
        let mut text = String::new();
        for (name, bytes) in [("stderr", &self.stderr), ("stdout", &self.stdout)] {
            let tail = String::from_utf8_lossy(bytes);
            let lines: Vec<_> = tail.trim_end().lines().rev().take(5).collect();
            for (index, line) in lines.into_iter().rev().enumerate() {
                let name = if index == 0 { name } else { "      " };
                let line: String = line
                    .chars()
                    .take(200)
                    .flat_map(char::escape_debug)
                    .collect();
                text.push_str(&format!("\n  {name}: {line}"));
            }
        }
        text
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stdout, stderr) = (self.stdout.escape_ascii(), self.stderr.escape_ascii());
        write!(f, "Output {{ stdout: \"{stdout}\", stderr: \"{stderr}\" }}")
    }
}

/// Takes what a plugin prints.
pub(crate) type Sink = Box<dyn FnMut(OutputStream, &[u8]) + Send>;

/// Drains the streams of one process.
#[derive(Clone, Debug)]
pub(crate) struct Drain {
    kept: Arc<Mutex<Kept>>,
    /// How many streams are open.
    open: watch::Receiver<u8>,
}

#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    stdout: VecDeque<u8>,
    stderr: VecDeque<u8>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Kept({} + {} bytes)",
            self.stdout.len(),
            self.stderr.len()
        )
    }
}

impl Drain {
    /// Begins. What comes is handed to `sink`, on a thread of its own: one that is slow misses
    /// some, and delays nothing.
    pub(crate) fn start(
        pipes: Pipes,
        process: &Arc<Process>,
        sink: Option<Sink>,
    ) -> io::Result<Self> {
        let runtime = own()?;
        let _inside = runtime.enter();
        let shown = sink.map(show).transpose()?;
        let kept = Arc::<Mutex<Kept>>::default();
        let (open, still_open) = watch::channel(2);
        for (stream, pipe) in [
            (OutputStream::Stdout, pipes.stdout),
            (OutputStream::Stderr, pipes.stderr),
        ] {
            let pipe = Receiver::from_owned_fd(pipe)?;
            let drained = drain(
                stream,
                pipe,
                Arc::clone(&kept),
                shown.clone(),
                process.clone(),
            );
            let open = open.clone();
            runtime.spawn(async move {
                drained.await;
                open.send_modify(|open| *open -= 1);
            });
        }
        Ok(Self {
            kept,
            open: still_open,
        })
    }

    /// What has been printed, as far as it has come.
    pub(crate) fn output(&self) -> Output {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let all = |bytes: &VecDeque<u8>| bytes.iter().copied().collect();
        Output {
            stdout: all(&kept.stdout),
            stderr: all(&kept.stderr),
        }
    }

    /// What a process that has ended had printed.
    pub(crate) async fn last_output(&self) -> Output {
        let mut open = self.open.clone();
        let closed = async move { open.wait_for(|open| *open == 0).await.is_ok() };
        // If there is no clock, what has come so far has to do.
        let _ = within(LAST, closed).await;
        self.output()
    }

    /// The first line on stdout.
    pub(crate) fn first_line(&self) -> Vec<u8> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.head
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default()
            .to_vec()
    }
}

/// Reads until the stream ends, or until the process has and there is nothing left to read: a child
/// that lives on may keep the pipe open.
async fn drain(
    stream: OutputStream,
    mut pipe: Receiver,
    kept: Arc<Mutex<Kept>>,
    shown: Option<mpsc::Sender<(OutputStream, Vec<u8>)>>,
    process: Arc<Process>,
) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = tokio::select! {
            biased;
            read = pipe.read(&mut buffer) => read,
            // The runtime may not have noticed yet what is there to be read, so it is not asked.
            _ = process.exited() => rustix::io::read(&pipe, &mut buffer).map_err(io::Error::from),
        };
        // Nothing more to come, or nothing there: `WouldBlock` is an error as well.
        let Ok(length @ 1..) = read else { return };
        let bytes = &buffer[..length];
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(stream, bytes);
        if let Some(shown) = &shown {
            let _ = shown.try_send((stream, bytes.to_vec()));
        }
    }
}

impl Kept {
    fn take(&mut self, stream: OutputStream, bytes: &[u8]) {
        let tail = match stream {
            OutputStream::Stderr => &mut self.stderr,
            OutputStream::Stdout => {
                let room = HEAD.saturating_sub(self.head.len());
                self.head.extend(bytes.iter().take(room));
                &mut self.stdout
            }
        };
        tail.extend(bytes);
        let over = tail.len().saturating_sub(TAIL);
        tail.drain(..over);
    }
}

fn show(mut sink: Sink) -> io::Result<mpsc::Sender<(OutputStream, Vec<u8>)>> {
    let (shown, mut waiting) = mpsc::channel::<(OutputStream, Vec<u8>)>(WAITING);
    thread::Builder::new()
        .name("otto-plugin-output".into())
        .spawn(move || {
            while let Some((stream, bytes)) = waiting.blocking_recv() {
                sink(stream, &bytes);
            }
        })?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_stream_is_kept_and_no_more() {
        let mut kept = Kept::default();
        kept.take(OutputStream::Stdout, b"first line\nrest");
        kept.take(OutputStream::Stdout, &vec![b'x'; TAIL]);
        kept.take(OutputStream::Stdout, b"end");
        assert_eq!(kept.stdout.len(), TAIL);
        assert!(kept.stdout.iter().copied().rev().take(3).eq(*b"dne"));
        assert!(kept.head.starts_with(b"first line\n"));
        assert_eq!(kept.head.len(), HEAD);
    }

    #[test]
    fn an_excerpt_shows_the_last_lines_with_nothing_that_moves_the_cursor() {
        let output = Output {
            stdout: Vec::new(),
            stderr: b"1\n2\n3\n4\n5\n\x1b[2Jsix\xff\n".to_vec(),
        };
        let excerpt = output.excerpt();
        assert!(excerpt.contains("stderr: 2"), "{excerpt}");
        assert!(!excerpt.contains('\x1b'), "{excerpt}");
        assert!(excerpt.ends_with("six\u{fffd}"), "{excerpt}");
    }
}
