//! CON: many calls at once.

use capnp::capability::Response;
use otto_plugin::wire::app_capnp::app::meta_results;
use otto_plugin::wire::handshake_capnp::plugin::connect_results;

use super::{Function, not_answered};
use crate::protocol::{CONNECT_CALL, META_CALL, PING_CALL};
use crate::stage::{
    CALLS_IN_FLIGHT, NoAnswer, Rpc, Session, Stage, Start, USUAL_DESCRIPTOR, refusal, say_hello,
    with_exit,
};
use crate::verdict::{Reason, Stop};
use crate::wire::Record;

pub(super) const CASES: &[(&str, Function)] = &[
    ("CON-01", |stage| Box::pin(answers_each_call_once(stage))),
    ("CON-05", |stage| {
        Box::pin(answers_as_many_as_it_says(stage))
    }),
    ("CON-06", |stage| Box::pin(begins_calls_in_order(stage))),
    ("CON-07", |stage| Box::pin(runs_beside_itself(stage))),
];

/// How many calls are in flight together, if the plugin accepts as many: half of what the protocol
/// allows by default.
const CALLS: usize = 32;
/// How many calls of meta there are for each ping among them.
const METAS_PER_PING: usize = 8;
/// How many questions a report names.
const SHOWN: usize = 8;

async fn answers_each_call_once(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    let (link, rpc) = (&session.link, &session.rpc);
    let number = session.at_most(CALLS);
    // Nothing is read before all is written, so that no call begins after the end of another.
    link.set_reading(false);
    let calls: Vec<_> = (0..number)
        .map(|_| app.meta_request().send().promise)
        .collect();
    let count = || link.record(|record| record.answers(META_CALL));
    let written = link.until(stage.limit(), |record| {
        record.answers(META_CALL).len() == number
    });
    if !written.await {
        return Err(Stop::Harness(format!(
            "only {} calls could be written",
            count().len()
        )));
    }
    stage.did(format!("wrote {number} calls of meta"));
    link.set_reading(true);
    let answers = calls
        .into_iter()
        .map(|call| rpc.answer(call, stage.limit()));
    let answers = futures::future::join_all(answers).await;
    // A second answer to the last call has come when this is answered.
    let _ = session.ping().await;

    each_once(stage, &count())?;
    answers
        .iter()
        .try_for_each(|answer| is_a_meta(stage, answer))
}

/// Questions of one method, each with the number of its answers, which has to be 1.
pub(super) fn each_once(stage: &Stage<'_>, counts: &[(u32, usize)]) -> Result<(), Stop> {
    let numbers = |what: &dyn Fn(usize) -> bool| {
        let questions = counts.iter().filter(|(_, count)| what(*count));
        questions
            .map(|(question, _)| format!("q{question}"))
            .collect::<Vec<_>>()
    };
    let calls = counts.len();
    let answered = numbers(&|count| count > 0).len();
    stage.did(format!("{answered} of {calls} calls were answered"));
    let expected = format!("one answer to each of {calls} calls");
    let twice = numbers(&|count| count > 1);
    if !twice.is_empty() {
        let actual = format!("more than one answer to {}", twice.join(", "));
        return Err(stage.fail(Reason::AnsweredTwice, expected, actual));
    }
    let never = numbers(&|count| count == 0);
    if !never.is_empty() {
        let more = if never.len() > SHOWN { ", …" } else { "" };
        let shown = never[..never.len().min(SHOWN)].join(", ");
        let actual = format!("no answer to {} calls: {shown}{more}", never.len());
        return Err(stage.fail(Reason::NotAnswered, expected, actual));
    }
    Ok(())
}

type MetaAnswer = Result<Response<meta_results::Owned>, NoAnswer>;

fn is_a_meta(stage: &Stage<'_>, answer: &MetaAnswer) -> Result<(), Stop> {
    let refused = match answer {
        Err(error) => Some(error.to_string()),
        Ok(answer) => match answer.get() {
            Err(error) => Some(error.to_string()),
            Ok(results) => refusal(results.has_error(), results.get_error()),
        },
    };
    match refused {
        Some(actual) => Err(stage.fail(Reason::NotAnswered, "each answer is a meta", actual)),
        None => Ok(()),
    }
}

async fn answers_as_many_as_it_says(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    let (link, rpc) = (&session.link, &session.rpc);
    let calls = session.at_most(CALLS_IN_FLIGHT);
    // They are written in one piece, so that all of them are there before one is answered.
    link.hold();
    let (mut metas, mut pings) = (Vec::new(), Vec::new());
    for call in 0..calls {
        metas.push(app.meta_request().send().promise);
        if call % METAS_PER_PING == 0 {
            pings.push(session.client().ping_request().send().promise);
        }
    }
    let held = |held: &Record| {
        held.answers(META_CALL).len() == calls && held.answers(PING_CALL).len() == pings.len()
    };
    if !link.until_held(stage.limit(), held).await {
        return Err(Stop::Harness("the calls could not be made".to_owned()));
    }
    link.release(stage.limit()).await?;
    let among = pings.len();
    stage.did(format!(
        "wrote {calls} calls of meta, as many as it accepts, and {among} of ping among them"
    ));
    let pings = pings
        .into_iter()
        .map(|call| rpc.answer(call, stage.limit()));
    let metas = metas
        .into_iter()
        .map(|call| rpc.answer(call, stage.limit()));
    let (_, metas) = tokio::join!(
        futures::future::join_all(pings),
        futures::future::join_all(metas)
    );
    // A second answer to the last call has come when this is answered.
    let _ = session.ping().await;
    let (asked, pinged) =
        link.record(|record| (record.answers(META_CALL), record.answers(PING_CALL)));
    each_once(stage, &asked)?;
    each_once(stage, &pinged[..among])?;
    metas.iter().try_for_each(|answer| is_a_meta(stage, answer))
}

async fn begins_calls_in_order(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let rpc = Rpc::start(&link);
    let bootstrap = rpc.answered_bootstrap(stage.limit()).await;
    let hellos = async {
        let (plugin, _) = bootstrap?;
        link.hold();
        let first = say_hello(&plugin).map_err(NoAnswer::Exception)?;
        let second = say_hello(&plugin).map_err(NoAnswer::Exception)?;
        let held = |held: &Record| held.answers(CONNECT_CALL).len() == 2;
        if !link.until_held(stage.limit(), held).await {
            return Err(NoAnswer::Lost("the calls could not be made".to_owned()));
        }
        let written = link.release(stage.limit()).await;
        written.map_err(|error| NoAnswer::Lost(error.to_string()))?;
        stage.did("wrote two calls of connect in one piece");
        let first = rpc.answer(first.promise, stage.limit()).await?;
        let second = rpc.answer(second.promise, stage.limit()).await?;
        Ok((first, second))
    };
    let (first, second) = match hellos.await {
        Ok(hellos) => hellos,
        Err(error) => {
            let error: NoAnswer = error;
            let actual = with_exit(stage, error.to_string(), &process, &rpc).await?;
            let expected = "both calls of connect are answered";
            return Err(stage.fail(Reason::NotAnswered, expected, actual));
        }
    };
    let told = |answer: &Response<connect_results::Owned>| match answer.get() {
        Err(error) => error.to_string(),
        Ok(results) => refusal(results.has_error(), results.get_error())
            .unwrap_or_else(|| "a session".to_owned()),
    };
    let (first, second) = (told(&first), told(&second));
    if first == "a session" && second != "a session" {
        return Ok(());
    }
    let expected = "the first call of connect gets the session, and the second one a refusal";
    let actual = format!("the first: {first}; the second: {second}");
    Err(stage.fail(Reason::OutOfOrder, expected, actual))
}

async fn runs_beside_itself(stage: &Stage<'_>) -> Result<(), Stop> {
    let one = Session::open(stage, "the first").await?;
    let other = Session::open(stage, "the second").await;
    let other = other.map_err(|stop| not_answered(stop, "while another one runs"))?;
    let (one_app, other_app) = (one.app().await?, other.app().await?);
    let number = one.at_most(CALLS).min(other.at_most(CALLS));
    let calls = (0..number).flat_map(|_| [(&one, &one_app), (&other, &other_app)]);
    let answers = calls.map(|(session, app)| {
        let call = app.meta_request().send().promise;
        session.rpc.answer(call, stage.limit())
    });
    let answers = futures::future::join_all(answers.collect::<Vec<_>>()).await;
    for (session, label) in [(&one, "the first"), (&other, "the second")] {
        // A second answer to the last call has come when this is answered.
        let _ = session.ping().await;
        stage.did(format!("{label}: {number} calls of meta"));
        let counts = session.link.record(|record| record.answers(META_CALL));
        each_once(stage, &counts)?;
    }
    answers
        .iter()
        .try_for_each(|answer| is_a_meta(stage, answer))
}
