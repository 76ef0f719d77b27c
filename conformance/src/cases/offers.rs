//! BST: what a plugin says that it can do.

use std::collections::BTreeSet;

use super::Function;
use crate::protocol::DIRECTORY;
use crate::stage::{NoAnswer, Session, Stage, lend};
use crate::verdict::{Reason, Stop};
use crate::wire::{Message, Party, method_name};

pub(super) const CASES: &[(&str, Function)] =
    &[("BST-02", |stage| Box::pin(does_what_it_offers(stage)))];

/// The methods of the directory that only read.
const GETTERS: [u16; 5] = [1, 4, 7, 10, 13];

async fn does_what_it_offers(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let features = &session.info.features;
    stage.did(format!("connected: it offers the features {features:?}"));
    let mut named = BTreeSet::new();
    for feature in features {
        let wrong = match feature.split_once('/') {
            _ if !named.insert(feature) => "stands there twice",
            None => "is none that the specification gives to plugins, and has no domain",
            Some((domain, name)) if is_domain(domain) && !name.is_empty() => continue,
            Some(_) => "is not of the form DOMAIN/NAME, with a dot in the domain",
        };
        let expected = "names of features that the specification has, or such as \
                        example.org/metrics, each once";
        let actual = format!("{feature:?} {wrong}");
        return Err(stage.fail(Reason::FeatureName, expected, actual));
    }
    answers_implicit(stage, &session).await
}

/// Whether this is the name of a domain that somebody can own: parts of letters, digits and hyphens,
/// and more than one of them.
fn is_domain(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty()
            && part.bytes().all(is_letter)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_part)
}

/// Calls the one method beside `meta` that changes nothing, for an application without a file.
async fn answers_implicit(stage: &Stage<'_>, session: &Session<'_>) -> Result<(), Stop> {
    let app = session.app().await?;
    let before = stage.sandbox.snapshot();
    let mut request = app.implicit_request();
    let path = stage.sandbox.work().join("Appfile");
    let mut appfile = request.get().init_context().init_appfile();
    appfile.set_path(path.to_string_lossy().as_ref());
    appfile.init_application().set_type("app");
    let lent = lend(request.get().init_host());
    let answer = session.rpc.answer(request.send().promise, stage.limit());
    let answer = answer.await;
    drop(lent);
    let told = match answer {
        Ok(answer) => match answer.get() {
            Ok(results) => crate::stage::refusal(results.has_error(), results.get_error()),
            Err(error) => return Err(unanswered(stage, error.to_string())),
        },
        Err(error @ NoAnswer::Exception(_)) => return Err(unanswered(stage, error.to_string())),
        Err(error) => return Err(session.unanswered("App.implicit", error).await),
    };
    let told = told.unwrap_or_else(|| "with a result".to_owned());
    stage.did(format!("App.implicit, for an empty directory: {told}"));
    session.meta(&app).await?;
    changes_nothing(stage, session)?;
    let files = stage.sandbox.snapshot().since(&before);
    match files.is_empty() {
        true => Ok(()),
        false => Err(stage.fail(
            Reason::FileLeft,
            "no file made or changed",
            files.join(", "),
        )),
    }
}

fn unanswered(stage: &Stage<'_>, actual: String) -> Stop {
    let expected = "App.implicit is answered with its result, or with an error in the result, of \
                    the kind unsupported if the plugin does not do it";
    stage.fail(Reason::NotAnswered, expected, actual)
}

/// No record was stored or deleted.
fn changes_nothing(stage: &Stage<'_>, session: &Session<'_>) -> Result<(), Stop> {
    let changed = session.link.record(|record| {
        let theirs = record
            .events()
            .iter()
            .filter(|event| event.from == Party::Plugin);
        let mut changes = theirs.filter_map(|event| match event.message {
            Message::Call {
                interface: DIRECTORY,
                ordinal,
                ..
            } if !GETTERS.contains(&ordinal) => Some(method_name(DIRECTORY, ordinal)),
            _ => None,
        });
        changes.next()
    });
    match changed {
        Some(method) => {
            let actual = format!("it called {method}");
            Err(stage.fail(Reason::CalledHost, "App.implicit changes no record", actual))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_one_that_somebody_can_own() {
        for right in ["example.org", "a-b.example.org", "xn--bcher-kva.example"] {
            assert!(is_domain(right), "{right}");
        }
        for wrong in [
            "", ".", "..", "example", ".org", "example.", "a b.org", "-a.org",
        ] {
            assert!(!is_domain(wrong), "{wrong}");
        }
    }
}
