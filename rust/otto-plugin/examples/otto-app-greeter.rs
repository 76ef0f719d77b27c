//! A plugin that talks to the user: a header, a question, progress, a remark, a message.

use otto_plugin::bindings::app::{App, Context, Meta, Tuple};
use otto_plugin::bindings::error::{Error, Location};
use otto_plugin::bindings::host::{Diagnostic, Host, InputQuery, ProgressStart, Severity};

struct Greeter;

impl App for Greeter {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "greeter".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }

    async fn dev(&self, context: Context, host: Host) -> Result<(), Error> {
        host.ui.header("Greeting").await?;
        let question = InputQuery {
            id: "name".into(),
            query: "Who is to be greeted?".into(),
            default: Some("world".into()),
            ..InputQuery::default()
        };
        // A user who refuses is an error of kind `aborted`, which is passed on.
        let name = host.ui.input(question).await?.value;

        let start = ProgressStart::items("Writing", name.chars().count() as u64);
        let task = host.ui.task(start).await?;
        for letter in name.chars() {
            // Neither waits for the screen.
            task.message(format!("the letter {letter}"));
            task.advance(1);
        }
        task.end("written").await?;
        if name == "world" {
            let remark = Diagnostic {
                severity: Severity::Note,
                summary: "nobody in particular is greeted".into(),
                location: Some(Location {
                    file: context.appfile.path,
                    line: 0,
                }),
                ..Diagnostic::default()
            };
            host.ui.diagnostic(remark).await?;
        }
        host.ui.message(format!("Hello, {name}!")).await?;
        Ok(())
    }
}

fn main() {
    otto_plugin::serve(Greeter)
}
