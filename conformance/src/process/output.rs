//! What a plugin writes to stdout and stderr: read from the first byte to the last, kept in part.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;

/// How much of the beginning is kept, and how much of the end.
const KEPT_BYTES: usize = 64 << 10;

/// The most that a pipe holds. What comes after that is a descendant's, who may never stop.
const PIPE_BYTES: usize = 1 << 20;

/// One of the two streams.
#[derive(Debug)]
pub(crate) struct Output {
    /// None when the pipe has been closed.
    pipe: RefCell<Option<Rc<Receiver>>>,
    reading: RefCell<Option<JoinHandle<()>>>,
    began: Instant,
    kept: RefCell<Kept>,
    /// The lines before the mark, if there is one.
    before_mark: RefCell<Option<Vec<(Duration, String)>>>,
    /// What came after it.
    after_mark: RefCell<Option<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    head: Vec<Chunk>,
    tail: VecDeque<Chunk>,
    head_bytes: usize,
    tail_bytes: usize,
    dropped: u64,
}

#[derive(Debug)]
struct Chunk {
    at: Duration,
    bytes: Vec<u8>,
}

impl Output {
    /// Reads from the pipe for as long as there is somebody to write to it.
    pub(crate) fn capture(pipe: OwnedFd, began: Instant) -> io::Result<Rc<Self>> {
        let pipe = Rc::new(Receiver::from_owned_fd(pipe)?);
        let output = Rc::new(Self {
            pipe: RefCell::new(Some(pipe.clone())),
            reading: RefCell::default(),
            began,
            kept: RefCell::default(),
            before_mark: RefCell::default(),
            after_mark: RefCell::default(),
        });
        let drained = output.clone();
        let reading = tokio::task::spawn_local(async move {
            let mut buffer = [0; 16 << 10];
            while pipe.readable().await.is_ok() {
                match pipe.try_read(&mut buffer) {
                    Ok(0) => return,
                    Ok(count) => drained.add(&buffer[..count]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        *output.reading.borrow_mut() = Some(reading);
        Ok(output)
    }

    /// The stream of a process whose output goes elsewhere.
    pub(super) fn unseen(began: Instant) -> Rc<Self> {
        Rc::new(Self {
            pipe: RefCell::default(),
            reading: RefCell::default(),
            began,
            kept: RefCell::default(),
            before_mark: RefCell::default(),
            after_mark: RefCell::default(),
        })
    }

    /// Writes a line of the suite's. What comes after it is no last word of the plugin's.
    pub(super) fn mark(&self, what: &str) {
        let before = self.last_lines(usize::MAX);
        self.before_mark.borrow_mut().get_or_insert(before);
        self.add(format!("\n==> {what} <==\n").as_bytes());
        self.after_mark.borrow_mut().get_or_insert_default();
    }

    /// Closes the pipe, as a host does that reads no more. What was written by then is kept.
    pub(crate) async fn close(&self) {
        self.drain();
        let reading = self.reading.take();
        if let Some(reading) = reading {
            reading.abort();
            // Until then it holds the pipe as well.
            let _ = reading.await;
        }
        self.pipe.take();
    }

    /// Takes what is in the pipe now. After the end of a process, this is all that it wrote.
    pub(crate) fn drain(&self) {
        let Some(pipe) = self.pipe.borrow().clone() else {
            return;
        };
        let mut buffer = [0; 16 << 10];
        let mut rest = PIPE_BYTES;
        // Not through the runtime, which may not have heard yet that there is something.
        while rest > 0
            && let Ok(count @ 1..) = rustix::io::read(&pipe, &mut buffer)
        {
            self.add(&buffer[..count]);
            rest = rest.saturating_sub(count);
        }
    }

    fn add(&self, bytes: &[u8]) {
        let at = self.began.elapsed();
        self.kept.borrow_mut().add(at, bytes);
        if let Some(after) = &mut *self.after_mark.borrow_mut() {
            after.add(at, bytes);
        }
    }

    /// What was written, without what was dropped from the middle.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let kept = self.kept.borrow();
        let chunks = kept.head.iter().chain(&kept.tail);
        chunks
            .flat_map(|chunk| chunk.bytes.iter().copied())
            .collect()
    }

    /// The same as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// How much was dropped from the middle.
    pub(crate) fn dropped(&self) -> u64 {
        self.kept.borrow().dropped
    }

    /// The last lines before a mark, each with the time at which its beginning came.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<(Duration, String)> {
        if let Some(before) = &*self.before_mark.borrow() {
            return before[before.len().saturating_sub(count)..].to_vec();
        }
        let mut lines = self.kept.borrow().lines();
        let skipped = lines.len().saturating_sub(count);
        lines.split_off(skipped)
    }

    /// What came after a mark, a line each.
    pub(crate) fn lines_after_mark(&self) -> Vec<(Duration, String)> {
        let after = self.after_mark.borrow();
        after.as_ref().map_or_else(Vec::new, Kept::lines)
    }
}

impl Kept {
    /// The lines, each with the time at which its beginning came.
    fn lines(&self) -> Vec<(Duration, String)> {
        let mut lines: Vec<(Duration, Vec<u8>)> = Vec::new();
        let mut open = false;
        for chunk in self.head.iter().chain(&self.tail) {
            for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
                match lines.last_mut() {
                    Some((_, line)) if open => line.extend(part),
                    _ => lines.push((chunk.at, part.to_vec())),
                }
                open = !part.ends_with(b"\n");
            }
        }
        let text = |line: &[u8]| String::from_utf8_lossy(line).trim_end().to_owned();
        let lines = lines.iter().map(|(at, line)| (*at, text(line)));
        lines.collect()
    }

    fn add(&mut self, at: Duration, bytes: &[u8]) {
        let to_head = bytes.len().min(KEPT_BYTES - self.head_bytes);
        let (head, tail) = bytes.split_at(to_head);
        if !head.is_empty() {
            self.head_bytes += head.len();
            self.head.push(Chunk {
                at,
                bytes: head.to_vec(),
            });
        }
        if !tail.is_empty() {
            self.tail_bytes += tail.len();
            self.tail.push_back(Chunk {
                at,
                bytes: tail.to_vec(),
            });
        }
        while self.tail_bytes > KEPT_BYTES {
            let Some(oldest) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= oldest.bytes.len();
            self.dropped += oldest.bytes.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_kept_in_part_and_the_rest_counted() {
        let mut kept = Kept::default();
        for _ in 0..100 {
            kept.add(Duration::ZERO, &[b'x'; 16 << 10]);
        }
        assert_eq!(kept.head_bytes, KEPT_BYTES);
        assert!(kept.tail_bytes <= KEPT_BYTES);
        let sum = kept.head_bytes as u64 + kept.tail_bytes as u64 + kept.dropped;
        assert_eq!(sum, 100 * (16 << 10));
    }
}
