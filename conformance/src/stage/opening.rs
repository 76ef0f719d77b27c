//! The ways in which a plugin and a host get connected.

use std::os::fd::RawFd;
use std::rc::Rc;
use std::time::Instant;

use super::hello::{read_hello, say_hello};
use super::listener::{Listener, read_first};
use super::{NoAnswer, Rpc, Session, Stage, Start, USUAL_DESCRIPTOR, with_exit};
use crate::process::{Process, Table, Watched};
use crate::protocol::{CONNECT, COOKIE_VALUE, TOKEN, TOKEN_BYTES};
use crate::verdict::{Reason, Stop};
use crate::wire::{Answer, Link, Party, Stream};

impl<'a> Session<'a> {
    /// Starts the plugin in the ordinary way, and connects to it.
    ///
    /// A plugin that has once said nothing in all the time that it had is not tried again in the
    /// same run, since that would cost each case this time.
    pub(crate) async fn open(stage: &'a Stage<'a>, label: &str) -> Result<Self, Stop> {
        let silent = &stage.settings.silent;
        if let Some(told) = silent.get() {
            stage.is_not_tried();
            let expected = "an ordinary start is answered";
            return Err(stage.fail(Reason::NoSession, expected, told));
        }
        let began = Instant::now();
        let (link, end) = stage.link()?;
        let start = Start::by_host(end, USUAL_DESCRIPTOR);
        let process = stage.start(label, start, Some(&link))?;
        let opened = Self::greet(stage, label, process, link.clone()).await;
        let spoke = link.record(|record| record.bytes(Party::Plugin)) > 0;
        if opened.is_err() && !spoke && began.elapsed() >= stage.start_limit() {
            let limit = stage.start_limit().as_secs_f64();
            let case = &stage.case.id;
            let _ = silent.set(format!(
                "not tried: in {case}, an ordinary start was not answered within {limit:.1} s"
            ));
        }
        opened
    }

    /// Starts it with another number for the descriptor, and an address that it does not need.
    pub(crate) async fn open_at(
        stage: &'a Stage<'a>,
        label: &str,
        descriptor: RawFd,
        connect: &str,
    ) -> Result<Self, Stop> {
        let (link, end) = stage.link()?;
        let start = Start {
            connect: Some(connect.to_owned()),
            ..Start::by_host(end, descriptor)
        };
        let process = stage.start(label, start, Some(&link))?;
        Self::greet(stage, label, process, link).await
    }

    /// Starts it in the ordinary way, but for where, as what, and with what around it.
    pub(crate) async fn open_as(
        stage: &'a Stage<'a>,
        label: &str,
        start: Start,
    ) -> Result<Self, Stop> {
        let (link, end) = stage.link()?;
        let start = Start {
            cookie: Some(COOKIE_VALUE.to_owned()),
            descriptor: Some((end, USUAL_DESCRIPTOR)),
            ..start
        };
        let process = stage.start(label, start, Some(&link))?;
        Self::greet(stage, label, process, link).await
    }

    /// Starts the plugin without a socket, and waits for it to dial and to connect.
    pub(crate) async fn dialled(
        stage: &'a Stage<'a>,
        label: &str,
        listener: &Listener,
    ) -> Result<Self, Stop> {
        let token = stage.token();
        let start = Start {
            cookie: Some(COOKIE_VALUE.to_owned()),
            connect: Some(listener.address().to_owned()),
            token: Some(token.clone()),
            ..Start::default()
        };
        let process = stage.start(label, start, None)?;
        let stream = stage.accept(&process, listener).await?;
        stage.did(format!("{label}: it dialled {}", listener.address()));
        stage.read_token(&process, &stream, &token).await?;
        let link = Link::on(stream, stage.began);
        stage.attach(&link);
        Self::greet(stage, label, process, link).await
    }

    /// Has the plugin started by another process, which can be killed as a host can be: it alone
    /// has what a host has of a plugin, once this link is closed.
    pub(crate) async fn by_stand_in(
        stage: &'a Stage<'a>,
        label: &str,
    ) -> Result<(Self, Watched), Stop> {
        let (link, end) = stage.link()?;
        let stand_in = stage.start_stand_in(label, end, &link)?;
        let session = Self::greet(stage, label, stand_in, link).await?;
        let children = Table::now().children_of(session.process.pid());
        match children[..] {
            [plugin] => Ok((session, Watched::of(plugin)?)),
            // It ends with its plugin.
            [] => {
                let actual = "it has ended".to_owned();
                let actual = with_exit(stage, actual, &session.process, &session.rpc).await?;
                let expected = "a connected plugin runs as long as its host does";
                Err(stage.fail(Reason::NotAnswered, expected, actual))
            }
            _ => Err(Stop::Harness(format!(
                "the stand-in has the children {children:?}, and not the plugin alone"
            ))),
        }
    }

    /// Connects to a plugin that has been started.
    pub(crate) async fn greet(
        stage: &'a Stage<'a>,
        label: &str,
        process: Process,
        link: Rc<Link>,
    ) -> Result<Self, Stop> {
        let rpc = Rpc::start(&link);
        let deadline = Instant::now() + stage.start_limit();
        let within = || deadline.saturating_duration_since(Instant::now());
        let hello = async {
            let unanswered = |what: &str| {
                let what = what.to_owned();
                move |error: NoAnswer| format!("{what}: {error}")
            };
            let (plugin, answer) = rpc
                .answered_bootstrap(within())
                .await
                .map_err(unanswered("bootstrap"))?;
            if answer != (Answer::Results { null: false }) {
                return Err("bootstrap: answered without a capability".to_owned());
            }
            let hello = say_hello(&plugin).map_err(|error| error.to_string())?;
            let answer = rpc.answer(hello.promise, within()).await;
            let answer = answer.map_err(unanswered("Plugin.connect"))?;
            read_hello(&answer).map(|(session, info)| (plugin, session, info))
        };
        match hello.await {
            Ok((plugin, session, info)) => {
                stage.did(format!("{label}: connected"));
                Ok(Self {
                    stage,
                    process,
                    rpc,
                    link,
                    plugin,
                    session,
                    info,
                })
            }
            Err(actual) => {
                let actual = with_exit(stage, actual, &process, &rpc).await?;
                stage.gave_no_session(&process, &link, rpc.is_over());
                Err(stage.fail(
                    Reason::NoSession,
                    "Plugin.connect answers with a session",
                    actual,
                ))
            }
        }
    }
}

impl Stage<'_> {
    /// Waits for the plugin to dial.
    async fn accept(&self, process: &Process, listener: &Listener) -> Result<Stream, Stop> {
        let limit = self.start_limit();
        let nobody = tokio::select! {
            biased;
            stream = listener.accept() => return Ok(stream?),
            exit = process.exited(limit) => exit,
        };
        let actual = match nobody {
            Some(exit) => format!("the plugin {exit}"),
            None => format!(
                "nobody came within {:.1} s; {}",
                limit.as_secs_f64(),
                crate::process::describe(process.pid())
            ),
        };
        let expected = format!("it dials {}, the address in {CONNECT}", listener.address());
        Err(self.fail(Reason::NotDialled, expected, actual))
    }

    /// Reads what the plugin says first.
    async fn read_token(
        &self,
        process: &Process,
        stream: &Stream,
        token: &str,
    ) -> Result<(), Stop> {
        let first = read_first(stream, TOKEN_BYTES, self.answer_limit()).await;
        if first == token.as_bytes() {
            return Ok(());
        }
        let reason = match first.len() {
            TOKEN_BYTES => Reason::TokenDiffers,
            _ => Reason::TokenMissing,
        };
        let expected = format!("it says the {TOKEN_BYTES} bytes of {TOKEN} first, {token}");
        let said = match &first[..] {
            [] => "it said nothing".to_owned(),
            bytes => format!("it said \"{}\"", bytes.escape_ascii()),
        };
        let actual = match process.exit() {
            Some(exit) => format!("{said}; the plugin {exit}"),
            None => said,
        };
        Err(self.fail(reason, expected, actual))
    }
}
