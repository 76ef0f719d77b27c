//! Callbacks, leases and conversions, over a socket pair in one process.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use otto_plugin::bindings::app::{CompileResult, Context};
use otto_plugin::bindings::appfile::{Appfile, Customization, Value};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{
    BuildRecord, Expect, Host, InputQuery, InputSource, Lookup, ProgressStart, UiClient,
};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory, UiCall};
use support::{Compile, services};

type Seen<T> = Arc<Mutex<T>>;

#[tokio::test]
async fn what_a_call_has_begun_to_say_is_shown_before_it_ends() {
    let ui = FakeUi::new();
    let app = Compile(|_, host: Host| async move {
        for number in 0..50 {
            let ui = host.ui.clone();
            let mut message = Box::pin(async move { ui.message(number.to_string()).await });
            // Begun in order, and awaited by nobody.
            let _ = futures::poll!(message.as_mut());
            tokio::spawn(message);
        }
        Ok(CompileResult::default())
    });
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin.compile(Context::default(), &services).await.unwrap();
    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(ui.messages(), expected);
}

#[tokio::test]
async fn what_was_lent_for_a_call_is_revoked_after_it() {
    let kept: Seen<Option<UiClient>> = Arc::default();
    let app = {
        let kept = Arc::clone(&kept);
        Compile(move |_, host: Host| {
            let kept = Arc::clone(&kept);
            async move {
                host.ui.message("during").await?;
                *kept.lock().unwrap() = Some(host.ui);
                Ok(CompileResult::default())
            }
        })
    };
    let ui = FakeUi::new();
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    plugin.compile(Context::default(), &services).await.unwrap();
    let late = kept.lock().unwrap().take().unwrap();
    let error = late.message("after").await.unwrap_err();
    assert_eq!(error.error().unwrap().kind, ErrorKind::Revoked);
    assert_eq!(ui.messages(), ["during"]);
}

#[tokio::test]
async fn what_an_author_keeps_across_an_await_may_be_large() {
    let app = Compile(|_, host: Host| async move {
        let kept = [7_u8; 200 << 10];
        host.ui.message("holding").await?;
        assert_eq!(kept[kept.len() - 1], 7);
        Ok(CompileResult::default())
    });
    let plugin = testing::plugin(app).await.unwrap();
    plugin
        .compile(Context::default(), &services())
        .await
        .unwrap();
}

#[tokio::test]
async fn errors_pass_through_a_plugin_whole() {
    let sent = Error::invalid("größer als erlaubt ✗")
        .with_help("zweite Zeile\nhilft")
        .at("Gemfile", 3)
        .with_cause(Error::new(
            ErrorKind::Denied,
            "remote exception: not a prefix",
        ));
    let expected = sent.clone();
    let app = Compile(move |_, _| {
        let sent = sent.clone();
        async move { Err(sent) }
    });
    let plugin = testing::plugin(app).await.unwrap();
    let error = plugin
        .compile(Context::default(), &services())
        .await
        .unwrap_err();
    assert_eq!(error.error(), Some(&expected));
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_an_error_that_the_author_may_pass_on() {
    let app = Compile(|context: Context, host: Host| async move {
        let query = InputQuery {
            id: context.action,
            ..InputQuery::default()
        };
        let answer = host.ui.input(query).await?;
        assert_eq!(answer.source, InputSource::User);
        host.ui.raw(answer.value).await?;
        Ok(CompileResult::default())
    });
    let ui = FakeUi::new().answer("name", "otto");
    let plugin = testing::plugin(app).await.unwrap();
    let services = testing::services(&ui, &MemoryDirectory::new());
    let ask = |id: &str| Context {
        action: id.into(),
        ..Context::default()
    };
    plugin.compile(ask("name"), &services).await.unwrap();
    assert!(ui.calls().contains(&UiCall::Raw("otto".into())));
    let error = plugin.compile(ask("other"), &services).await.unwrap_err();
    assert_eq!(error.error().unwrap().kind, ErrorKind::Aborted);
}

#[tokio::test]
async fn records_blobs_and_tasks_work_through_the_wire() {
    let lookup = Lookup {
        app_id: "a".into(),
        infra: "local".into(),
        ..Lookup::default()
    };
    let app = Compile(move |_, host: Host| {
        let lookup = lookup.clone();
        async move {
            let directory = &host.directory;
            assert_eq!(directory.get_build(lookup.clone()).await?, None);
            let record = BuildRecord {
                artifact: BTreeMap::from([("archive".into(), "app.tar.gz".into())]),
                ..BuildRecord::default()
            };
            let first = directory
                .put_build(lookup.clone(), record.clone(), Expect::Missing)
                .await?;
            let refused = directory.put_build(lookup.clone(), record.clone(), Expect::Missing);
            let refused = refused.await.unwrap_err();
            assert_eq!(refused.error().unwrap().kind, ErrorKind::Conflict);
            let found = directory.get_build(lookup.clone()).await?.unwrap();
            assert_eq!((found.stamp, found.artifact), (first, record.artifact));
            assert!(directory.delete_build(lookup.clone()).await?);
            assert!(!directory.delete_build(lookup).await?);

            let stream = directory.put_blob("key").await?;
            for part in 0..8 {
                stream.write(vec![part; 100_000]).await?;
            }
            assert_eq!(stream.done().await?, 800_000);
            assert_eq!(
                stream.done().await.unwrap_err().error().unwrap().kind,
                ErrorKind::Closed
            );
            let broken = directory.put_blob("broken").await?;
            broken.write(vec![1; 10]).await?;
            broken.abort(Error::invalid("stop")).await?;

            let task = host.ui.progress(ProgressStart {
                title: "t".into(),
                ..ProgressStart::default()
            });
            let task = task.await?;
            task.update(3, "half").await?;
            task.end("whole").await?;
            Ok(CompileResult::default())
        }
    });
    let (ui, directory) = (FakeUi::new(), MemoryDirectory::new());
    let plugin = testing::plugin(app).await.unwrap();
    plugin
        .compile(Context::default(), &testing::services(&ui, &directory))
        .await
        .unwrap();
    let expected: Vec<u8> = (0..8).flat_map(|part| vec![part; 100_000]).collect();
    assert!(directory.blob("key") == Some(expected));
    assert_eq!(directory.blob("broken"), None);
    let methods: Vec<_> = directory.calls().iter().map(|call| call.method).collect();
    assert_eq!(methods[..3], ["getBuild", "putBuild", "putBuild"]);
    assert!(
        ui.calls()
            .contains(&UiCall::ProgressUpdate(3, "half".into()))
    );
    assert!(ui.calls().contains(&UiCall::ProgressEnd("whole".into())));
}

#[tokio::test]
async fn every_form_of_configuration_arrives_as_it_was_sent() {
    let seen: Seen<Option<Context>> = Arc::default();
    let app = {
        let seen = Arc::clone(&seen);
        Compile(move |context, _| {
            *seen.lock().unwrap() = Some(context);
            async { Ok(CompileResult::default()) }
        })
    };
    let config = BTreeMap::from([
        (String::new(), Value::Null),
        ("bool".into(), Value::Bool(true)),
        ("float".into(), Value::Float(-0.0)),
        ("int".into(), Value::Int(i64::MIN)),
        ("large".into(), Value::Int((1 << 53) + 1)),
        (
            "list".into(),
            Value::List(vec![
                Value::Data(vec![0, 255]),
                Value::Text("ä\u{1F980}".into()),
            ]),
        ),
    ]);
    let sent = Context {
        dir: "/tmp/ü".into(),
        dev_ip_address: Some(String::new()),
        compile_result: Some(CompileResult::default()),
        infra_creds: BTreeMap::from([("b".into(), "2".into()), ("a".into(), "1".into())]),
        appfile: Appfile {
            customization: vec![Customization {
                r#type: "app".into(),
                config,
            }],
            ..Appfile::default()
        },
        ..Context::default()
    };
    let plugin = testing::plugin(app).await.unwrap();
    plugin.compile(sent.clone(), &services()).await.unwrap();
    let received = seen.lock().unwrap().take();
    assert_eq!(received, Some(sent));
}

#[tokio::test]
async fn a_value_may_nest_sixteen_deep_and_no_deeper() {
    let nested = |depth: u32| {
        let value = (1..depth).fold(Value::Null, |value, _| Value::List(vec![value]));
        let config = BTreeMap::from([("x".into(), value)]);
        let appfile = Appfile {
            customization: vec![Customization {
                r#type: "app".into(),
                config,
            }],
            ..Appfile::default()
        };
        Context {
            appfile,
            ..Context::default()
        }
    };
    let app = Compile(|_, _| async { Ok(CompileResult::default()) });
    let plugin = testing::plugin(app).await.unwrap();
    plugin.compile(nested(16), &services()).await.unwrap();
    let error = plugin
        .compile(nested(17), &services())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("17 deep") && error.contains("valueDepth is 16"),
        "{error}"
    );
}
