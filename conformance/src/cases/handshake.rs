//! HSK: which version of the protocol is spoken.

use capnp::capability::Response;
use otto_plugin::wire::error_capnp::ErrorKind;
use otto_plugin::wire::handshake_capnp::plugin::connect_results;

use super::{Function, ended_or_not, seconds, wrong_end};
use crate::process::Process;
use crate::protocol::VERSION;
use crate::stage::{
    Rpc, Session, Stage, Start, USUAL_DESCRIPTOR, offer, read_any_hello, refusal, with_exit,
};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[
    ("HSK-01", |stage| {
        Box::pin(chooses_the_highest_common_version(stage))
    }),
    ("HSK-02", |stage| {
        Box::pin(refuses_without_a_common_version(stage))
    }),
];

/// A version that nobody speaks.
const UNHEARD_OF: u16 = 99;
/// Offers with a version that plugins speak, in each order.
const WITH_A_COMMON_VERSION: [&[u16]; 3] =
    [&[VERSION], &[VERSION, UNHEARD_OF], &[UNHEARD_OF, VERSION]];
/// Offers without one.
const WITHOUT_A_COMMON_VERSION: [&[u16]; 2] = [&[UNHEARD_OF], &[]];

/// A plugin that has been offered versions.
struct Offered {
    process: Process,
    rpc: Rpc,
    answer: Response<connect_results::Owned>,
}

impl Offered {
    /// Starts the plugin, calls `connect` with these versions, and waits for the answer.
    async fn to(stage: &Stage<'_>, versions: &[u16]) -> Result<Self, Stop> {
        let label = format!("offer {versions:?}");
        let (link, end) = stage.link()?;
        let start = Start::by_host(end, USUAL_DESCRIPTOR);
        let process = stage.start(&label, start, Some(&link))?;
        let rpc = Rpc::start(&link);
        let hello = async {
            let (plugin, _) = rpc.answered_bootstrap(stage.limit()).await?;
            let hello = offer(&plugin, versions).map_err(crate::stage::NoAnswer::Exception)?;
            rpc.answer(hello.promise, stage.limit()).await
        };
        match hello.await {
            Ok(answer) => Ok(Self {
                process,
                rpc,
                answer,
            }),
            Err(error) => {
                let actual = format!("with {versions:?} on offer: {error}");
                let actual = with_exit(stage, actual, &process, &rpc).await?;
                let expected = "Plugin.connect is answered";
                Err(stage.fail(Reason::NotAnswered, expected, actual))
            }
        }
    }
}

async fn chooses_the_highest_common_version(stage: &Stage<'_>) -> Result<(), Stop> {
    for versions in WITH_A_COMMON_VERSION {
        let offered = Offered::to(stage, versions).await?;
        let unanswered = |expected: &str, actual: String| {
            let actual = format!("with {versions:?} on offer: {actual}");
            stage.fail(Reason::NotAnswered, expected, actual)
        };
        let hello = read_any_hello(&offered.answer);
        let (session, info) =
            hello.map_err(|actual| unanswered("Plugin.connect answers with a session", actual))?;
        let spoken = &info.protocols;
        stage.did(format!(
            "offered {versions:?}: it speaks {spoken:?}, and chose {}",
            info.protocol
        ));
        let common = versions.iter().filter(|version| spoken.contains(version));
        if common.max() != Some(&info.protocol) {
            let expected = format!(
                "the highest version that is in {versions:?}, which is on offer, and among those \
                 that it speaks"
            );
            let actual = format!("{}, of a plugin that speaks {spoken:?}", info.protocol);
            return Err(stage.fail(Reason::WrongVersion, expected, actual));
        }
        if let Some(twice) = spoken.windows(2).find(|pair| pair[0] == pair[1]) {
            let actual = format!("{} stands there more than once: {spoken:?}", twice[0]);
            let expected = "each version once in PluginInfo.protocols";
            return Err(stage.fail(Reason::VersionTwice, expected, actual));
        }
        let ping = session.ping_request().send().promise;
        if let Err(error) = offered.rpc.answer(ping, stage.limit()).await {
            let actual = with_exit(stage, error.to_string(), &offered.process, &offered.rpc);
            return Err(unanswered("Session.ping is answered", actual.await?));
        }
    }
    Ok(())
}

async fn refuses_without_a_common_version(stage: &Stage<'_>) -> Result<(), Stop> {
    let mut spoken = Session::open(stage, "ordinary").await?.info.protocols;
    spoken.dedup();
    stage.did(format!("connected: it speaks {spoken:?}"));
    for versions in WITHOUT_A_COMMON_VERSION {
        let offered = Offered::to(stage, versions).await?;
        is_a_refusal(stage, &offered.answer, &spoken)?;
        stage.did(format!("offered {versions:?}: refused"));
        offered.rpc.end();
        let exit = offered.process.exited(stage.limit()).await;
        if let Some(reason) = wrong_end(exit, |status| status == 0) {
            let expected = format!(
                "exits with status 0 within {} of the end of the connection",
                seconds(stage.limit())
            );
            return Err(stage.fail(reason, expected, ended_or_not(&offered.process, exit)));
        }
    }
    Ok(())
}

fn is_a_refusal(
    stage: &Stage<'_>,
    answer: &Response<connect_results::Owned>,
    spoken: &[u16],
) -> Result<(), Stop> {
    let unreadable = |error: capnp::Error| {
        stage.fail(
            Reason::NotAnswered,
            "Plugin.connect is answered",
            error.to_string(),
        )
    };
    let results = answer.get().map_err(unreadable)?;
    let expected = "an error of the kind incompatible";
    let Some(refused) = refusal(results.has_error(), results.get_error()) else {
        let chosen = results.get_info().map_err(unreadable)?.get_protocol();
        let actual = format!("a session of version {chosen}");
        return Err(stage.fail(Reason::WrongVersion, expected, actual));
    };
    let error = results.get_error().map_err(unreadable)?;
    if error.get_kind() != Ok(ErrorKind::Incompatible) {
        return Err(stage.fail(Reason::ErrorKind, expected, refused));
    }
    let supported = error.get_supported().map_err(unreadable)?;
    let mut supported: Vec<u16> = supported.iter().collect();
    supported.sort_unstable();
    supported.dedup();
    if supported != spoken {
        let expected = format!("the versions that it speaks, {spoken:?}, in Error.supported");
        let actual = format!("{supported:?}");
        return Err(stage.fail(Reason::SupportedDiffers, expected, actual));
    }
    Ok(())
}
