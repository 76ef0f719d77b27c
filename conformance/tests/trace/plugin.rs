//! What these tests start: a plugin that does what `Context.action` says.

use std::convert::Infallible;
use std::future::pending;

use otto_plugin::bindings::app::{App, CompileResult, Context, Meta, Tuple};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, InputQuery};
use tokio::io::AsyncWriteExt;

struct Recorded;

impl App for Recorded {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "recorded".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        match context.action.as_str() {
            "ask" => {
                for (id, hide) in [("name", false), ("password", true)] {
                    let question = InputQuery {
                        id: id.into(),
                        query: "Well?".into(),
                        default: Some(format!("default-{id}")),
                        hide,
                        ..InputQuery::default()
                    };
                    host.ui.input(question).await?;
                }
            }
            "blob" => {
                let size = context.action_args.concat().parse();
                let size = size.map_err(|_| Error::invalid("no size"))?;
                let mut blob = host.directory.write_blob("blob").await?;
                blob.write_all(&vec![7; size]).await?;
                blob.done().await?;
            }
            "exit" => std::process::exit(7),
            "wait" => {
                host.ui.message("waiting").await?;
                let never: Infallible = pending().await;
                match never {}
            }
            other => return Err(Error::unsupported(other)),
        }
        Ok(CompileResult::default())
    }

    async fn build(&self, context: Context, host: Host) -> Result<(), Error> {
        let names: Vec<_> = context.infra_creds.into_keys().collect();
        host.ui.message(names.join(" ")).await?;
        Ok(())
    }
}

fn main() {
    otto_plugin::serve(Recorded)
}
