//! ERR: calls that a plugin cannot know.

use capnp::any_pointer;
use capnp::capability::Client;
use otto_plugin::wire::app_capnp::app;

use super::Function;
use crate::protocol::{CONNECT_CALL, META_CALL, PING_CALL};
use crate::stage::{NoAnswer, Session, Stage};
use crate::verdict::{Reason, Stop};
use crate::wire::method_name;

pub(super) const CASES: &[(&str, Function)] = &[
    ("ERR-05", |stage| {
        Box::pin(answers_unknown_calls_with_an_exception(stage))
    }),
    ("ERR-06", |stage| {
        Box::pin(says_that_unknown_calls_are_unimplemented(stage))
    }),
];

const NO_INTERFACE: u64 = 0xf000_0000_0000_0001;

/// An object of the plugin's, and a call that it cannot know.
struct Unknown {
    object: Client,
    of: &'static str,
    interface: u64,
    ordinal: u16,
}

impl Unknown {
    fn name(&self) -> String {
        format!(
            "{} of {}",
            method_name(self.interface, self.ordinal),
            self.of
        )
    }
}

/// Calls that no object has, on each that every plugin has: of a method behind the last one, and of
/// an interface of nobody's.
fn unknown(session: &Session<'_>, app: &app::Client) -> Vec<Unknown> {
    let objects = [
        (app.client.clone(), "the app", META_CALL.0),
        (session.client().client.clone(), "the session", PING_CALL.0),
        (
            session.plugin().client.clone(),
            "the plugin",
            CONNECT_CALL.0,
        ),
    ];
    let calls = objects.into_iter().flat_map(|(object, of, own)| {
        let calls = [(own, 999), (NO_INTERFACE, 0), (NO_INTERFACE, 999)];
        calls.map(|(interface, ordinal)| Unknown {
            object: object.clone(),
            of,
            interface,
            ordinal,
        })
    });
    calls.collect()
}

async fn answers_unknown_calls_with_an_exception(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    for call in unknown(&session, &app) {
        let exception = exception(&session, stage, &call).await?;
        stage.did(format!(
            "called {}: {:?}, {}",
            call.name(),
            exception.kind,
            exception.extra
        ));
        session.meta(&app).await?;
        session.ping().await?;
        stage.did("meta and ping answered");
    }
    Ok(())
}

async fn says_that_unknown_calls_are_unimplemented(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    for call in unknown(&session, &app) {
        let exception = exception(&session, stage, &call).await?;
        if exception.kind != capnp::ErrorKind::Unimplemented {
            let name = call.name();
            let expected = format!("{name} is answered with an exception of type unimplemented");
            let actual = format!("one of type {:?}: {}", exception.kind, exception.extra);
            return Err(stage.fail(Reason::ExceptionType, expected, actual));
        }
    }
    Ok(())
}

/// Makes a call, and waits for the exception.
async fn exception(
    session: &Session<'_>,
    stage: &Stage<'_>,
    unknown: &Unknown,
) -> Result<capnp::Error, Stop> {
    let (interface, ordinal) = (unknown.interface, unknown.ordinal);
    let call = unknown
        .object
        .new_call::<any_pointer::Owned, any_pointer::Owned>(interface, ordinal, None);
    match session.rpc.answer(call.send().promise, stage.limit()).await {
        Err(NoAnswer::Exception(error)) => Ok(error),
        Err(error) => Err(session.unanswered(&unknown.name(), error).await),
        Ok(_) => {
            let name = unknown.name();
            let expected = format!("{name} is answered with an exception");
            Err(stage.fail(Reason::UnknownMethodAccepted, expected, "with results"))
        }
    }
}
