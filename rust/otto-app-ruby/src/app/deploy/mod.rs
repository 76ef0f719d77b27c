//! Deploys on this machine.

mod record;
mod release;
mod site;

use std::sync::Arc;

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{DeployState, Host, Lookup};

use super::action::{self, Action};
use super::call;
use crate::problem::{Problem, quoted};
use crate::releases::{Locked, Release, Site, Status};
use record::Record;

/// What the infrastructure is called that this machine is.
const LOCAL: &str = "local";

const COMMAND: &str = "otto deploy";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Deploy,
    Destroy,
    Help,
    Info,
    Rollback,
}

const ACTIONS: [Action<Kind>; 5] = [
    Action {
        kind: Kind::Deploy,
        name: "",
        arguments: "",
        most: 0,
        help: "deploys what was built last",
    },
    Action {
        kind: Kind::Destroy,
        name: "destroy",
        arguments: "",
        most: 0,
        help: "removes all releases",
    },
    Action {
        kind: Kind::Help,
        name: "help",
        arguments: "",
        most: 0,
        help: "shows this",
    },
    Action {
        kind: Kind::Info,
        name: "info",
        arguments: "",
        most: 0,
        help: "shows what is deployed, and where",
    },
    Action {
        kind: Kind::Rollback,
        name: "rollback",
        arguments: "[RELEASE]",
        most: 1,
        help: "goes back to a release, or to the one before the one that is used",
    },
];

pub(super) async fn deploy(context: Context, host: Host) -> Result<(), Error> {
    let action = action::find(COMMAND, &ACTIONS, &context)?;
    if let Kind::Help = action.kind {
        return action::show_help(&host.ui, COMMAND, &ACTIONS).await;
    }
    call::compiled(&context)?;
    check_infra(&context)?;
    let lookup = call::lookup(&context)?;
    let site = site::of(&context)?;
    match action.kind {
        Kind::Info => info(&host, lookup, &site).await,
        Kind::Deploy => {
            let locked = Arc::new(site.lock()?);
            recorded(&host, lookup.clone(), &locked, async |record| {
                release::release(&host, lookup, &locked, record).await
            })
            .await
        }
        Kind::Rollback => {
            let locked = present(&site)?;
            let wanted = context.action_args.first();
            let release = chosen(&locked.status()?, wanted)?;
            recorded(&host, lookup, &locked, async |record| {
                record.release(&release);
                locked.switch(&release)?;
                say(&host, format!("release {release} is used again")).await;
                Ok(())
            })
            .await
        }
        Kind::Destroy => destroy(&host, lookup, &site).await,
        // Answered above.
        Kind::Help => Ok(()),
    }
}

fn check_infra(context: &Context) -> Result<(), Error> {
    if context.tuple.infra == LOCAL {
        return Ok(());
    }
    let message = format!(
        "a Ruby application is deployed to an infrastructure of the type `{LOCAL}`, and not of {}",
        quoted(&context.tuple.infra)
    );
    Err(
        Error::new(ErrorKind::Unsupported, message).with_help(format!(
            "set `type = \"{LOCAL}\"` in the `infrastructure` of the Appfile"
        )),
    )
}

/// Records a deploy before it begins, and how it went. One that is to stop has failed.
async fn recorded(
    host: &Host,
    lookup: Lookup,
    locked: &Locked,
    deploy: impl AsyncFnOnce(&mut Record) -> Result<(), Error>,
) -> Result<(), Error> {
    let _hold = host.hold();
    let mut record = Record::new(host, lookup, locked.site());
    record.put(DeployState::New).await?;
    let deployed = deploy(&mut record).await;
    let Err(error) = deployed else {
        return record.put(DeployState::Success).await;
    };
    record.error(&error);
    match record.put(DeployState::Failed).await {
        Ok(()) => Err(error),
        Err(also) => Err(error.with_cause(also)),
    }
}

async fn info(host: &Host, lookup: Lookup, site: &Site) -> Result<(), Error> {
    let record = host.directory.get_deploy(lookup).await?;
    let Status { current, releases } = site.status()?;
    let state = record.as_ref().map(record::describe);
    say(host, format!("directory: {}", site.path().display())).await;
    say(
        host,
        format!("last deploy: {}", state.as_deref().unwrap_or("none")),
    )
    .await;
    if releases.is_empty() {
        say(host, "nothing is deployed").await;
    }
    for release in releases.iter().rev() {
        let used = match current.as_ref() == Some(release) {
            true => ", which is used",
            false => "",
        };
        say(host, format!("release {release}{used}")).await;
    }
    Ok(())
}

async fn destroy(host: &Host, lookup: Lookup, site: &Site) -> Result<(), Error> {
    // Half of it is worse than nothing of it.
    let _hold = host.hold();
    let destroyed = match site.lock_if_present()? {
        Some(locked) => locked.destroy().map(|()| true)?,
        None => false,
    };
    let recorded = host.directory.delete_deploy(lookup).await?;
    let said = match destroyed || recorded {
        true => format!("what was deployed to {} is removed", site.path().display()),
        false => "nothing is deployed".to_owned(),
    };
    say(host, said).await;
    Ok(())
}

fn present(site: &Site) -> Result<Locked, Problem> {
    match site.lock_if_present()? {
        Some(locked) => Ok(locked),
        None => Err(nothing_deployed()),
    }
}

/// The release to go back to.
fn chosen(status: &Status, wanted: Option<&String>) -> Result<Release, Problem> {
    let Status { current, releases } = status;
    if let Some(wanted) = wanted {
        let number = wanted.parse::<u64>().ok();
        let found = releases
            .iter()
            .find(|release| release.to_string() == *wanted || Some(release.number) == number);
        return found.cloned().ok_or_else(|| {
            let names: Vec<_> = releases.iter().map(Release::to_string).collect();
            Problem::invalid(
                format!("there is no release {}", quoted(wanted)),
                match names.is_empty() {
                    true => "run `otto deploy` first".to_owned(),
                    false => format!("the releases are {}", names.join(", ")),
                },
            )
        });
    }
    let Some(current) = current else {
        return Err(nothing_deployed());
    };
    let before = releases.iter().rfind(|release| *release < current);
    before.cloned().ok_or_else(|| {
        Problem::invalid(
            format!("there is no release before {current}, which is used"),
            "name one, such as `otto deploy rollback 7`; `otto deploy info` shows them",
        )
    })
}

fn nothing_deployed() -> Problem {
    Problem::invalid("nothing is deployed", "run `otto deploy` first")
}

/// A screen that does not show it is no reason to stop.
async fn say(host: &Host, text: impl Into<String>) {
    let _ = host.ui.message(text).await;
}
