//! What the tests of this crate start: a plugin that does what `Context.action` says, and that is a
//! wrong one if the variable `PROBE` says so.

#![expect(clippy::unwrap_used, reason = "a test panics")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test reads it")]

mod noting;

use std::io::Read;
use std::os::fd::{FromRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use otto_plugin::bindings::app::{App, CompileResult, Context, FoundationConfig, Meta, Tuple};
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::handshake::{HostInfo, Plugin, PluginClient, PluginConnectResults};
use otto_plugin::bindings::host::{Host, InputQuery, LogClient};
use otto_plugin::guest::log_layer;
use otto_plugin::testing;
use rustix::process::Signal;
use tokio::io::AsyncBufReadExt;
use tokio::sync::watch;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

struct Probe {
    in_flight: AtomicU16,
    peak: watch::Sender<u16>,
}

impl App for Probe {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "probe".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }

    async fn compile(&self, context: Context, host: Host) -> Result<CompileResult, Error> {
        match context.action.as_str() {
            "count" => self.count(&context).await,
            "block" => {
                let child = Command::new("sleep").arg("1000").spawn()?;
                let ids = format!("blocking {} {}", std::process::id(), child.id());
                host.ui.message(ids).await?;
                let (mut read, _write) = UnixStream::pair()?;
                read.read_exact(&mut [0])?;
                Err(Error::invalid("the read has ended"))
            }
            "environment" => {
                let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into());
                let names: Vec<String> = names.collect();
                host.ui.message(names.join(" ")).await?;
                Ok(CompileResult::default())
            }
            "log" => {
                noting::everything();
                Ok(CompileResult::default())
            }
            "log many" => {
                noting::many(number(&context)?);
                Ok(CompileResult::default())
            }
            "guard" => {
                let _guard = Guard(context.action_args.concat());
                host.ui.message("guarded").await?;
                std::future::pending().await
            }
            "wait" => {
                host.ui.message("waiting").await?;
                std::future::pending().await
            }
            "ask" => {
                host.ui.input(InputQuery::default()).await?;
                Ok(CompileResult::default())
            }
            "hold" => hold(&host).await,
            "hold forever" => {
                let _hold = host.hold();
                host.ui.message("holding").await?;
                std::future::pending().await
            }
            "keep" => {
                // What was lent is kept beyond the call, which blocks its thread.
                let kept = host.ui.clone();
                host.ui.message("keeping").await?;
                std::thread::park();
                drop(kept);
                Ok(CompileResult::default())
            }
            "child" => child(&context, &host).await,
            "last words" => {
                println!("last words on stdout");
                eprintln!("last words on stderr");
                host.ui.message("dying").await?;
                rustix::process::kill_process(rustix::process::getpid(), Signal::KILL).unwrap();
                std::future::pending().await
            }
            "freeze" => {
                host.ui.message("freezing").await?;
                rustix::process::kill_process(rustix::process::getpid(), Signal::STOP).unwrap();
                std::future::pending().await
            }
            "stall" => {
                // More than the threads that run an author's tasks.
                for _ in 0..8 {
                    tokio::spawn(async { std::thread::park() });
                }
                Ok(CompileResult::default())
            }
            "exit" => std::process::exit(7),
            "abort" => std::process::abort(),
            "panic" => panic!("the probe was told to"),
            other => Err(Error::unsupported(other)),
        }
    }

    async fn build(&self, context: Context, _host: Host) -> Result<(), Error> {
        // A program that prints what is left of the plugin's descriptors and outlives the call.
        let mut child = Command::new("sh");
        child.arg("-c").arg(&context.action);
        child.spawn()?;
        Ok(())
    }
}

/// Goes on when it is to stop, says why it was, and returns.
async fn hold(host: &Host) -> Result<CompileResult, Error> {
    let _hold = host.hold();
    host.ui.message("holding").await?;
    let reason = host.cancelled().await;
    // Nothing is dropped at an await.
    tokio::task::yield_now().await;
    host.ui.message(format!("put in order: {reason:?}")).await?;
    Err(Error::new(ErrorKind::Cancelled, "put in order"))
}

/// Starts a shell with a child, and waits for it.
async fn child(context: &Context, host: &Host) -> Result<CompileResult, Error> {
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").arg(context.action_args.concat());
    let mut child = host.spawn(command.stdout(Stdio::piped()))?;
    let stdout = child.stdout.take().unwrap();
    let mut lines = tokio::io::BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        host.ui.message(line).await?;
    }
    let status = child.wait().await?;
    Err(Error::invalid(format!("it has ended: {status}")))
}

/// Takes its time to clean up, and leaves a file when it has.
struct Guard(String);

impl Drop for Guard {
    fn drop(&mut self) {
        let (mut read, _write) = UnixStream::pair().unwrap();
        read.set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        read.read_exact(&mut [0]).unwrap_err();
        std::fs::write(&self.0, "cleaned").unwrap();
    }
}

impl Probe {
    /// Answers its argument and the peak of calls in flight, once there have been two.
    async fn count(&self, context: &Context) -> Result<CompileResult, Error> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak
            .send_if_modified(|peak| std::mem::replace(peak, now.max(*peak)) < now);
        let mut peak = self.peak.subscribe();
        let reached = peak.wait_for(|peak| *peak >= 2).await;
        reached.map_err(|error| Error::invalid(error.to_string()))?;
        let result = CompileResult {
            version: number(context)?,
            foundation_config: FoundationConfig {
                service_port: *self.peak.borrow(),
                ..FoundationConfig::default()
            },
            ..CompileResult::default()
        };
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        Ok(result)
    }
}

/// The first argument of the action.
fn number(context: &Context) -> Result<u32, Error> {
    let number = context.action_args.first();
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| Error::invalid("no number"))
}

/// A plugin that speaks other versions only.
struct Newer;

impl Plugin for Newer {
    async fn connect(&self, _: HostInfo, _: LogClient) -> Result<PluginConnectResults, Error> {
        let mut error = Error::new(ErrorKind::Incompatible, "too old a host");
        error.supported = vec![3, 4];
        Err(error)
    }
}

#[expect(
    unsafe_code,
    reason = "the descriptor is inherited, and this program is its owner"
)]
fn socket() -> UnixStream {
    let number: RawFd = std::env::var("OTTO_PLUGIN_FD").unwrap().parse().unwrap();
    // SAFETY: the host has opened it for this process, and nothing else here uses it.
    unsafe { UnixStream::from_raw_fd(number) }
}

fn main() {
    match std::env::var("PROBE").as_deref() {
        Ok("newer") => {
            let _served = testing::serve(socket(), &PluginClient::new(Newer)).unwrap();
            loop {
                std::thread::park();
            }
        }
        Ok("layer") => {
            tracing_subscriber::registry().with(log_layer()).init();
            tracing::trace!("before it is served");
        }
        Ok("threads") => {
            let _thread = std::thread::spawn(std::thread::park);
        }
        _ => {}
    }
    let probe = Probe {
        in_flight: AtomicU16::new(0),
        peak: watch::Sender::new(0),
    };
    let grace = std::env::var("GRACE_MS").ok();
    let grace = grace.map_or(5000, |grace| grace.parse().unwrap());
    otto_plugin::guest::Plugin::new(probe)
        .version("1.2.3")
        .cancel_grace(Duration::from_millis(grace))
        .serve()
}
