//! Records and blobs, from one run to the next.
//!
//! [`Store`] is the contract, and [`SqliteStore`] what keeps it for one user of one machine. A plugin
//! reaches a store through a [`CallDirectory`] alone, which serves what belongs to one call.
//!
//! ```text
//!  a plugin ──► CallDirectory ──► impl Store
//!               own app, infra,     SqliteStore    DATA/directory.sqlite   records, and what refers to what
//!               flavor? else                       DATA/blobs/ab/cdef…     bytes, named by their SHA-256
//!               `denied`                           DATA/blobs/tmp/         bytes that are still coming
//! ```
//!
//! Everything is for its user alone: folders have the mode 0700, and files 0600.
//!
//! # What is in the database
//!
//! | table | one row is |
//! |---|---|
//! | `record` | a record: its kind, the fields it is looked up by, its stamp, its state, and its pairs as JSON |
//! | `content` | a file below `blobs/` that is in place, or may be |
//! | `blob` | a key of an application's, and the content under it |
//!
//! `PRAGMA application_id` says that the file is a directory of Otto's, and `PRAGMA user_version`
//! which schema it has. A schema is a step from the one before (`sqlite/schema/*.sql`), and they are
//! taken in one transaction. A newer one is refused, and left as it is.
//!
//! # What a crash leaves
//!
//! A record is one row, written in one transaction, which is synced to the disk before it is
//! answered. A blob becomes visible in three steps:
//!
//! 1. The bytes go to a temporary file, which its writer holds a lock on, and are synced. Whoever can
//!    lock such a file knows that its writer is gone, and removes it: that is done at each opening.
//! 2. A transaction notes the hash in `content`.
//! 3. Another transaction, which holds the lock for writing from its beginning, looks whether the note
//!    is still there, renames the file to its place, syncs the folder, and enters the key in `blob`.
//!
//! At every moment, each file in place has a row in `content`, and each row in `blob` has a whole file
//! in place. After a crash before the end of step 3 there may be a file that no key refers to. It is
//! noted, so the next collection finds it.
//!
//! A collection is one transaction as well: it removes the files of the contents that no key refers
//! to, syncs the folders, and forgets the notes. Because it has the same lock as step 3, a file is
//! never removed while somebody enters a key for it: either the key is there first, and the content
//! is kept, or the note is gone, and step 2 is done again. A reader that has the file open keeps it.

mod call;
mod convert;
mod error;
mod sqlite;
mod store;

#[cfg(test)]
mod contract;

pub(crate) use call::{CallDirectory, Scope};
pub(crate) use error::StoreError;
pub(crate) use sqlite::SqliteStore;
pub(crate) use store::{BlobName, Content, Key, Record, Store};
