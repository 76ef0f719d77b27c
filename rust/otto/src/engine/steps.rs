//! What follows a compile: build, deploy and develop.

use std::collections::BTreeMap;
use std::path::Path;

use otto_plugin::bindings::app::Context;
use otto_plugin::host::Services;
use tokio::task::spawn_blocking;

use super::application::infrastructure;
use super::compile::fingerprint;
use super::plugins::Started;
use super::{Otto, context};
use crate::appfile::Written;
use crate::credentials::{Credentials, PassphraseFd, passphrase};
use crate::directory::CallDirectory;
use crate::failure::Failure;
use crate::project::{Compiled, CompiledApp, DevDepCache, DevDepKey, Held, ProjectError};

/// What a plugin is to do, if it is not the main thing, and what it is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Action {
    /// Empty for the main thing.
    pub(crate) name: String,
    pub(crate) arguments: Vec<String>,
}

impl Otto {
    /// Has the plugin make what can be deployed.
    pub(crate) async fn build(&self, from: PassphraseFd) -> Result<(), Failure> {
        let held = self.held()?;
        let root = &held.compiled().root;
        let plugin = self.of_compile([root]).await?.remove(0);
        let (project, context) = context::compiled(&self.places, held.compiled(), root)?;
        let context = Context {
            infra_creds: self.credentials_for(&context, from).await?,
            ..context
        };
        let services = self.lent(&plugin, project.root(), &context).await?;
        let built = plugin.plugin.build(context, &services).await;
        built.map_err(|error| self.call_failed(&error, project.root()))
    }

    /// Has the plugin deploy, or do another action.
    pub(crate) async fn deploy(&self, action: Action, from: PassphraseFd) -> Result<(), Failure> {
        let held = self.held()?;
        let root = &held.compiled().root;
        let plugin = self.of_compile([root]).await?.remove(0);
        let (project, context) = context::compiled(&self.places, held.compiled(), root)?;
        let context = Context {
            infra_creds: self.credentials_for(&context, from).await?,
            action: action.name,
            action_args: action.arguments,
            ..context
        };
        let services = self.lent(&plugin, project.root(), &context).await?;
        let deployed = plugin.plugin.deploy(context, &services).await;
        deployed.map_err(|error| self.call_failed(&error, project.root()))
    }

    /// Has the plugin develop, or do another action. What the application needs is asked for first, if
    /// it is to be developed.
    pub(crate) async fn dev(&self, action: Action) -> Result<(), Failure> {
        let held = self.held()?;
        let Compiled { dependencies, root } = held.compiled();
        let needed = match action.name.is_empty() {
            true => &dependencies[..],
            false => &[],
        };
        let mut plugins = self.of_compile(needed.iter().chain([root])).await?;
        let Some(plugin) = plugins.pop() else {
            // There is one for each application, and the root is one.
            return Ok(());
        };
        let (project, context) = context::compiled(&self.places, held.compiled(), root)?;
        for (dependency, plugin) in needed.iter().zip(&plugins) {
            self.dev_dep(held.compiled(), &context, dependency, plugin)
                .await?;
        }
        let context = Context {
            action: action.name,
            action_args: action.arguments,
            ..context
        };
        let services = self.lent(&plugin, project.root(), &context).await?;
        let developed = plugin.plugin.dev(context, &services).await;
        developed.map_err(|error| self.call_failed(&error, project.root()))
    }

    /// What was compiled. The user is told if the Appfile says something else by now.
    fn held(&self) -> Result<Held, Failure> {
        let project = self.project()?;
        let held = project.hold()?;
        if !held.compiled().is_of(&project) {
            return Err(ProjectError::Elsewhere {
                path: project.root().to_owned(),
                was: held.compiled().root.appfile.path.clone(),
            }
            .into());
        }
        let written = Written::read(project.root());
        if !written.is_ok_and(|written| written.digest() == held.compiled().root.digest) {
            self.screen.note(
                "the Appfile has changed since the last compile, which is used as it is; \
                 `otto compile` takes it up",
            );
        }
        Ok(held)
    }

    /// Asks what a dependency needs while the root is developed, unless that is known.
    async fn dev_dep(
        &self,
        compiled: &Compiled,
        destination: &Context,
        dependency: &CompiledApp,
        plugin: &Started,
    ) -> Result<(), Failure> {
        let (project, source) = context::compiled(&self.places, compiled, dependency)?;
        let cache = DevDepCache::of_directory(&source.cache_dir);
        let key = DevDepKey {
            plugin: plugin.recorded()?,
            digest: fingerprint(dependency),
        };
        if cache.kept(&key).is_some() {
            return Ok(());
        }
        let services = self.lent(plugin, project.root(), &source).await?;
        let answer = plugin
            .plugin
            .dev_dep(destination.clone(), source, &services);
        match answer
            .await
            .map_err(|error| self.call_failed(&error, project.root()))?
        {
            Some(dev_dep) => Ok(cache.keep(&key, &dev_dep)?),
            // It is asked again the next time.
            None => Ok(()),
        }
    }

    /// What is lent for a call about a context.
    async fn lent(
        &self,
        plugin: &Started,
        root: &Path,
        context: &Context,
    ) -> Result<Services, Failure> {
        let store = self.store().await?.clone();
        let directory = CallDirectory::new(store, context::scope(context));
        Ok(self.services(&plugin.name, root, directory))
    }

    /// The credentials for the infrastructure of an application: none if none are kept for it.
    async fn credentials_for(
        &self,
        context: &Context,
        from: PassphraseFd,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let credentials = Credentials::open(&self.places);
        let Some(name) = infrastructure(&context.appfile).map(|it| it.name.clone()) else {
            return Ok(BTreeMap::new());
        };
        if !credentials.has(&name)? {
            return Ok(BTreeMap::new());
        }
        let passphrase = async { Ok(passphrase(&self.screen, &name, from.fd).await?) };
        let passphrase = self.unless_cancelled(passphrase).await?;
        let load = spawn_blocking(move || credentials.load(&name, &passphrase));
        let secrets = load
            .await
            .map_err(|error| Failure::system("the credentials cannot be read")(error.into()))??;
        let pairs = secrets.iter();
        Ok(pairs
            .map(|(key, value)| (key.to_owned(), value.expose().to_owned()))
            .collect())
    }
}
