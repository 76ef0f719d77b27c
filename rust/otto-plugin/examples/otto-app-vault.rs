//! A plugin that keeps a file of any size in the directory: `build` stores it, `deploy` fetches it.

use std::path::Path;

use otto_plugin::bindings::app::{App, Context, Meta, Tuple};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{Host, ProgressStart};
use tokio::fs::{File, rename};
use tokio_util::io::InspectReader;

struct Vault;

impl App for Vault {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "vault".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }

    async fn build(&self, context: Context, host: Host) -> Result<(), Error> {
        let file = File::open(Path::new(&context.dir).join("archive")).await?;
        let size = file.metadata().await?.len();
        let task = host.ui.task(ProgressStart::bytes("Storing", size)).await?;
        let mut file = InspectReader::new(file, |part| task.advance(part.len() as u64));
        let mut blob = host.directory.write_blob("archive").await?;
        tokio::io::copy(&mut file, &mut blob).await?;
        // Nothing is kept before this has answered, and all of it afterwards.
        blob.done().await?;
        task.end("stored").await?;
        Ok(())
    }

    async fn deploy(&self, context: Context, host: Host) -> Result<(), Error> {
        let Some(mut blob) = host.directory.read_blob("archive").await? else {
            let error = Error::new(ErrorKind::Unavailable, "nothing was built yet");
            return Err(error.with_help("run `otto build`"));
        };
        let [part, whole] =
            ["deployed.part", "deployed"].map(|name| Path::new(&context.dir).join(name));
        let mut file = File::create(&part).await?;
        // What was cut off on its way is an error.
        tokio::io::copy(&mut blob, &mut file).await?;
        file.sync_all().await?;
        rename(part, whole).await?;
        Ok(())
    }
}

fn main() {
    otto_plugin::serve(Vault)
}
