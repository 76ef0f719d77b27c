//! The blobs of the directory that is kept in memory.

use std::sync::{Mutex, PoisonError};

use super::directory::MemoryDirectory;
use crate::bindings::error::{Error, ErrorKind};
use crate::bindings::stream::{ByteStream, ByteStreamClient};

/// How much is sent at once, in bytes: what the schema advises.
const CHUNK: usize = 256 << 10;

/// Takes a blob, and keeps it at `done`.
pub(super) struct Sink {
    directory: MemoryDirectory,
    key: String,
    /// None after the end.
    bytes: Mutex<Option<Vec<u8>>>,
}

impl Sink {
    pub(super) fn new(directory: MemoryDirectory, key: String) -> Self {
        Self {
            directory,
            key,
            bytes: Mutex::new(Some(Vec::new())),
        }
    }

    fn end(&self) -> Result<Vec<u8>, Error> {
        let bytes = self
            .bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        bytes.ok_or_else(|| Error::new(ErrorKind::Closed, "the stream has ended already"))
    }
}

impl ByteStream for Sink {
    async fn write(&self, chunk: Vec<u8>) {
        if let Some(bytes) = &mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner) {
            bytes.extend(chunk);
        }
    }

    async fn done(&self) -> Result<u64, Error> {
        let bytes = self.end()?;
        let size = bytes.len() as u64;
        self.directory.keep(self.key.clone(), bytes);
        Ok(size)
    }

    async fn abort(&self, _reason: Error) -> Result<(), Error> {
        self.end().map(drop)
    }
}

/// Writes `bytes` to a stream, and ends it.
pub(super) async fn send(bytes: &[u8], into: &ByteStreamClient) -> Result<u64, Error> {
    for chunk in bytes.chunks(CHUNK) {
        into.write(chunk.to_vec()).await?;
    }
    let size = into.done().await?;
    if size != bytes.len() as u64 {
        let message = format!("{} bytes were sent, and {size} received", bytes.len());
        return Err(Error::new(ErrorKind::Unspecified, message));
    }
    Ok(size)
}
