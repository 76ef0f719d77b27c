//! `otto plugins trust` and `untrust`.

use std::io::{self, Write};
use std::path::{self, Path};

use otto_plugin::host::{FileHash, FileIdentity, PluginName, Unusable};
use tokio::task;

use crate::places::Places;
use crate::plugins::error::PluginsError;
use crate::plugins::text::{plain, plain_path};
use crate::plugins::trust::TrustFile;

pub(super) async fn trust(
    path: &Path,
    places: &Places,
    out: &mut (dyn Write + Send),
) -> Result<(), PluginsError> {
    let unreadable = |source: io::Error| PluginsError::Hash {
        path: path.into(),
        source: source.into(),
    };
    let path = path::absolute(path).map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Err(source) = name.parse::<PluginName>() {
        return Err(PluginsError::Name {
            name: name.into_owned(),
            source,
        });
    }
    let metadata = path.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let why = Unusable::NotAFile("no regular file");
        return Err(PluginsError::Unusable { path, why });
    }
    let sha256 = hash(&path, FileIdentity::from(&metadata)).await?;
    let is_new = TrustFile::of(places).add(&path, sha256)?;
    let already = if is_new { "" } else { "already " };
    writeln!(
        out,
        "{} is {already}trusted, as {sha256}",
        plain_path(&path)
    )?;
    Ok(())
}

pub(super) async fn untrust(
    what: &Path,
    places: &Places,
    out: &mut (dyn Write + Send),
) -> Result<(), PluginsError> {
    let text = what.to_string_lossy();
    let (mut wanted, mut lay) = (text.parse::<FileHash>().ok(), None);
    if wanted.is_none() {
        let path = path::absolute(what).unwrap_or_else(|_| what.into());
        // It may be gone, or be another one by now.
        if let Ok(identity) = FileIdentity::of(&path) {
            wanted = hash(&path, identity).await.ok();
        }
        lay = Some(path.to_string_lossy().into_owned());
    }
    let file = TrustFile::of(places);
    let removed = file.remove(|it| Some(it.sha256) == wanted || Some(&it.path) == lay.as_ref())?;
    if removed.is_empty() {
        return Err(PluginsError::NotTrusted {
            what: text.into_owned(),
            file: file.path().into(),
        });
    }
    for trusted in removed {
        let path = plain(&trusted.path);
        writeln!(out, "{path} is not trusted any more, as {}", trusted.sha256)?;
    }
    Ok(())
}

/// Hashes a file, on a thread that may block.
pub(super) async fn hash(path: &Path, identity: FileIdentity) -> Result<FileHash, PluginsError> {
    let file = path.to_owned();
    let hashed = task::spawn_blocking(move || FileHash::of(&file, &identity)).await;
    let hashed = hashed.map_err(io::Error::from);
    hashed
        .map_err(Into::into)
        .and_then(|hashed| hashed)
        .map_err(|source| PluginsError::Hash {
            path: path.into(),
            source,
        })
}
