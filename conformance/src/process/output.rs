//! What a plugin writes to stdout and stderr: read from the first byte to the last, kept in part.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Receiver;

/// How much of the beginning is kept, and how much of the end.
const KEPT_BYTES: usize = 64 << 10;

/// One of the two streams.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: Receiver,
    began: Instant,
    kept: RefCell<Kept>,
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
        let output = Rc::new(Self {
            pipe: Receiver::from_owned_fd(pipe)?,
            began,
            kept: RefCell::default(),
        });
        let drained = output.clone();
        tokio::task::spawn_local(async move {
            let mut buffer = [0; 16 << 10];
            while drained.pipe.readable().await.is_ok() {
                match drained.pipe.try_read(&mut buffer) {
                    Ok(0) => return,
                    Ok(count) => drained.add(&buffer[..count]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        Ok(output)
    }

    /// Takes what is in the pipe now. After the end of a process, this is all that it wrote.
    pub(crate) fn drain(&self) {
        let mut buffer = [0; 16 << 10];
        // Not through the runtime, which may not have heard yet that there is something.
        while let Ok(count @ 1..) = rustix::io::read(&self.pipe, &mut buffer) {
            self.add(&buffer[..count]);
        }
    }

    fn add(&self, bytes: &[u8]) {
        self.kept.borrow_mut().add(self.began.elapsed(), bytes);
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

    /// The last lines, each with the time at which its beginning came.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<(Duration, String)> {
        let kept = self.kept.borrow();
        let mut lines: Vec<(Duration, Vec<u8>)> = Vec::new();
        let mut open = false;
        for chunk in kept.head.iter().chain(&kept.tail) {
            for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
                match lines.last_mut() {
                    Some((_, line)) if open => line.extend(part),
                    _ => lines.push((chunk.at, part.to_vec())),
                }
                open = !part.ends_with(b"\n");
            }
        }
        let skipped = lines.len().saturating_sub(count);
        let lines = lines.into_iter().skip(skipped);
        lines
            .map(|(at, line)| (at, String::from_utf8_lossy(&line).trim_end().to_owned()))
            .collect()
    }
}

impl Kept {
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
