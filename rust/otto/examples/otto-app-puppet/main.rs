//! What the tests of `otto` use: a plugin that does what the Appfile says.
//!
//! ```hcl
//! application { type = "puppet" }
//! customization "app" {
//!   build = ["say hello", "ask colour", "fail invalid there is no such thing"]
//! }
//! ```
//!
//! Each of the lists `compile`, `build`, `deploy`, `dev` and `dev_dep` holds commands, one word and
//! its arguments. An action of `deploy` or `dev` has a list of its own, such as `deploy_info`. The
//! fragment of a dependency is the file `fragment` that `compile` writes, or what `fragment` names.

#![expect(clippy::print_stdout, reason = "a test reads it")]

mod commands;

use std::env;
use std::path::Path;

use otto_plugin::bindings::app::{App, CompileResult, Context, Detector, DevDep, Meta, Tuple};
use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Infrastructure, Value,
};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::Host;

use commands::run;

struct Puppet;

impl App for Puppet {
    async fn meta(&self) -> Result<Meta, Error> {
        Ok(Meta {
            tuples: vec![Tuple {
                app: "puppet".into(),
                infra: "*".into(),
                flavor: "*".into(),
            }],
            detectors: vec![Detector {
                r#type: "puppet".into(),
                file: vec!["puppet.txt".into()],
                ..Detector::default()
            }],
        })
    }

    /// Gives a customization of the type that `implicit` names, depends on `implicit_dependency`, and
    /// runs on an infrastructure of the type `implicit_infrastructure`.
    async fn implicit(&self, context: Context, _host: Host) -> Result<Option<Appfile>, Error> {
        let customization = list(&context, "implicit").map(|kind| Customization {
            r#type: kind,
            config: [("by".to_owned(), Value::Text("puppet".into()))].into(),
        });
        let dependencies =
            list(&context, "implicit_dependency").map(|source| Dependency { source });
        let infrastructure = list(&context, "implicit_infrastructure").map(|kind| Infrastructure {
            name: kind.clone(),
            r#type: kind,
            ..Infrastructure::default()
        });
        let answer = Appfile {
            application: Application {
                dependencies: dependencies.collect(),
                ..Application::default()
            },
            infrastructure: infrastructure.collect(),
            customization: customization.collect(),
            ..Appfile::default()
        };
        Ok((answer != Appfile::default()).then_some(answer))
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        run(list(&context, "compile"), &context, &host).await?;
        let fragment = Path::new(&context.dir).join("fragment");
        let fragment = fragment.exists().then(|| fragment.display().to_string());
        let fragment = list(&context, "fragment").next().or(fragment);
        Ok(CompileResult {
            version: 1,
            dev_dep_fragment_path: fragment,
            ..CompileResult::default()
        })
    }

    async fn build(&self, context: Context, host: Host) -> Result<(), Error> {
        run(list(&context, "build"), &context, &host).await
    }

    async fn deploy(&self, context: Context, host: Host) -> Result<(), Error> {
        run(list(&context, &action("deploy", &context)), &context, &host).await
    }

    async fn dev(&self, context: Context, host: Host) -> Result<(), Error> {
        run(list(&context, &action("dev", &context)), &context, &host).await
    }

    async fn dev_dep(
        &self,
        destination: Context,
        source: Context,
        host: Host,
    ) -> Result<Option<DevDep>, Error> {
        let text = format!(
            "needed: {} by {}",
            source.application.name, destination.application.name
        );
        host.ui.message(text).await?;
        run(list(&source, "dev_dep"), &source, &host).await?;
        tokio::fs::create_dir_all(&source.cache_dir).await?;
        tokio::fs::write(Path::new(&source.cache_dir).join("needed"), "").await?;
        Ok(Some(DevDep {
            files: vec!["needed".into()],
        }))
    }
}

fn action(method: &str, context: &Context) -> String {
    match context.action.as_str() {
        "" => method.to_owned(),
        action => format!("{method}_{action}"),
    }
}

/// The texts of a list in the customization `app`.
fn list(context: &Context, name: &str) -> impl Iterator<Item = String> + use<> {
    let apps = context.appfile.customization.iter();
    let found = apps
        .filter(|customization| customization.r#type == "app")
        .filter_map(|customization| customization.config.get(name))
        .next_back();
    let values = match found {
        Some(Value::List(values)) => values.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    };
    values.into_iter().filter_map(|value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    })
}

fn main() {
    if let Some(path) = env::var_os("PUPPET_STARTS") {
        commands::note_start(Path::new(&path));
    }
    otto_plugin::guest::Plugin::new(Puppet)
        .version("1.2.3")
        .serve()
}
