//! A place for a Unix socket that nobody else can reach.

use std::env;
use std::fs::Permissions;
use std::io;
use std::mem::{offset_of, size_of};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio::net::UnixListener;

/// How many bytes the path of a socket may have: one less than the system has room for, since a
/// zero ends it. 107 on Linux, 103 elsewhere.
const LONGEST: usize = size_of::<libc::sockaddr_un>() - offset_of!(libc::sockaddr_un, sun_path) - 1;

/// A directory with a socket in it, which is removed as soon as one of its clones is dropped.
#[derive(Clone, Debug)]
pub(in crate::host) struct Place(Arc<Mutex<Option<TempDir>>>);

impl Drop for Place {
    fn drop(&mut self) {
        let mut directory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Still locked, so that it is gone for whoever comes second as well.
        *directory = None;
    }
}

/// Listens in a fresh directory, in the first place that can have it.
pub(super) fn listen() -> io::Result<(PathBuf, UnixListener, Place)> {
    let named = ["TMPDIR", "XDG_RUNTIME_DIR"].map(env::var_os);
    let places = named.into_iter().flatten().map(PathBuf::from);
    first(places.chain([PathBuf::from("/tmp")]))
}

fn first(places: impl IntoIterator<Item = PathBuf>) -> io::Result<(PathBuf, UnixListener, Place)> {
    let mut tried = Vec::new();
    for place in places {
        match listen_in(&place) {
            Ok(listening) => return Ok(listening),
            Err(error) => tried.push(format!("in {place:?}, {error}")),
        }
    }
    Err(io::Error::other(format!(
        "there is no directory for a Unix socket: {}",
        tried.join("; ")
    )))
}

fn listen_in(place: &Path) -> io::Result<(PathBuf, UnixListener, Place)> {
    let place = std::path::absolute(place)?;
    let unfit = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    if place.to_str().is_none() {
        return Err(unfit("the path is not UTF-8".into()));
    }
    let directory = tempfile::Builder::new()
        .prefix("otto-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(place)?;
    let path = directory.path().join("s");
    let length = path.as_os_str().as_bytes().len();
    if length > LONGEST {
        return Err(unfit(format!(
            "the path of the socket would be {path:?}, which has {length} bytes, and the limit is \
             {LONGEST}"
        )));
    }
    let listener = UnixListener::bind(&path)?;
    let place = Place(Arc::new(Mutex::new(Some(directory))));
    Ok((path, listener, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(directory: &Path) -> usize {
        directory.read_dir().unwrap().count()
    }

    #[tokio::test]
    async fn a_place_that_cannot_have_a_socket_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("missing");
        let long = root.path().join("l".repeat(LONGEST));
        std::fs::create_dir(&long).unwrap();
        let good = root.path().join("good");
        std::fs::create_dir(&good).unwrap();
        let places = ["".into(), missing, long.clone(), good.clone()];

        let (path, _listener, place) = first(places).unwrap();
        assert!(path.starts_with(&good), "{path:?}");
        let directory = path.parent().unwrap();
        let mode = directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        assert_eq!((entries(&long), entries(&good)), (0, 1));
        let _other = place.clone();
        drop(place);
        assert_eq!(entries(&good), 0);
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_named_with_its_length_and_the_limit() {
        let root = tempfile::tempdir().unwrap();
        let long = root.path().join("l".repeat(LONGEST));
        std::fs::create_dir(&long).unwrap();
        let error = first([long.clone()]).unwrap_err().to_string();
        // A slash, the name of the directory, a slash and the name of the socket.
        let length = long.as_os_str().len() + 1 + 11 + 2;
        assert!(error.contains(long.to_str().unwrap()), "{error}");
        assert!(error.contains(&format!("{length} bytes")), "{error}");
        assert!(error.contains(&LONGEST.to_string()), "{error}");
    }

    #[tokio::test]
    async fn a_path_of_the_greatest_length_can_have_a_socket() {
        let root = tempfile::tempdir().unwrap();
        let room = LONGEST - root.path().as_os_str().len() - 1 - (1 + 11 + 2);
        let place = root.path().join("p".repeat(room));
        std::fs::create_dir(&place).unwrap();
        let (path, ..) = first([place]).unwrap();
        assert_eq!(path.as_os_str().len(), LONGEST);
    }
}
