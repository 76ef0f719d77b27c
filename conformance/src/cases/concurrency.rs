//! CON: many calls at once.

use super::Function;
use crate::protocol::META_CALL;
use crate::stage::{Session, Stage, refusal};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] =
    &[("CON-01", |stage| Box::pin(answers_each_call_once(stage)))];

/// How many calls are in flight together: half of what the protocol allows by default.
const CALLS: usize = 32;

async fn answers_each_call_once(stage: &Stage<'_>) -> Result<(), Stop> {
    let session = Session::open(stage, "case").await?;
    let app = session.app().await?;
    let (link, rpc) = (&session.link, &session.rpc);
    // Nothing is read before all is written, so that no call begins after the end of another.
    link.set_reading(false);
    let calls: Vec<_> = (0..CALLS)
        .map(|_| app.meta_request().send().promise)
        .collect();
    let count = || link.record(|record| record.answers(META_CALL));
    let written = link.until(stage.limit(), |record| {
        record.answers(META_CALL).len() == CALLS
    });
    if !written.await {
        return Err(Stop::Harness(format!(
            "only {} calls could be written",
            count().len()
        )));
    }
    stage.did(format!("wrote {CALLS} calls of meta"));
    link.set_reading(true);
    let answers = calls
        .into_iter()
        .map(|call| rpc.answer(call, stage.limit()));
    let answers = futures::future::join_all(answers).await;
    // A second answer to the last call has come when this is answered.
    let _ = session.ping().await;

    let counts = count();
    let numbers = |what: &dyn Fn(usize) -> bool| {
        let questions = counts.iter().filter(|(_, count)| what(*count));
        questions
            .map(|(question, _)| format!("q{question}"))
            .collect::<Vec<_>>()
    };
    stage.did(format!(
        "{} of {CALLS} calls were answered",
        numbers(&|count| count > 0).len()
    ));
    let expected = format!("one answer to each of {CALLS} calls");
    let twice = numbers(&|count| count > 1);
    if !twice.is_empty() {
        let actual = format!("more than one answer to {}", twice.join(", "));
        return Err(stage.fail(Reason::AnsweredTwice, expected, actual));
    }
    let never = numbers(&|count| count == 0);
    if !never.is_empty() {
        let actual = format!("no answer to {} calls: {}", never.len(), never.join(", "));
        return Err(stage.fail(Reason::NotAnswered, expected, actual));
    }
    for answer in answers {
        let refused = match &answer {
            Err(error) => Some(error.to_string()),
            Ok(answer) => match answer.get() {
                Err(error) => Some(error.to_string()),
                Ok(results) => refusal(results.has_error(), results.get_error()),
            },
        };
        if let Some(actual) = refused {
            return Err(stage.fail(Reason::NotAnswered, "each answer is a meta", actual));
        }
    }
    Ok(())
}
