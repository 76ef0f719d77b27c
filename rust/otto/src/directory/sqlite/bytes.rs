//! Reading a blob.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use otto_plugin::bindings::error::Error;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::files::hexadecimal;
use crate::directory::StoreError;

/// The bytes of a blob, which are compared with their hash on the way. The end of a damaged one is an
/// error, in the form that may be shown to a plugin.
///
/// They can be read to the end also when the file is removed meanwhile.
#[derive(Debug)]
pub(crate) struct CheckedBytes {
    file: File,
    path: PathBuf,
    hash: String,
    size: u64,
    hasher: Sha256,
    read: u64,
}

impl CheckedBytes {
    /// Reads a file that is to hold so many bytes with this hash.
    pub(super) fn new(file: File, path: PathBuf, hash: String, size: u64) -> Self {
        Self {
            file,
            path,
            hash,
            size,
            hasher: Sha256::new(),
            read: 0,
        }
    }

    fn check(&self) -> io::Result<()> {
        let hash = hexadecimal(&self.hasher.clone().finalize());
        if self.read == self.size && hash == self.hash {
            return Ok(());
        }
        let damaged = StoreError::BlobDamaged {
            path: self.path.clone(),
            size: self.size,
            hash: self.hash.clone(),
            found: format!("{} bytes whose SHA-256 is {hash}", self.read),
        };
        // The person learns where it is.
        tracing::warn!(error = %damaged, "a blob cannot be read");
        Err(io::Error::other(Error::from(damaged)))
    }
}

impl AsyncRead for CheckedBytes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.file).poll_read(cx, into))?;
        let new = &into.filled()[before..];
        if new.is_empty() {
            return Poll::Ready(self.check());
        }
        self.read += new.len() as u64;
        self.hasher.update(new);
        Poll::Ready(Ok(()))
    }
}
