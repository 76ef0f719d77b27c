//! What waits to be sent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use tokio::sync::{mpsc, watch};

use super::record::record;
use crate::bindings::host::{LogClient, LogLevel, LogRecord};
use crate::rpc::own;

/// How many records may wait.
const WAITING: usize = 1024;

/// How many are sent at once.
const AT_ONCE: usize = 8;

/// There is one session in a plugin process.
static QUEUE: LazyLock<Queue> = LazyLock::new(Queue::new);

struct Queue {
    records: mpsc::Sender<LogRecord>,
    /// Until there is a host to send them to.
    waiting: Mutex<Option<mpsc::Receiver<LogRecord>>>,
    attached: AtomicBool,
    /// How many are to be sent, or have been.
    noted: AtomicU64,
    sent: watch::Sender<u64>,
    /// How many had no room, since that was last said.
    missed: AtomicU64,
}

/// Takes a record, unless too many wait already.
pub(super) fn push(record: LogRecord) {
    QUEUE.push(record);
}

/// Has the records sent to the host, from now on.
pub(in super::super) fn attach(log: LogClient) {
    let waiting = &QUEUE.waiting;
    let waiting = waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let (Some(waiting), Ok(runtime)) = (waiting, own()) {
        QUEUE.attached.store(true, Ordering::Release);
        runtime.spawn(QUEUE.send(waiting, log));
    }
}

/// Ends when the host has what was noted before.
pub(in super::super) async fn flush() {
    if !QUEUE.attached.load(Ordering::Acquire) {
        return;
    }
    let noted = QUEUE.noted.load(Ordering::Acquire);
    let mut sent = QUEUE.sent.subscribe();
    // The queue lives as long as the process does.
    let _ = sent.wait_for(|sent| *sent >= noted).await;
}

impl Queue {
    fn new() -> Self {
        let (records, waiting) = mpsc::channel(WAITING);
        Self {
            records,
            waiting: Mutex::new(Some(waiting)),
            attached: AtomicBool::new(false),
            noted: AtomicU64::new(0),
            sent: watch::Sender::new(0),
            missed: AtomicU64::new(0),
        }
    }

    fn push(&self, record: LogRecord) {
        let missed = self.missed.swap(0, Ordering::AcqRel);
        if missed > 0 && !self.try_push(gap(missed)) {
            self.missed.fetch_add(missed + 1, Ordering::AcqRel);
        } else if !self.try_push(record) {
            self.missed.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn try_push(&self, record: LogRecord) -> bool {
        let pushed = self.records.try_send(record).is_ok();
        if pushed {
            self.noted.fetch_add(1, Ordering::AcqRel);
        }
        pushed
    }

    /// Sends what comes, in order, for as long as the process lives.
    async fn send(&self, mut waiting: mpsc::Receiver<LogRecord>, log: LogClient) {
        let mut under_way = FuturesOrdered::new();
        loop {
            tokio::select! {
                biased;
                // A record that cannot be logged is lost, and nobody could be told.
                Some(_) = under_way.next() => self.sent.send_modify(|sent| *sent += 1),
                Some(record) = self.next(&mut waiting), if under_way.len() < AT_ONCE => {
                    let log = log.clone();
                    under_way.push_back(async move { log.write(record).await });
                }
                else => return,
            }
        }
    }

    async fn next(&self, waiting: &mut mpsc::Receiver<LogRecord>) -> Option<LogRecord> {
        if let Ok(record) = waiting.try_recv() {
            return Some(record);
        }
        match self.missed.swap(0, Ordering::AcqRel) {
            0 => waiting.recv().await,
            missed => {
                self.noted.fetch_add(1, Ordering::AcqRel);
                Some(gap(missed))
            }
        }
    }
}

/// Stands in the place of records that had no room.
fn gap(missed: u64) -> LogRecord {
    let message =
        format!("{missed} records were dropped: they came faster than they could be sent");
    record(
        LogLevel::Warn,
        env!("CARGO_CRATE_NAME"),
        message,
        BTreeMap::new(),
    )
}
