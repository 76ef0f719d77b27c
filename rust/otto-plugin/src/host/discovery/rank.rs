//! Which of the files of one name is the plugin.

use std::path::PathBuf;

use super::file::PluginFile;

/// A file, and where it stands among those of its name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ranked {
    /// The file.
    pub file: PluginFile,
    /// Where it stands.
    pub standing: Standing,
    /// The files that it is used in the place of, the nearest first: usable ones of the same name
    /// that were found before it.
    pub overrides: Vec<PathBuf>,
    /// The file that is used in its place, if it was found after this one.
    pub overridden_by: Option<PathBuf>,
}

/// Where a file stands among those of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a file stands nowhere else")]
pub enum Standing {
    /// It is the plugin of its name.
    Used,
    /// Another one, which was found later, is used.
    Overridden,
    /// It is not used, since the user does not trust it. It would take precedence.
    Untrusted,
    /// It cannot be started.
    Unusable,
    /// Nothing of its TYPE can be started.
    Unsupported,
}

/// Finds out which file is used for each name: the last one that can be started and is trusted.
///
/// `trusts` is asked about a file only if that decides something: if it needs trust, and no file that
/// was found later is used. What is used is not replaced by what it overrides, even if it turns out
/// that it does not start.
///
/// `files` are sorted by name, and those of one name by position. So is the result.
pub(super) fn rank(
    files: &[PluginFile],
    mut trusts: impl FnMut(&PluginFile) -> bool,
) -> Vec<Ranked> {
    let same_name = files.chunk_by(|one, next| one.name == next.name);
    same_name
        .flat_map(|group| rank_group(group, &mut trusts))
        .collect()
}

fn rank_group(group: &[PluginFile], trusts: &mut impl FnMut(&PluginFile) -> bool) -> Vec<Ranked> {
    let mut used: Option<&PluginFile> = None;
    let mut overrides = Vec::new();
    let mut ranked = Vec::new();
    for file in group.iter().rev() {
        let standing = if !file.name.is_supported() {
            Standing::Unsupported
        } else if file.identity.is_err() {
            Standing::Unusable
        } else if used.is_some() {
            overrides.push(file.path.clone());
            Standing::Overridden
        } else if file.needs_trust && !trusts(file) {
            Standing::Untrusted
        } else {
            used = Some(file);
            Standing::Used
        };
        let by = used.filter(|_| standing == Standing::Overridden);
        ranked.push(Ranked {
            file: file.clone(),
            standing,
            overrides: Vec::new(),
            overridden_by: by.map(|by| by.path.clone()),
        });
    }
    if let Some(used) = ranked
        .iter_mut()
        .find(|ranked| ranked.standing == Standing::Used)
    {
        used.overrides = overrides;
    }
    ranked.reverse();
    ranked
}
