//! What an application needs when it is a dependency of the one that is being developed.
//!
//! The compile has described it in a file of its own, which [`dev_dep`] keeps where it outlives the
//! next compile. An application that compiles to no such file needs nothing.

use std::io::Write;
use std::path::Path;

use otto_plugin::bindings::app::{Context, DevDep};
use otto_plugin::bindings::error::Error;
use tempfile::NamedTempFile;

use super::call;
use crate::compile::DEV_DEP_FILE;
use crate::problem::{Problem, quoted};
use crate::source::Source;

pub(super) fn dev_dep(source: &Context) -> Result<Option<DevDep>, Error> {
    let compiled = call::compiled(source)?;
    let Some(fragment) = &compiled.dev_dep_fragment_path else {
        return Ok(None);
    };
    let dir = call::directory(&source.dir, "dir")?;
    let cache = call::directory(&source.cache_dir, "cacheDir")?;
    let text = read(&dir, fragment)?;
    keep(&cache, &text)?;
    Ok(Some(DevDep {
        files: vec![DEV_DEP_FILE.to_owned()],
    }))
}

fn read(dir: &Path, fragment: &str) -> Result<String, Problem> {
    let name = Path::new(fragment).strip_prefix(dir).ok();
    let text = match name.and_then(Path::to_str) {
        Some(name) => Source::open(dir)?.read(name)?,
        None => None,
    };
    text.ok_or_else(|| {
        Problem::invalid(
            format!(
                "the compile is said to have described the dependency in {}, and there is no such \
                 file in {}",
                quoted(fragment),
                quoted(&dir.to_string_lossy())
            ),
            "run `otto compile`",
        )
    })
}

/// Puts the description in the place of an earlier one, as a whole.
fn keep(cache: &Path, text: &str) -> Result<(), Problem> {
    let path = cache.join(DEV_DEP_FILE);
    let kept = std::fs::create_dir_all(cache).and_then(|()| {
        let mut file = NamedTempFile::new_in(cache)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path).map_err(|error| error.error)
    });
    kept.map(drop)
        .map_err(|error| Problem::disk("written", &path, &error))
}
