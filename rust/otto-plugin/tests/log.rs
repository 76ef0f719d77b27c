//! What a plugin notes with `tracing` and `log` reaches the host's log. Each test starts a process.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::appfile::Value;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{Log, LogLevel, LogRecord};
use otto_plugin::host::{Exit, Plugin, Step};
use support::{eventually, probe, services};
use tokio::sync::watch;

/// Keeps what is logged, when it is allowed to.
#[derive(Clone)]
struct Kept {
    records: Arc<Mutex<Vec<LogRecord>>>,
    begun: watch::Sender<usize>,
    allowed: watch::Sender<bool>,
}

impl Kept {
    fn new(allowed: bool) -> Self {
        Self {
            records: Arc::default(),
            begun: watch::Sender::new(0),
            allowed: watch::Sender::new(allowed),
        }
    }

    fn records(&self) -> Vec<LogRecord> {
        self.records.lock().unwrap().clone()
    }

    /// Gives the first records, once there are so many.
    async fn first(&self, count: usize) -> Vec<LogRecord> {
        eventually(|| Some(self.records()).filter(|records| records.len() >= count)).await
    }
}

impl Log for Kept {
    async fn write(&self, record: LogRecord) -> Result<(), Error> {
        self.records.lock().unwrap().push(record);
        self.begun.send_modify(|begun| *begun += 1);
        let mut allowed = self.allowed.subscribe();
        allowed.wait_for(|allowed| *allowed).await.unwrap();
        Ok(())
    }
}

async fn compile(plugin: &Plugin, action: &str, count: u32) {
    let context = Context {
        action: action.into(),
        action_args: vec![count.to_string()],
        ..Context::default()
    };
    plugin.compile(context, &services()).await.unwrap();
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_nanos()).unwrap()
}

fn messages(records: &[LogRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.message).collect()
}

#[tokio::test]
async fn a_record_arrives_with_its_level_target_time_and_fields() {
    let log = Kept::new(true);
    let plugin = probe().log(log.clone()).start().await.unwrap();
    let before = now();
    compile(&plugin, "log", 0).await;
    let records = log.first(3).await;
    let after = now();
    let expected = ["noted 1", "through the log crate", "large"];
    assert_eq!(messages(&records), expected);
    for record in &records {
        assert!(
            (before..=after).contains(&record.time_unix_ns),
            "{record:?}"
        );
    }

    let text = |text: &str| Value::Text(text.into());
    let around = [
        ("name".into(), text("inner")),
        ("shade".into(), text("red")),
        ("step".into(), Value::Int(3)),
    ];
    let mut fields = BTreeMap::from([
        (
            "error".into(),
            text("the file is damaged: cannot parse integer from empty string"),
        ),
        ("fits".into(), Value::Int(1)),
        ("flag".into(), Value::Bool(true)),
        ("large".into(), text("18446744073709551615")),
        ("list".into(), text("[1, 2]")),
        ("ratio".into(), Value::Float(0.5)),
        ("shown".into(), text("shown")),
        ("small".into(), Value::Int(-1)),
        ("text".into(), text("text")),
        ("type".into(), text("raw")),
    ]);
    fields.extend(around.clone());
    let record = &records[0];
    assert_eq!(
        (&*record.target, record.level),
        ("probe::values", LogLevel::Warn)
    );
    assert_eq!(record.fields, fields);

    let record = &records[1];
    assert_eq!(
        (&*record.target, record.level),
        ("probe::log", LogLevel::Error)
    );
    assert_eq!(record.fields, BTreeMap::from(around));

    let record = &records[2];
    assert_eq!(record.level, LogLevel::Info);
    for (field, size) in [("long", 100_000), ("deep", 20_002)] {
        let Value::Text(long) = &record.fields[field] else {
            panic!("{record:?}")
        };
        assert!(long.len() < 17_000, "{} bytes", long.len());
        assert!(long.ends_with(&format!("… ({size} bytes, cut)")));
    }
}

#[tokio::test]
async fn the_level_is_what_the_user_asks_for() {
    let log = Kept::new(true);
    let plugin = probe().env("RUST_LOG", "debug").log(log.clone());
    let plugin = plugin.start().await.unwrap();
    compile(&plugin, "log", 0).await;
    let records = log.first(4).await;
    let expected = [
        "noted 1",
        "below the level",
        "through the log crate",
        "large",
    ];
    assert_eq!(messages(&records), expected);
}

#[tokio::test]
async fn records_arrive_in_order_and_a_gap_says_how_many_are_missing() {
    const NOTED: i64 = 4000;
    let log = Kept::new(false);
    let plugin = probe().log(log.clone()).start().await.unwrap();
    compile(&plugin, "log many", 4000).await;
    log.allowed.send_replace(true);
    // There is room again for one more, which comes behind the gap.
    log.first(1000).await;
    compile(&plugin, "log many", 1).await;
    let (mut next, mut dropped) = (0, 0);
    let is_gap = |record: &LogRecord| record.fields.is_empty();
    let records = eventually(|| {
        let records = log.records();
        let complete = records.last()?.fields.get("number") == Some(&Value::Int(0));
        (complete && records.iter().any(is_gap)).then_some(records)
    })
    .await;
    for record in &records[..records.len() - 1] {
        if is_gap(record) {
            assert_eq!(record.level, LogLevel::Warn);
            let count = record.message.split(' ').next().unwrap();
            let count: i64 = count.parse().unwrap();
            dropped += count;
            next += count;
        } else {
            assert_eq!(record.fields["number"], Value::Int(next));
            next += 1;
        }
    }
    assert_eq!(next, NOTED);
    assert!((NOTED - 1100..NOTED - 1000).contains(&dropped), "{dropped}");
}

#[tokio::test]
async fn what_waits_is_logged_before_the_plugin_ends() {
    let log = Kept::new(false);
    let plugin = probe().log(log.clone()).start().await.unwrap();
    compile(&plugin, "log many", 100).await;
    let ending = tokio::spawn(async move { plugin.shut_down().await });
    let mut begun = log.begun.subscribe();
    begun.wait_for(|begun| *begun > 0).await.unwrap();
    log.allowed.send_replace(true);
    let ended = ending.await.unwrap();
    assert_eq!(
        (ended.step, ended.exit),
        (Step::ShutDown, Some(Exit::Status(0)))
    );
    assert_eq!(log.records().len(), 100);
}

/// Fails in each way there is.
struct Broken;

impl Log for Broken {
    async fn write(&self, record: LogRecord) -> Result<(), Error> {
        assert_ne!(record.fields["number"], Value::Int(1), "the log panics");
        Err(Error::new(ErrorKind::Unavailable, "the disk is full"))
    }
}

#[tokio::test]
async fn a_log_that_fails_or_hangs_fails_no_call() {
    let plugin = probe().log(Broken).start().await.unwrap();
    compile(&plugin, "log many", 100).await;
    plugin.ping().await.unwrap();
    let plugin = probe().log(Kept::new(false)).start().await.unwrap();
    compile(&plugin, "log many", 2000).await;
    plugin.ping().await.unwrap();
}

#[tokio::test]
async fn a_plugin_may_have_a_subscriber_of_its_own_and_use_it_before_the_host_is_there() {
    let log = Kept::new(true);
    let plugin = probe().env("PROBE", "layer").log(log.clone());
    let plugin = plugin.start().await.unwrap();
    compile(&plugin, "log", 0).await;
    let records = log.first(5).await;
    assert_eq!(messages(&records)[..2], ["before it is served", "noted 1"]);
    assert_eq!(records[0].level, LogLevel::Trace);
}
