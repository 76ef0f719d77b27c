//! What the plugin answers to Otto. Everything here is about Otto's types; the work is done
//! elsewhere.

mod action;
mod artifact;
mod bridge;
mod build;
mod call;
mod deploy;
mod dev;
mod dev_dep;
mod error;
mod implicit;
mod meta;
mod progress;
mod settings;

use std::path::Path;

use otto_plugin::bindings::app::{App, CompileResult, Context, DevDep, FoundationConfig, Meta};
use otto_plugin::bindings::appfile::Appfile;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{Host, UiClient};

use crate::application::{Application, Findings, Surroundings};
use crate::compile;
use crate::problem::Remark;

/// The plugin for applications in Ruby, those with Rails among them.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it keeps nothing from one call to the next"
)]
pub struct Ruby;

impl App for Ruby {
    async fn meta(&self) -> Result<Meta, Error> {
        Ok(meta::meta())
    }

    async fn implicit(&self, context: Context, _host: Host) -> Result<Option<Appfile>, Error> {
        // What there is to remark is remarked by the compile that follows.
        let settings = settings::read(&context, &mut Vec::new())?;
        let findings = Findings::read(&settings)?;
        Ok(implicit::appfile(&findings, &settings))
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        let dir = compile::check_dir(&context.dir)?;
        let mut remarks = Vec::new();
        let read = settings::read(&context, &mut remarks).and_then(|settings| {
            Application::read(&settings, Surroundings::Container, &mut remarks)
        });
        // They may explain what follows, even if that is an error.
        show(&host.ui, remarks).await;
        let application = read?;
        compile(&application, dir, &host.ui).await
    }

    async fn build(&self, context: Context, host: Host) -> Result<(), Error> {
        build::build(context, host).await
    }

    async fn deploy(&self, context: Context, host: Host) -> Result<(), Error> {
        deploy::deploy(context, host).await
    }

    async fn dev(&self, context: Context, host: Host) -> Result<(), Error> {
        dev::dev(context, host).await
    }

    async fn dev_dep(
        &self,
        _destination: Context,
        source: Context,
        _host: Host,
    ) -> Result<Option<DevDep>, Error> {
        dev_dep::dev_dep(&source)
    }
}

async fn compile(
    application: &Application,
    dir: &Path,
    ui: &UiClient,
) -> Result<CompileResult, Error> {
    // A screen that does not show it is no reason to stop, here and below.
    let _ = ui.message(application.summary()).await;
    let dev_dep = compile::compile(application, dir)?;
    let port = application.program.port;
    Ok(CompileResult {
        version: compile::RESULT_VERSION,
        foundation_config: FoundationConfig {
            service_name: port.map_or_else(String::new, |_| application.name.as_str().into()),
            service_port: port.unwrap_or_default(),
            service_tags: vec![application.program.kind.name().into()],
        },
        dev_dep_fragment_path: dev_dep.map(|path| path.to_string_lossy().into_owned()),
        ..CompileResult::default()
    })
}

async fn show(ui: &UiClient, remarks: Vec<Remark>) {
    for remark in remarks {
        let _ = ui.diagnostic(error::diagnostic(remark)).await;
    }
}
