//! What an archive is known by: how long it is, and its SHA-256.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

/// The length of an archive in bytes, and its SHA-256 in lower-case hexadecimal digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Digest {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Passes bytes on, to a writer or from a reader, and takes their digest.
pub(crate) struct Hashing<T> {
    inner: T,
    hash: Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    /// Where the bytes go, or where they come from.
    pub(super) fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The digest of what has passed.
    pub(crate) fn digest(self) -> Digest {
        let mut sha256 = String::new();
        for byte in self.hash.finalize() {
            // Writing to a text does not fail.
            let _ = write!(sha256, "{byte:02x}");
        }
        Digest {
            size: self.size,
            sha256,
        }
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.pass(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.pass(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_and_a_reader_agree_with_the_standard() {
        let expected = Digest {
            size: 3,
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".into(),
        };
        let mut written = Hashing::new(Vec::new());
        written.write_all(b"abc").unwrap();
        assert_eq!(written.digest(), expected);
        let mut read = Hashing::new(&b"abc"[..]);
        io::copy(&mut read, &mut io::sink()).unwrap();
        assert_eq!(read.digest(), expected);
    }
}
