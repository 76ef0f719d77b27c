//! The blobs of the directory that is kept in memory.

use tokio::io::AsyncReadExt;

use super::directory::MemoryDirectory;
use crate::stream::Reader;

/// Takes a blob, and keeps it when all of it has come.
pub(super) async fn keep(directory: MemoryDirectory, key: String, mut reader: Reader) {
    let mut bytes = Vec::new();
    // A broken one is refused where the reader is dropped.
    if reader.read_to_end(&mut bytes).await.is_ok() {
        directory.keep(key, bytes);
        // Nobody else could have ended it in between.
        let _ = reader.accept();
    }
}
