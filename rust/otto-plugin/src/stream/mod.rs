//! Bytes of unknown length, as tokio's `AsyncRead` and `AsyncWrite`, in constant memory.
//!
//! A [`ByteStreamClient`] is written to with a [`Writer`], and served with a [`pipe`], whose
//! [`Reader`] gives what comes. For the blobs of the directory, a plugin has
//! [`DirectoryClient::write_blob`] and [`DirectoryClient::read_blob`]:
//!
//! ```
//! use otto_plugin::bindings::error::Error;
//! use otto_plugin::bindings::host::Host;
//!
//! async fn store(host: &Host) -> Result<(), Error> {
//!     let mut archive = tokio::fs::File::open("app.tar.gz").await?;
//!     let mut blob = host.directory.write_blob("archive").await?;
//!     tokio::io::copy(&mut archive, &mut blob).await?;
//!     blob.done().await?;
//!     Ok(())
//! }
//!
//! async fn fetch(host: &Host) -> Result<(), Error> {
//!     let Some(mut blob) = host.directory.read_blob("archive").await? else {
//!         return Err(Error::invalid("there is no archive").with_help("run `otto build` first"));
//!     };
//!     let mut archive = tokio::fs::File::create("app.tar.gz").await?;
//!     tokio::io::copy(&mut blob, &mut archive).await?;
//!     Ok(())
//! }
//! ```
//!
//! A host that implements [`Directory`] answers `getBlob` with [`send`], and `putBlob` with the
//! client of a [`pipe`].
//!
//! What was cut off never looks complete. A sender's end of file is its `done`, which nothing but
//! [`Writer::done`] calls; a stream that is dropped or aborted, and a connection that is lost, are
//! errors of whoever reads. And the answer to `done` is the receiver's word that everything was
//! kept, which nothing but [`Reader::accept`] gives.
//!
//! An error of the other side's travels inside of an [`io::Error`](std::io::Error), and comes out
//! whole where that is made an [`Error`] again, as by `?`.
//!
//! [`ByteStreamClient`]: crate::bindings::stream::ByteStreamClient
//! [`Directory`]: crate::bindings::host::Directory
//! [`DirectoryClient::read_blob`]: crate::bindings::host::DirectoryClient::read_blob
//! [`DirectoryClient::write_blob`]: crate::bindings::host::DirectoryClient::write_blob
//! [`Error`]: crate::bindings::error::Error

mod blob;
mod pipe;
mod reader;
mod send;
mod writer;

pub use blob::BlobReader;
pub use reader::{Reader, pipe};
pub use send::send;
pub use writer::Writer;

/// How much is sent at once, in bytes: what the schema advises.
const CHUNK: usize = 256 << 10;
