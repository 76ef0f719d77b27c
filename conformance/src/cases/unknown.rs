//! ERR: calls that a plugin cannot know.

use capnp::any_pointer;
use otto_plugin::wire::app_capnp::app;

use super::Function;
use crate::protocol::META_CALL;
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

/// Calls that no object has: of a method behind the last one, and of an interface of nobody's.
const UNKNOWN: [(u64, u16); 3] = [(META_CALL.0, 999), (NO_INTERFACE, 0), (NO_INTERFACE, 999)];
const NO_INTERFACE: u64 = 0xf000_0000_0000_0001;

async fn answers_unknown_calls_with_an_exception(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    for call in UNKNOWN {
        let exception = exception(&session, stage, &app, call).await?;
        stage.did(format!(
            "called {}: {:?}, {}",
            method_name(call.0, call.1),
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
    for call in UNKNOWN {
        let exception = exception(&session, stage, &app, call).await?;
        if exception.kind != capnp::ErrorKind::Unimplemented {
            let name = method_name(call.0, call.1);
            let expected = format!("{name} is answered with an exception of type unimplemented");
            let actual = format!("one of type {:?}: {}", exception.kind, exception.extra);
            return Err(stage.fail(Reason::ExceptionType, expected, actual));
        }
    }
    Ok(())
}

/// Makes a call on the app, and waits for the exception.
async fn exception(
    session: &Session<'_>,
    stage: &Stage<'_>,
    app: &app::Client,
    (interface, ordinal): (u64, u16),
) -> Result<capnp::Error, Stop> {
    let call = app
        .client
        .new_call::<any_pointer::Owned, any_pointer::Owned>(interface, ordinal, None);
    match session.rpc.answer(call.send().promise, stage.limit()).await {
        Err(NoAnswer::Exception(error)) => Ok(error),
        Err(error) => Err(session
            .unanswered(&method_name(interface, ordinal), error)
            .await),
        Ok(_) => {
            let name = method_name(interface, ordinal);
            let expected = format!("{name} is answered with an exception");
            Err(stage.fail(Reason::UnknownMethodAccepted, expected, "with results"))
        }
    }
}
