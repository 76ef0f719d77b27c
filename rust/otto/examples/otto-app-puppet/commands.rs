//! What the puppet can be told to do.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use otto_plugin::bindings::app::{Context, Tuple};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    BuildRecord, Diagnostic, Expect, Host, InputQuery, Lookup, ProgressStart, Severity,
};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Notes in a file that the plugin was started, a line for each time.
pub(super) fn note_start(path: &Path) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    // A test misses the line.
    let _ = file.and_then(|mut file| file.write_all(b"started\n"));
}

/// Does what the commands say, in order.
pub(super) async fn run(
    commands: impl Iterator<Item = String> + Send,
    context: &Context,
    host: &Host,
) -> Result<(), Error> {
    for command in commands {
        let (word, rest) = command.split_once(' ').unwrap_or((&command, ""));
        one(word, rest, context, host).await?;
    }
    Ok(())
}

async fn one(word: &str, rest: &str, context: &Context, host: &Host) -> Result<(), Error> {
    let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
    match word {
        "say" => host.ui.message(rest).await?,
        "pid" => {
            let text = format!("the plugin is process {}", std::process::id());
            host.ui.message(text).await?;
        }
        "header" => host.ui.header(rest).await?,
        "raw" => host.ui.raw(rest).await?,
        "print" => println!("{rest}"),
        "log" => tracing::info!(target: "puppet", "{rest}"),
        "who" => {
            let path = env::args().next().unwrap_or_default();
            host.ui.message(format!("this is {path}")).await?;
        }
        "ask" | "ask-secret" => ask(word == "ask-secret", first, second, host).await?,
        "note" => {
            let note = Diagnostic {
                severity: Severity::Note,
                summary: rest.into(),
                ..Diagnostic::default()
            };
            host.ui.diagnostic(note).await?;
        }
        "arguments" => host.ui.message(context.action_args.join("|")).await?,
        "where" => {
            let Tuple { app, infra, flavor } = &context.tuple;
            host.ui
                .message(format!("for {app}/{infra}/{flavor}"))
                .await?;
        }
        "customizations" => {
            let types = context.appfile.customization.iter();
            let types: Vec<_> = types.map(|it| it.r#type.as_str()).collect();
            host.ui.message(types.join(" ")).await?;
        }
        "fragments" => {
            let count = context.dev_dep_fragments.len();
            host.ui.message(format!("{count} fragments")).await?;
        }
        "credentials" => {
            let names: Vec<_> = context.infra_creds.keys().map(String::as_str).collect();
            host.ui
                .message(format!("credentials: {}", names.join(" ")))
                .await?;
        }
        "progress" => {
            let task = host.ui.task(ProgressStart::items(first, 2)).await?;
            task.advance(2);
            task.end(second).await?;
        }
        "write" => {
            tokio::fs::write(Path::new(&context.dir).join(first), second).await?;
        }
        "blob" => blob(first, second, context, host).await?,
        "record" => record(first, second, context, host).await?,
        "fail" => return Err(failure(first, second)),
        "fail-at" => {
            let (line, message) = second.split_once(' ').unwrap_or((second, ""));
            let line = line.parse().unwrap_or(0);
            return Err(Error::invalid(message)
                .with_help("correct it")
                .at(first, line));
        }
        "wait" => std::future::pending().await,
        "hold" => {
            let _hold = host.hold();
            host.ui.message(rest).await?;
            std::future::pending().await
        }
        "child" => {
            let child = host.spawn(Command::new("sleep").arg("1000"))?;
            host.ui.message(format!("child {}", child.id())).await?;
            child.wait().await?;
        }
        "terminal" => {
            let Some(terminal) = &host.terminal else {
                return Err(Error::new(ErrorKind::Unavailable, "there is no terminal"));
            };
            let argv = rest.split(' ').map(str::to_owned).collect();
            let status = terminal
                .run(argv, "/".to_owned(), Default::default())
                .await?;
            host.ui.message(format!("it ended with {status:?}")).await?;
        }
        "abort" => std::process::abort(),
        _ => return Err(Error::invalid(format!("the puppet cannot {word}"))),
    }
    Ok(())
}

async fn ask(hide: bool, id: &str, variable: &str, host: &Host) -> Result<(), Error> {
    let query = InputQuery {
        id: id.into(),
        query: format!("What {id}?"),
        hide,
        environment: variable.split_whitespace().map(str::to_owned).collect(),
        ..InputQuery::default()
    };
    let answer = host.ui.input(query).await?;
    let said = match hide {
        true => format!("{id} has {} letters", answer.value.chars().count()),
        false => format!("{id} is {}", answer.value),
    };
    host.ui
        .message(format!("{said}, from {:?}", answer.source))
        .await?;
    Ok(())
}

/// Stores a blob of so many times 64 KiB, says each of them, and records it as the build.
async fn blob(key: &str, pieces: &str, context: &Context, host: &Host) -> Result<(), Error> {
    let pieces: u64 = pieces.parse().unwrap_or(1);
    let task = host
        .ui
        .task(ProgressStart::items("storing", pieces))
        .await?;
    let mut blob = host.directory.write_blob(key).await?;
    for piece in 0..pieces {
        blob.write_all(&[piece as u8; 64 << 10]).await?;
        task.advance(1);
        host.ui
            .message(format!("piece {piece} of {pieces}"))
            .await?;
    }
    blob.done().await?;
    task.end("").await?;
    record("blob", key, context, host).await
}

/// Records a build that has this key and this value.
async fn record(key: &str, value: &str, context: &Context, host: &Host) -> Result<(), Error> {
    let lookup = Lookup {
        app_id: context.appfile.id.clone(),
        infra: context.tuple.infra.clone(),
        flavor: context.tuple.flavor.clone(),
        foundation: String::new(),
    };
    let record = BuildRecord {
        artifact: [(key.to_owned(), value.to_owned())].into(),
        ..BuildRecord::default()
    };
    host.directory
        .put_build(lookup, record, Expect::Any)
        .await?;
    Ok(())
}

fn failure(kind: &str, message: &str) -> Error {
    let kind = match kind {
        "aborted" => ErrorKind::Aborted,
        "unsupported" => ErrorKind::Unsupported,
        _ => ErrorKind::Invalid,
    };
    Error::new(kind, message).with_help("do something else")
}
