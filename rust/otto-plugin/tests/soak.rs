//! Three plugins with fifty calls each in flight, for half a minute.

#![expect(clippy::unwrap_used, reason = "a test panics")]
#![expect(clippy::print_stdout, reason = "the figures are for whoever looks")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use otto_plugin::bindings::app::Context;
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{
    Diagnostic, InputAnswer, InputQuery, InputSource, ProgressStart, ProgressTask,
    ProgressTaskClient, Ui, UiClient,
};
use otto_plugin::host::{Launcher, Plugin, Services};
use support::resources::{Resources, resources};
use support::{example, probe, services};

/// How long it lasts.
const LONG: Duration = Duration::from_secs(30);

/// How long it takes until everything that is kept for later is there.
const WARM: Duration = Duration::from_secs(5);

/// How many calls of each plugin are in flight.
const IN_FLIGHT: usize = 50;

/// Counts what is said to the user, and answers every question with its default.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn count(&self) -> Result<(), Error> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Ui for Counting {
    async fn header(&self, _text: String) -> Result<(), Error> {
        self.count()
    }

    async fn message(&self, _text: String) -> Result<(), Error> {
        self.count()
    }

    async fn input(&self, query: InputQuery) -> Result<InputAnswer, Error> {
        self.count()?;
        Ok(InputAnswer {
            value: query.default.unwrap_or_default(),
            source: InputSource::Default,
            ..InputAnswer::default()
        })
    }

    async fn progress(&self, _start: ProgressStart) -> Result<ProgressTaskClient, Error> {
        self.count()?;
        Ok(ProgressTaskClient::new(self.clone()))
    }

    async fn diagnostic(&self, _diagnostic: Diagnostic) -> Result<(), Error> {
        self.count()
    }
}

impl ProgressTask for Counting {
    async fn update(&self, _units: u64, _message: String) -> Result<(), Error> {
        self.count()
    }

    async fn end(&self, _message: String) -> Result<(), Error> {
        self.count()
    }
}

/// Calls a plugin again and again, and gives how many calls that were.
async fn call(plugin: Plugin, action: &'static str, ui: Counting, end: Instant) -> usize {
    let services = Services {
        ui: UiClient::new(ui),
        ..services()
    };
    let mut calls = 0;
    while Instant::now() < end {
        let context = Context {
            action: action.into(),
            ..Context::default()
        };
        match action {
            "environment" => drop(plugin.compile(context, &services).await.unwrap()),
            _ => plugin.dev(context, &services).await.unwrap(),
        }
        calls += 1;
    }
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_of_several_plugins_side_by_side_all_succeed_and_leave_nothing() {
    let started = [
        (probe(), "environment"),
        (probe(), "environment"),
        (Launcher::new(example("otto-app-greeter")), ""),
    ];
    let mut plugins = Vec::new();
    for (launcher, action) in started {
        plugins.push((launcher.start().await.unwrap(), action));
    }
    let ui = Counting::default();
    let begin = |end: Instant| {
        let tasks = plugins.iter().flat_map(|(plugin, action)| {
            let ui = ui.clone();
            (0..IN_FLIGHT).map(move |_| tokio::spawn(call(plugin.clone(), action, ui.clone(), end)))
        });
        futures::future::join_all(tasks.collect::<Vec<_>>())
    };
    let look = || -> Vec<Resources> {
        let pids = plugins.iter().filter_map(|(plugin, _)| plugin.pid());
        pids.chain([std::process::id()]).map(resources).collect()
    };
    begin(Instant::now() + WARM).await;
    let before = look();
    ui.0.store(0, Ordering::Relaxed);
    let calls = begin(Instant::now() + LONG).await;
    let calls: usize = calls.into_iter().map(Result::unwrap).sum();
    println!(
        "{calls} calls and {} callbacks in {LONG:?}",
        ui.0.load(Ordering::Relaxed)
    );
    assert!(ui.0.load(Ordering::Relaxed) >= calls);
    for (before, after) in before.iter().zip(look()) {
        // How many calls run at the busiest moment is a matter of load, and each has a thread, which
        // stays for some seconds. The host serves the callbacks of all plugins. A thread that each call
        // leaves would be thousands.
        before.assert_steady(&after, plugins.len() * IN_FLIGHT, "a process");
    }
}
