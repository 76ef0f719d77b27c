//! BST: the first questions.

use otto_plugin::wire::error_capnp::ErrorKind;
use otto_plugin::wire::handshake_capnp::plugin;

use super::Function;
use crate::process::Process;
use crate::protocol::META_CALL;
use crate::stage::{NoAnswer, Rpc, Stage, Start, USUAL_DESCRIPTOR, refusal, say_hello, with_exit};
use crate::verdict::{Reason, Stop};
use crate::wire::Answer;

pub(super) const CASES: &[(&str, Function)] = &[
    ("BST-01", |stage| {
        Box::pin(gives_its_plugin_every_time(stage))
    }),
    ("BST-03", |stage| Box::pin(answers_one_flight(stage))),
];

async fn gives_its_plugin_every_time(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let rpc = Rpc::start(&link);

    let first = bootstrap(stage, &process, &rpc, 1).await?;
    stage.did("got the first bootstrap capability");
    let unanswered = |actual: String| {
        stage.fail(
            Reason::NotAnswered,
            "connect is answered with a session",
            actual,
        )
    };
    let hello = connect(stage, &rpc, &first)
        .await
        .map_err(|error| unanswered(error.to_string()))?;
    let results = hello.get().map_err(|error| unanswered(error.to_string()))?;
    if let Some(refusal) = refusal(results.has_error(), results.get_error()) {
        return Err(unanswered(refusal));
    }
    stage.did("connected to it");

    let second = bootstrap(stage, &process, &rpc, 2).await?;
    stage.did("got the second bootstrap capability");
    let expected = "the second one is the Plugin too, and answers connect with alreadyConnected";
    let again = connect(stage, &rpc, &second).await.map_err(|error| {
        stage.fail(
            Reason::SecondBootstrapRefused,
            expected,
            format!("connect on it: {error}"),
        )
    })?;
    let results = again.get().map_err(|error| unanswered(error.to_string()))?;
    let refused = refusal(results.has_error(), results.get_error());
    let kind = results
        .get_error()
        .ok()
        .and_then(|error| error.get_kind().ok());
    match refused {
        Some(_) if kind == Some(ErrorKind::AlreadyConnected) => Ok(()),
        Some(refusal) => Err(stage.fail(Reason::SecondConnectAccepted, expected, refusal)),
        None => {
            let actual = "connect was answered without an error";
            Err(stage.fail(Reason::SecondConnectAccepted, expected, actual))
        }
    }
}

async fn connect(
    stage: &Stage<'_>,
    rpc: &Rpc,
    plugin: &plugin::Client,
) -> Result<capnp::capability::Response<plugin::connect_results::Owned>, NoAnswer> {
    let hello = say_hello(plugin).map_err(NoAnswer::Exception)?;
    rpc.answer(hello.promise, stage.limit()).await
}

/// Asks for the bootstrap capability, and looks at the answer on the wire.
async fn bootstrap(
    stage: &Stage<'_>,
    process: &Process,
    rpc: &Rpc,
    nth: usize,
) -> Result<plugin::Client, Stop> {
    let (reason, actual) = match rpc.answered_bootstrap(stage.limit()).await {
        Ok((plugin, Answer::Results { null: false })) => return Ok(plugin),
        Ok((_, Answer::Results { null: true })) => (Reason::NullBootstrap, "null".to_owned()),
        Ok(_) if nth > 1 => (Reason::SecondBootstrapRefused, "an exception".to_owned()),
        Ok(_) => (Reason::NotAnswered, "an exception".to_owned()),
        Err(error) => (Reason::NotAnswered, error.to_string()),
    };
    let actual = format!("the answer to bootstrap {nth}: {actual}");
    let actual = with_exit(stage, actual, process, rpc).await?;
    Err(stage.fail(
        reason,
        "a bootstrap question is answered with a capability",
        actual,
    ))
}

async fn answers_one_flight(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let rpc = Rpc::start(&link);
    link.set_reading(false);
    // Dropping it would be said to the plugin, which is to hear of nothing but the four calls.
    let plugin = rpc.bootstrap();
    let hello = say_hello(&plugin).map_err(|error| Stop::Harness(error.to_string()))?;
    let session = hello.pipeline.get_session();
    let app = session.app_request().send();
    let meta = app.pipeline.get_app().meta_request().send();
    let written = link.until(stage.limit(), |record| {
        !record.answers(META_CALL).is_empty()
    });
    if !written.await {
        return Err(Stop::Harness("the calls could not be written".to_owned()));
    }
    stage.did("wrote bootstrap, connect, app and meta");
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    link.set_reading(true);

    macro_rules! answered {
        ($method:literal, $call:expr) => {{
            let answer = rpc.answer($call.promise, stage.limit()).await;
            let answered = match &answer {
                Err(NoAnswer::Exception(error)) => {
                    let error = &error.extra;
                    Err((
                        Reason::PipelinedCallRefused,
                        format!("an exception: {error}"),
                    ))
                }
                Err(error) => Err((Reason::NotAnswered, error.to_string())),
                Ok(answer) => match answer.get() {
                    Err(error) => Err((Reason::NotAnswered, error.to_string())),
                    Ok(results) => match refusal(results.has_error(), results.get_error()) {
                        Some(refusal) => Err((Reason::PipelinedCallRefused, refusal)),
                        None => Ok(()),
                    },
                },
            };
            if let Err((reason, actual)) = answered {
                let actual = format!("{}: {actual}", $method);
                let actual = with_exit(stage, actual, &process, &rpc).await?;
                return Err(stage.fail(reason, concat!($method, " is answered"), actual));
            }
            stage.did(concat!($method, " was answered"));
        }};
    }
    answered!("Plugin.connect", hello);
    answered!("Session.app", app);
    answered!("App.meta", meta);
    Ok(())
}
