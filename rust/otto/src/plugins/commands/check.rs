//! `otto plugins check`.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use otto_plugin::host::{Ended, Exit, Plugin, Step};

use super::milliseconds;
use super::subject::Subject;
use crate::plugins::catalogue::Opening;
use crate::plugins::error::PluginsError;
use crate::plugins::text::plain_path;

pub(super) async fn check(
    plugin: &str,
    opening: Opening<'_>,
    out: &mut (dyn Write + Send),
) -> Result<(), PluginsError> {
    let subject = Subject::of(plugin, &opening).await?;
    writeln!(out, "{}", plain_path(&subject.path))?;
    let plugin = match subject.start(&opening).await {
        Ok(plugin) => plugin,
        Err(error) => {
            let step = match &error {
                PluginsError::Start(error) => error.phase.to_string(),
                _ => "execute".into(),
            };
            failed(out, &step)?;
            return Err(error);
        }
    };
    // Whatever comes of it, the plugin has ended when this returns.
    let answered = answers(&plugin, out).await;
    let began = Instant::now();
    let ended = plugin.shut_down().await;
    answered?;
    match complaint(&ended) {
        None => Ok(passed(out, "shut down", began.elapsed())?),
        Some(how) => {
            failed(out, "shut down")?;
            Err(PluginsError::DidNotEnd {
                path: subject.path,
                how,
            })
        }
    }
}

async fn answers(plugin: &Plugin, out: &mut (dyn Write + Send)) -> Result<(), PluginsError> {
    if let Some(timings) = plugin.timings() {
        passed(out, "execute", timings.execute)?;
        passed(out, "connect", timings.connect)?;
        passed(out, "meta", timings.meta)?;
    }
    let began = Instant::now();
    match plugin.ping().await {
        Ok(()) => Ok(passed(out, "ping", began.elapsed())?),
        Err(error) => {
            failed(out, "ping")?;
            Err(PluginsError::Call(Box::new(error)))
        }
    }
}

/// What is wrong with an end.
fn complaint(ended: &Ended) -> Option<String> {
    match (ended.step, ended.exit) {
        (Step::ShutDown, Some(Exit::Status(0)) | None) => None,
        (Step::ShutDown, Some(exit)) => Some(format!("it {exit}, and should with status 0")),
        (Step::Close, _) => Some("it waited for the end of its connection".into()),
        (Step::Terminate, _) => Some("it had to be sent SIGTERM".into()),
        (Step::Kill, _) => Some("it had to be sent SIGKILL".into()),
    }
}

fn passed(out: &mut (dyn Write + Send), step: &str, took: Duration) -> io::Result<()> {
    writeln!(out, "  {step:<10} {:8.1} ms", milliseconds(took))
}

fn failed(out: &mut (dyn Write + Send), step: &str) -> io::Result<()> {
    writeln!(out, "  {step:<10}   failed")
}
