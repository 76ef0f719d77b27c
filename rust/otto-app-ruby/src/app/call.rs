//! What the calls that follow a compile have in common.

use std::path::{Path, PathBuf};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, Lookup};

use crate::compile;
use crate::problem::{Problem, quoted};

/// Whose record it is.
pub(super) fn lookup(context: &Context) -> Result<Lookup, Error> {
    if context.appfile.id.is_empty() {
        return Err(Error::invalid("the Appfile has no identity")
            .with_help("the host is to set `Appfile.id`; report this to those who made it"));
    }
    Ok(Lookup {
        app_id: context.appfile.id.clone(),
        infra: context.tuple.infra.clone(),
        flavor: context.tuple.flavor.clone(),
        foundation: String::new(),
    })
}

/// What was compiled, if it was compiled for this version of the plugin.
pub(super) fn compiled(context: &Context) -> Result<&CompileResult, Error> {
    const HELP: &str = "run `otto compile`";
    match &context.compile_result {
        Some(result) if result.version == compile::RESULT_VERSION => Ok(result),
        Some(result) => Err(Error::invalid(format!(
            "the application was compiled into form {}, and this version of the plugin reads \
             form {}",
            result.version,
            compile::RESULT_VERSION
        ))
        .with_help(HELP)),
        None => Err(Error::invalid("the application is not compiled").with_help(HELP)),
    }
}

/// A directory of the context's.
pub(super) fn directory(path: &str, field: &str) -> Result<PathBuf, Problem> {
    let directory = Path::new(path);
    if directory.is_absolute() {
        return Ok(directory.to_owned());
    }
    Err(Problem::invalid(
        format!(
            "the directory `Context.{field}` is {}, which is not absolute",
            quoted(path)
        ),
        "the host is to set it; report this to those who made it",
    ))
}

/// Awaits `work` in a call that is held, unless it is to stop.
pub(super) async fn heed<T, E: Into<Error>>(
    host: &Host,
    method: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        reason = host.cancelled() => Err(Error::cancelled(method, reason)),
        done = work => done.map_err(Into::into),
    }
}
