//! Sending all of a reader.

use std::pin::pin;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::writer::Writer;
use crate::bindings::error::Error;
use crate::bindings::stream::ByteStreamClient;

/// Sends everything that `reader` gives to a stream, and completes it. Answers the number of bytes.
///
/// For a host's `getBlob`. If reading fails, the stream is aborted, and both sides have the reason.
/// Every other error is one of [`Writer::done`]. Dropping this leaves the stream incomplete.
pub async fn send(reader: impl AsyncRead, into: &ByteStreamClient) -> Result<u64, Error> {
    let mut reader = pin!(reader);
    let mut writer = Writer::new(into.clone());
    let mut part = vec![0; PART];
    loop {
        match reader.read(&mut part).await {
            Ok(0) => return writer.done().await,
            Ok(size) => writer.write_all(&part[..size]).await?,
            Err(error) => {
                let reason = Error::from(error);
                // The reason is for the caller, whatever became of the abort.
                let _ = writer.abort(reason.clone()).await;
                return Err(reason);
            }
        }
    }
}

/// How much is read at once, in bytes.
const PART: usize = 64 << 10;
