//! EVO: a host that is newer than the plugin.

use capnp::any_pointer;
use capnp::capability::RemotePromise;
use capnp::private::layout::{PointerBuilder, StructBuilder, StructSize};
use capnp::traits::{FromPointerBuilder, HasStructSize};
use otto_plugin::wire::app_capnp::app::meta_params;
use otto_plugin::wire::handshake_capnp::plugin::{connect_params, connect_results};
use otto_plugin::wire::handshake_capnp::session::{app_params, ping_params};
use otto_plugin::wire::handshake_capnp::{host_info, limits, plugin};

use super::Function;
use crate::protocol::VERSION;
use crate::stage::{
    NoAnswer, Rpc, Stage, Start, USUAL_DESCRIPTOR, fill, read_any_hello, refusal, with_exit,
};
use crate::verdict::{Reason, Stop};

pub(super) const CASES: &[(&str, Function)] = &[("EVO-01", |stage| {
    Box::pin(ignores_what_a_newer_host_says(stage))
})];

/// How many words of data, and how many pointers, a newer host has in each struct.
const MORE: u16 = 2;
/// What is in them.
const WORD: u64 = 0xfeed_face_cafe_beef;
const TEXT: &str = "from a newer host";
/// A feature that nobody has heard of.
const FEATURE: &str = "otto-conformance-unheard-of";
/// The places of pointers in their structs.
const HOST: usize = 0;
const LIMITS: usize = 4;

async fn ignores_what_a_newer_host_says(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let process = stage.start("case", Start::by_host(end, USUAL_DESCRIPTOR), Some(&link))?;
    let rpc = Rpc::start(&link);
    if let Err(actual) = speak(stage, &rpc).await {
        let actual = with_exit(stage, actual, &process, &rpc).await?;
        let expected = "answers as if there were no more in the structs than it knows";
        return Err(stage.fail(Reason::NotAnswered, expected, actual));
    }
    Ok(())
}

/// Makes the ordinary calls, with more in their structs. Fails with what the plugin did.
async fn speak(stage: &Stage<'_>, rpc: &Rpc) -> Result<(), String> {
    let limit = stage.limit();
    let unanswered = |method: &'static str| move |error: NoAnswer| format!("{method}: {error}");
    let unreadable = |error: capnp::Error| error.to_string();

    let (plugin, _) = rpc
        .answered_bootstrap(limit)
        .await
        .map_err(unanswered("bootstrap"))?;
    let hello = connect(&plugin).map_err(unreadable)?;
    let answer = rpc.answer(hello.promise, limit).await;
    let (session, _) = read_any_hello(&answer.map_err(unanswered("Plugin.connect"))?)?;
    stage.did("connected, with more in HostInfo, in its limits, and in the parameters");

    let mut request = session.app_request();
    grow::<app_params::Builder<'_>>(pointer(request.hook.get()));
    let answer = rpc.answer(request.send().promise, limit).await;
    let answer = answer.map_err(unanswered("Session.app"))?;
    let results = answer.get().map_err(unreadable)?;
    refused("Session.app", results.has_error(), results.get_error())?;
    let app = results.get_app().map_err(unreadable)?;

    let mut request = app.meta_request();
    grow::<meta_params::Builder<'_>>(pointer(request.hook.get()));
    let answer = rpc.answer(request.send().promise, limit).await;
    let answer = answer.map_err(unanswered("App.meta"))?;
    let results = answer.get().map_err(unreadable)?;
    refused("App.meta", results.has_error(), results.get_error())?;

    let mut request = session.ping_request();
    grow::<ping_params::Builder<'_>>(pointer(request.hook.get()));
    let answer = rpc.answer(request.send().promise, limit).await;
    answer.map_err(unanswered("Session.ping"))?;
    stage.did("app, meta and ping answered, with more in their parameters");
    Ok(())
}

fn refused(
    method: &str,
    present: bool,
    error: capnp::Result<otto_plugin::wire::error_capnp::error::Reader<'_>>,
) -> Result<(), String> {
    refusal(present, error).map_or(Ok(()), |refusal| Err(format!("{method}: {refusal}")))
}

/// Calls `connect` as a newer host does.
fn connect(plugin: &plugin::Client) -> capnp::Result<RemotePromise<connect_results::Owned>> {
    let mut request = plugin.connect_request();
    let mut params = grow::<connect_params::Builder<'_>>(pointer(request.hook.get()));
    let mut host = grow::<host_info::Builder<'_>>(params.reborrow().get_pointer_field(HOST));
    grow::<limits::Builder<'_>>(host.reborrow().get_pointer_field(LIMITS));
    let mut params = connect_params::Builder::from(params);
    fill(params.reborrow(), &[VERSION])?;
    params.get_host()?.init_features(1).set(0, FEATURE);
    Ok(request.send())
}

/// Makes a struct with more in it than its type has, all of which is set.
fn grow<'a, T: HasStructSize>(pointer: PointerBuilder<'a>) -> StructBuilder<'a> {
    let known = T::STRUCT_SIZE;
    let mut grown = pointer.init_struct(StructSize {
        data: known.data + MORE,
        pointers: known.pointers + MORE,
    });
    for more in 0..MORE {
        grown.set_data_field(usize::from(known.data + more), WORD);
        let pointer = usize::from(known.pointers + more);
        let mut text = grown.reborrow().get_pointer_field(pointer);
        text.set_text(TEXT.into());
    }
    grown
}

/// The pointer to the parameters of a call.
fn pointer(params: any_pointer::Builder<'_>) -> PointerBuilder<'_> {
    params.init_as::<Pointer<'_>>().0
}

struct Pointer<'a>(PointerBuilder<'a>);

impl<'a> FromPointerBuilder<'a> for Pointer<'a> {
    fn init_pointer(builder: PointerBuilder<'a>, _: u32) -> Self {
        Self(builder)
    }

    fn get_from_pointer(
        builder: PointerBuilder<'a>,
        _: Option<&'a [capnp::Word]>,
    ) -> capnp::Result<Self> {
        Ok(Self(builder))
    }
}
