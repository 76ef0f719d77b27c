//! Whether a file is still the one that it was: by what the file system says, and by its contents.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// How much of a file is in memory at once while it is hashed, in bytes.
const PIECE: usize = 64 << 10;

/// The coarsest clock that a file system takes its times from, with room to spare: two changes within
/// it can have the same time.
const TICK: Duration = Duration::from_millis(20);

/// What tells a file from another one, and from itself before it was changed, without reading it.
///
/// Times are in seconds and nanoseconds since 1970. `Display` shows all of it as one word, which is
/// the same only for an identity that is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FileIdentity {
    /// The number of the device that it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its length, in bytes.
    pub size: u64,
    /// When its contents were changed, as far as it says: whoever owns it can set this.
    pub modified: (i64, i64),
    /// When anything of it was changed, its mode for one. Nobody can set this.
    pub changed: (i64, i64),
}

/// The SHA-256 of the contents of a file. It is shown, and parsed, as 64 hexadecimal digits in lower
/// case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileHash([u8; 32]);

/// A file that could not be hashed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// It is another file than the one that was meant, or was written to in the meantime.
    #[error("it was changed while it was looked at")]
    Changed,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// Text that is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits in lower case")]
#[non_exhaustive]
pub struct NotAHash;

impl FileIdentity {
    /// Looks at a file. A link's identity is that of what it leads to.
    pub fn of(path: &Path) -> io::Result<Self> {
        path.metadata().map(|metadata| Self::from(&metadata))
    }

    /// How long ago it was changed. None if that is in the future.
    fn age(&self) -> Option<Duration> {
        let (seconds, nanoseconds) = self.changed;
        let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
        let nanoseconds = Duration::from_nanos(u64::try_from(nanoseconds).ok()?);
        let changed = UNIX_EPOCH.checked_add(seconds)?.checked_add(nanoseconds)?;
        SystemTime::now().duration_since(changed).ok()
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            device,
            inode,
            size,
            modified,
            changed,
        } = self;
        write!(
            f,
            "{device:x}:{inode}:{size}:{}.{:09}:{}.{:09}",
            modified.0, modified.1, changed.0, changed.1
        )
    }
}

impl FileHash {
    /// Hashes the file at `path`, which is to be the one with `identity`. It blocks the thread, and
    /// takes the same memory for a file of any size.
    ///
    /// What is read comes from one open file, whose identity is looked at before and after; so a hash
    /// belongs to the contents that the file has for as long as it has this identity. A file that was
    /// changed just now is waited for, up to 20 ms, until a further change would show in its times.
    ///
    /// Who executes a file by its path executes what lies there then. Looking at the identity again
    /// right before that leaves a moment in which another program of the same user, or one that may
    /// write to the directory, can still exchange it. A change within one tick of the clock does not
    /// show on a file system whose clock is more than 20 ms away from this machine's.
    pub fn of(path: &Path, identity: &FileIdentity) -> Result<Self, HashError> {
        if let Some(rest) = identity.age().and_then(|age| TICK.checked_sub(age)) {
            thread::sleep(rest);
        }
        // What has taken the place of the file, a pipe for one, must not be waited for.
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        check(&file, identity)?;
        let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
        loop {
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => hash.update(&piece[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        check(&file, identity)?;
        Ok(Self(hash.finalize().into()))
    }
}

fn check(file: &File, identity: &FileIdentity) -> Result<(), HashError> {
    let metadata = file.metadata()?;
    if metadata.is_file() && FileIdentity::from(&metadata) == *identity {
        Ok(())
    } else {
        Err(HashError::Changed)
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileHash({self})")
    }
}

impl FromStr for FileHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotAHash),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(NotAHash);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn hashed(path: &Path) -> FileHash {
        FileHash::of(path, &FileIdentity::of(path).unwrap()).unwrap()
    }

    #[test]
    fn a_hash_is_that_of_the_contents() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        for (contents, expected) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            fs::write(&file, contents).unwrap();
            assert_eq!(hashed(&file).to_string(), expected);
            assert_eq!(expected.parse(), Ok(hashed(&file)));
        }
        let long = vec![7; 3 * PIECE + 1];
        fs::write(&file, &long).unwrap();
        assert_eq!(hashed(&file).0, <[u8; 32]>::from(Sha256::digest(&long)));
    }

    #[test]
    fn text_that_is_no_hash_is_refused() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [
            "",
            &hash[1..],
            &hash[2..],
            &format!("{hash}00"),
            &hash.to_uppercase(),
            &hash.replace('b', "g"),
        ] {
            assert_eq!(text.parse::<FileHash>(), Err(NotAHash), "{text}");
        }
    }

    #[test]
    fn each_change_of_a_file_is_one_of_its_identity() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        let identity = || FileIdentity::of(&file).unwrap();
        fs::write(&file, "one").unwrap();
        let first = identity();
        assert_eq!(identity(), first);

        // A hash waits until a change can be seen.
        FileHash::of(&file, &first).unwrap();
        assert!(first.age().unwrap() >= TICK);
        fs::write(&file, "two").unwrap();
        let second = identity();
        assert_eq!((second.inode, second.size), (first.inode, first.size));
        assert_ne!(second, first);

        // Who sets the one time back cannot set the other.
        FileHash::of(&file, &second).unwrap();
        let (seconds, nanoseconds) = first.modified;
        let modified = UNIX_EPOCH
            + Duration::from_secs(seconds.unsigned_abs())
            + Duration::from_nanos(nanoseconds.unsigned_abs());
        let open = File::options().write(true).open(&file).unwrap();
        open.set_modified(modified).unwrap();
        let third = identity();
        assert_eq!(third.modified, first.modified);
        assert_ne!(third.changed, first.changed);

        let other = directory.path().join("other");
        fs::write(&other, "two").unwrap();
        fs::rename(&other, &file).unwrap();
        assert_ne!(identity().inode, third.inode);

        let words: std::collections::BTreeSet<_> = [first, second, third, identity()]
            .iter()
            .map(FileIdentity::to_string)
            .collect();
        assert_eq!(words.len(), 4, "{words:?}");
    }

    #[test]
    fn a_file_that_is_another_one_by_now_is_not_hashed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "one").unwrap();
        let identity = FileIdentity::of(&file).unwrap();
        fs::write(directory.path().join("new"), "one").unwrap();
        fs::rename(directory.path().join("new"), &file).unwrap();
        let changed = |identity| matches!(FileHash::of(&file, identity), Err(HashError::Changed));
        assert!(changed(&identity));

        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(made.unwrap().success());
        // Nobody writes to it, and nobody waits for that.
        assert!(changed(&FileIdentity::of(&file).unwrap()));
    }
}
