//! Sessions of a plugin whose host is the library, behind a recorder.

use std::collections::BTreeMap;
use std::fs;

use futures::executor::block_on;
use otto_plugin::bindings::app::Context;
use otto_plugin::host::{Exit, Launcher, Plugin, PluginErrorCause, Step, Transport};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};

use super::{Recorder, recorded, text};

const TRANSPORTS: [(Transport, &str); 3] = [
    (Transport::Inherited, "inherited"),
    (Transport::Unix, "unix"),
    (Transport::Tcp, "tcp"),
];

async fn start(recorder: &Recorder, transport: Transport) -> Plugin {
    let launcher = Launcher::new(&recorder.program)
        .host("tests", "1")
        .transports([transport]);
    launcher.start().await.expect("a session")
}

fn action(action: &str, argument: &str) -> Context {
    Context {
        action: action.into(),
        action_args: vec![argument.into()],
        ..Context::default()
    }
}

#[test]
fn calls_callbacks_and_a_large_blob_pass_on_every_transport() {
    let recorder = Recorder::of(recorded());
    for (transport, name) in TRANSPORTS {
        block_on(async {
            let plugin = start(&recorder, transport).await;
            assert_eq!(plugin.meta().tuples[0].app, "recorded");
            let (ui, directory) = (FakeUi::new(), MemoryDirectory::new());
            let services = testing::services(&ui, &directory);
            let size = 20 << 20;
            let stored = plugin
                .compile(action("blob", &size.to_string()), &services)
                .await;
            stored.expect("a blob");
            assert_eq!(directory.blob("blob"), Some(vec![7; size]));
            let ended = plugin.shut_down().await;
            assert_eq!(
                (ended.step, ended.exit),
                (Step::ShutDown, Some(Exit::Status(0)))
            );
        });
        let printed = recorder.printed();
        let started = match transport {
            Transport::Inherited => "on an inherited socket".to_owned(),
            _ => format!("dialled over {name}"),
        };
        assert!(printed.contains(&started), "{printed}");
        for line in [
            "Directory.putBlob",
            "key: \"blob\"",
            "stream: ByteStream, the host's #",
            "ByteStream.done",
            "size: 20971520",
            "Session.shutDown",
        ] {
            assert!(printed.contains(line), "no {line:?} in\n{printed}");
        }
        // What a chunk holds is told by its size and its hash.
        assert!(
            printed.contains("chunk: <262,144 bytes, SHA-256 "),
            "{printed}"
        );
        fs::remove_file(&recorder.file).expect("a recording");
    }
}

#[test]
fn secrets_are_in_no_recording() {
    let recorder = Recorder::of(recorded());
    block_on(async {
        let plugin = start(&recorder, Transport::Inherited).await;
        let ui = FakeUi::new()
            .answer("name", "open-answer")
            .answer("password", "hidden-answer");
        let services = testing::services(&ui, &MemoryDirectory::new());
        plugin
            .compile(action("ask", ""), &services)
            .await
            .expect("answers");
        let with_credentials = Context {
            infra_creds: BTreeMap::from([("access-key".into(), "hidden-credential".into())]),
            ..Context::default()
        };
        plugin
            .build(with_credentials, &services)
            .await
            .expect("a build");
        assert_eq!(ui.messages(), ["access-key"]);
        plugin.shut_down().await;
    });
    let recording = recorder.recording();
    assert!(!recording.contains("hidden-"), "{recording}");
    assert!(!recording.contains("default-password"), "{recording}");
    for open in ["open-answer", "default-name", "access-key"] {
        assert!(recording.contains(open), "no {open:?} in {recording}");
    }
    let printed = recorder.printed();
    assert!(
        printed.contains("[(key = \"access-key\", value = <secret>)]"),
        "{printed}"
    );
    assert!(
        printed.contains("answer: (value = <secret>, source = user"),
        "{printed}"
    );
    assert!(
        printed.contains("answer: (value = \"open-answer\""),
        "{printed}"
    );
}

#[test]
fn with_raw_every_byte_is_recorded() {
    let recorder = Recorder::with(recorded(), &["--raw"]);
    block_on(async {
        let plugin = start(&recorder, Transport::Inherited).await;
        let ui = FakeUi::new().answer("password", "hidden-answer");
        let services = testing::services(&ui, &MemoryDirectory::new());
        plugin
            .compile(action("ask", ""), &services)
            .await
            .expect("answers");
        plugin.shut_down().await;
    });
    let digits: String = "hidden-answer"
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let recording = recorder.recording();
    assert!(recording.contains(&digits), "{recording}");
    for line in recording.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(raw) = line["raw"].as_str() {
            assert_eq!(
                raw.len() as u64,
                2 * line["bytes"].as_u64().expect("a size")
            );
        }
    }
    // What is printed is the same as without it.
    assert!(!recorder.printed().contains("hidden-answer"));
}

#[test]
fn a_plugin_that_dies_in_a_call_is_seen_by_its_host_as_it_is() {
    let recorder = Recorder::of(recorded());
    block_on(async {
        let plugin = start(&recorder, Transport::Inherited).await;
        let services = testing::services(&FakeUi::new(), &MemoryDirectory::new());
        let error = plugin.compile(action("exit", ""), &services).await;
        let error = error.expect_err("it has exited");
        let PluginErrorCause::Died(exit) = *error.cause else {
            panic!("{error:?}")
        };
        assert_eq!(exit, Exit::Status(7));
    });
    let printed = recorder.printed();
    assert!(
        printed.contains("the plugin exited with status 7"),
        "{printed}"
    );
    assert!(printed.contains("unanswered  q"), "{printed}");
    assert!(
        printed.contains(" App.compile, asked by the host at "),
        "{printed}"
    );
    assert!(printed.contains("Ui, the host's #"), "{printed}");
}

#[test]
fn a_host_that_is_killed_takes_recorder_and_plugin_with_it() {
    let recorder = Recorder::of(recorded());
    let (mut child, host) = recorder.start();
    // The kernel closes the socket of a host that was killed, and sends nothing.
    drop(host);
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(0));
    let mut rest = Vec::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    // Nothing holds the pipe but what has ended.
    std::io::Read::read_to_end(&mut stderr, &mut rest).expect("an end of file");
    assert_eq!(text(&rest), "");
}
