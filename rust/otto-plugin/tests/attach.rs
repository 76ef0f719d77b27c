//! Plugins that a person starts, which is this test.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use otto_plugin::bindings::app::Context;
use otto_plugin::host::{
    Attach, Attaching, Blame, Phase, Plugin, PluginErrorCause, StartCause, Step, Transport,
    Variables,
};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use support::{example, services, soon};

/// A plugin that is killed at the latest when the test ends.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

fn probe(variables: &Variables) -> Started {
    let mut command = Command::new(example("otto-app-probe"));
    command.envs(variables.pairs()).stdin(Stdio::null());
    Started(command.spawn().unwrap())
}

fn attach() -> Attach {
    Plugin::attach("app-probe").host("the-test", "1")
}

fn address(attaching: &Attaching) -> String {
    let mut pairs = attaching.variables().pairs();
    pairs.find(|(name, _)| name.ends_with("CONNECT")).unwrap().1
}

fn action(name: &str) -> Context {
    Context {
        action: name.into(),
        ..Context::default()
    }
}

#[tokio::test]
async fn a_plugin_that_a_person_starts_is_a_plugin() {
    for transport in [Transport::Unix, Transport::Tcp] {
        let attaching = attach().transport(transport).listen().unwrap();
        let mut started = probe(attaching.variables());
        let plugin = soon(attaching.plugin()).await.unwrap();
        assert_eq!(plugin.path(), Path::new("app-probe"));
        assert_eq!((plugin.info().name.as_str(), plugin.pid()), ("probe", None));
        let ui = FakeUi::new();
        let services = testing::services(&ui, &MemoryDirectory::new());
        plugin
            .compile(action("environment"), &services)
            .await
            .unwrap();
        assert_eq!(ui.messages().len(), 1);

        let ended = soon(plugin.shut_down()).await;
        assert_eq!((ended.step, ended.exit), (Step::ShutDown, None));
        assert_eq!(started.0.wait().unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn what_is_to_be_pasted_is_one_line_for_a_shell() {
    let attaching = attach().listen().unwrap();
    let line = attaching.variables().to_string();
    assert_eq!(line.lines().count(), 1);
    let mut command = Command::new("sh");
    command.arg("-c").stdin(Stdio::null());
    command.arg(format!(
        "{line} exec {}",
        example("otto-app-probe").display()
    ));
    let _started = Started(command.spawn().unwrap());
    soon(attaching.plugin()).await.unwrap();
}

#[tokio::test]
async fn a_plugin_that_a_person_ends_is_disconnected() {
    let attaching = attach().listen().unwrap();
    let mut started = probe(attaching.variables());
    let plugin = soon(attaching.plugin()).await.unwrap();
    started.0.kill().unwrap();
    let error = soon(plugin.compile(action("block"), &services()))
        .await
        .unwrap_err();
    assert!(
        matches!(*error.cause, PluginErrorCause::Disconnected(_)),
        "{error}"
    );
    assert!(error.to_string().contains("app-probe"), "{error}");
}

#[tokio::test]
async fn a_person_who_does_not_start_it_leaves_nothing() {
    let attaching = attach().listen().unwrap();
    let address = address(&attaching);
    let path = Path::new(address.strip_prefix("unix:").unwrap()).to_owned();
    assert!(path.exists());
    let mut waiting = Box::pin(attaching.plugin());
    let waited = futures::poll!(&mut waiting);
    assert!(waited.is_pending());
    drop(waiting);
    assert!(!path.parent().unwrap().exists());

    let attaching = attach().listen().unwrap();
    let address = self::address(&attaching);
    drop(attaching);
    let path = Path::new(address.strip_prefix("unix:").unwrap());
    assert!(!path.parent().unwrap().exists());
}

#[tokio::test]
async fn what_dials_and_is_no_plugin_is_told_apart() {
    let attaching = attach().transport(Transport::Tcp).listen().unwrap();
    let [_, (_, address), (_, token)] = &attaching.variables().pairs().collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", attaching.variables())
    };
    assert!(!format!("{attaching:?}").contains(&token[..16]));
    let mut visitor = std::net::TcpStream::connect(address.strip_prefix("tcp:").unwrap()).unwrap();
    std::io::Write::write_all(&mut visitor, format!("{token}hello\n").as_bytes()).unwrap();
    let error = soon(attaching.plugin()).await.unwrap_err();
    assert_eq!(error.phase, Phase::Connect);
    let StartCause::NotAPlugin { first_bytes } = &*error.cause else {
        panic!("{error}")
    };
    assert_eq!(first_bytes, b"hello\n");
}

#[test]
fn what_a_person_starts_inherits_nothing() {
    let error = attach()
        .transport(Transport::Inherited)
        .listen()
        .unwrap_err();
    assert_eq!((error.phase, error.blame()), (Phase::Dial, Blame::Caller));
}
