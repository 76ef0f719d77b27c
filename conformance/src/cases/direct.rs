//! DIR: a plugin that was not started by a host.

use std::rc::Rc;

use super::{Function, ended_or_not, seconds};
use crate::process::{Exit, Left, Process, listeners};
use crate::protocol::{COOKIE_VALUE, MESSAGE};
use crate::stage::{Listener, Rpc, Stage, Start, USUAL_DESCRIPTOR};
use crate::verdict::{Reason, Stop};
use crate::wire::{Link, Party};

pub(super) const CASES: &[(&str, Function)] = &[
    ("DIR-01", |stage| Box::pin(exits(stage))),
    ("DIR-02", |stage| Box::pin(says_what_it_is(stage))),
    ("DIR-03", |stage| Box::pin(compares_the_cookie(stage))),
    ("DIR-04", |stage| Box::pin(opens_nothing(stage))),
];

/// What a start without the right cookie came to.
struct Refusal {
    label: &'static str,
    process: Process,
    exit: Option<Exit>,
    /// What came over the socket.
    spoke: u64,
    _rpc: Option<Rpc>,
}

impl Refusal {
    /// Starts the plugin, and a host that asks for its bootstrap capability if there is a link.
    async fn of(
        stage: &Stage<'_>,
        label: &'static str,
        start: Start,
        link: Option<&Rc<Link>>,
    ) -> Result<Self, Stop> {
        let process = stage.start(label, start, link)?;
        let rpc = link.map(Rpc::start);
        let exit = match (link, &rpc) {
            (Some(link), Some(rpc)) => {
                let _asked = rpc.bootstrap();
                tokio::select! {
                    exit = process.exited(stage.limit()) => exit,
                    true = link.until(stage.limit(), |record| record.has_spoken(Party::Plugin)) => None,
                }
            }
            _ => process.exited(stage.limit()).await,
        };
        let spoke = link.map_or(0, |link| link.record(|record| record.bytes(Party::Plugin)));
        stage.did(format!("{label}: {}", ended_or_not(&process, exit)));
        Ok(Self {
            label,
            process,
            exit,
            spoke,
            _rpc: rpc,
        })
    }

    fn stdout(&self) -> Vec<u8> {
        self.process.stdout.bytes()
    }

    /// How it ended, in words.
    fn end(&self) -> String {
        format!("{}: {}", self.label, ended_or_not(&self.process, self.exit))
    }

    fn stderr(&self) -> Vec<u8> {
        self.process.stderr.bytes()
    }

    /// The process ended in time, by itself, with status 1, and said nothing where machines read.
    fn is_an_exit(&self, stage: &Stage<'_>) -> Result<(), Stop> {
        let expected = format!("exits with status 1 within {}", seconds(stage.limit()));
        let actual = self.end();
        let reason = match self.exit {
            _ if self.spoke > 0 => {
                let actual = format!(
                    "{}: it answered with {} bytes on its socket",
                    self.label, self.spoke
                );
                return Err(stage.fail(Reason::Served, "serves nobody", actual));
            }
            Some(Exit::Status(1)) => return self.is_silent(stage),
            Some(Exit::Status(0)) => Reason::ExitStatusZero,
            Some(Exit::Status(_) | Exit::Unseen) => Reason::ExitStatus,
            Some(Exit::Signal(_)) => Reason::KilledBySignal,
            None => Reason::StillRunning,
        };
        Err(stage.fail(reason, expected, actual))
    }

    fn is_silent(&self, stage: &Stage<'_>) -> Result<(), Stop> {
        let stdout = self.stdout();
        if stdout.is_empty() {
            return Ok(());
        }
        let actual = format!("{}: on stdout \"{}\"", self.label, stdout.escape_ascii());
        Err(stage.fail(Reason::StdoutNotEmpty, "nothing on stdout", actual))
    }
}

/// Without a cookie: as a person starts it, and as somebody does who passes a socket.
const WITHOUT_COOKIE: [&str; 2] = ["by hand", "with a socket"];

async fn refusal(stage: &Stage<'_>, label: &'static str) -> Result<Refusal, Stop> {
    if label == WITHOUT_COOKIE[0] {
        return Refusal::of(stage, label, Start::default(), None).await;
    }
    let (link, end) = stage.link()?;
    let start = Start::without_cookie(end, USUAL_DESCRIPTOR);
    Refusal::of(stage, label, start, Some(&link)).await
}

async fn exits(stage: &Stage<'_>) -> Result<(), Stop> {
    for label in WITHOUT_COOKIE {
        refusal(stage, label).await?.is_an_exit(stage)?;
    }
    Ok(())
}

async fn says_what_it_is(stage: &Stage<'_>) -> Result<(), Stop> {
    for label in WITHOUT_COOKIE {
        let refusal = refusal(stage, label).await?;
        let stderr = refusal.stderr();
        let reason = match refusal.exit {
            Some(Exit::Signal(_)) => {
                return Err(stage.fail(Reason::KilledBySignal, "exits by itself", refusal.end()));
            }
            _ if stderr == MESSAGE.as_bytes() => continue,
            _ if stderr.is_empty() => Reason::StderrEmpty,
            _ => Reason::StderrDiffers,
        };
        let expected = format!("on stderr \"{}\"", MESSAGE.escape_default());
        let actual = format!("{label}: on stderr \"{}\"", stderr.escape_ascii());
        return Err(stage.fail(reason, expected, actual));
    }
    Ok(())
}

async fn compares_the_cookie(stage: &Stage<'_>) -> Result<(), Stop> {
    let (link, end) = stage.link()?;
    let start = Start::without_cookie(end, USUAL_DESCRIPTOR);
    let none = Refusal::of(stage, "no cookie", start, Some(&link)).await?;
    for (label, cookie) in wrong_cookies(stage.random()) {
        let (link, end) = stage.link()?;
        let start = Start {
            cookie: Some(cookie),
            ..Start::without_cookie(end, USUAL_DESCRIPTOR)
        };
        let wrong = Refusal::of(stage, label, start, Some(&link)).await?;
        wrong.is_an_exit(stage)?;
        // What it does without a cookie is the business of other cases.
        if none.exit.is_some() && none.stderr() != wrong.stderr() {
            let expected = format!("as without a cookie, \"{}\"", none.stderr().escape_ascii());
            let actual = format!("{label}: \"{}\"", wrong.stderr().escape_ascii());
            return Err(stage.fail(Reason::StderrDiffers, expected, actual));
        }
    }
    Ok(())
}

fn wrong_cookies(random: u64) -> [(&'static str, String); 5] {
    let at = usize::try_from(random % COOKIE_VALUE.len() as u64).unwrap_or_default();
    let digit = if &COOKIE_VALUE[at..=at] == "0" {
        "1"
    } else {
        "0"
    };
    let one_digit = format!("{}{digit}{}", &COOKIE_VALUE[..at], &COOKIE_VALUE[at + 1..]);
    [
        ("empty cookie", String::new()),
        ("another cookie", "1".to_owned()),
        ("cookie with a wrong digit", one_digit),
        (
            "cookie without its end",
            COOKIE_VALUE[..COOKIE_VALUE.len() - 1].to_owned(),
        ),
        ("cookie and more", format!("{COOKIE_VALUE}0")),
    ]
}

async fn opens_nothing(stage: &Stage<'_>) -> Result<(), Stop> {
    let listener = Listener::unix(&stage.sandbox.suite(), "nobody")?;
    let before = stage.sandbox.snapshot();
    let (link, end) = stage.link()?;
    let start = Start {
        connect: Some(listener.address().to_owned()),
        ..Start::without_cookie(end, USUAL_DESCRIPTOR)
    };
    let process = stage.start("no cookie", start, Some(&link))?;
    let exit = process.exited(stage.limit()).await;
    stage.did(format!("no cookie: {}", ended_or_not(&process, exit)));
    // That it exits at all is the business of another case.
    if let Some(exit @ Exit::Signal(_)) = exit {
        return Err(stage.fail(Reason::KilledBySignal, "exits by itself", exit.to_string()));
    }
    link.drain();
    let spoke = link.record(|record| record.bytes(Party::Plugin));
    if spoke > 0 {
        let actual = format!("it wrote {spoke} bytes to its socket");
        return Err(stage.fail(Reason::Served, "serves nobody", actual));
    }
    if let Some(first) = listener.came() {
        let actual = format!("it dialled, and said \"{}\"", first.escape_ascii());
        return Err(stage.fail(Reason::Dialled, "dials nobody", actual));
    }
    let listening = listeners(process.pid());
    if !listening.is_empty() {
        return Err(stage.fail(Reason::Listens, "listens on nothing", listening.join(", ")));
    }
    let files = stage.sandbox.snapshot().since(&before);
    if !files.is_empty() {
        return Err(stage.fail(
            Reason::FileLeft,
            "no file made or changed",
            files.join(", "),
        ));
    }
    let left = process.left_behind(Left::Anything, stage.limit()).await;
    if let Some(left) = left.first() {
        let actual = crate::process::describe(*left);
        return Err(stage.fail(Reason::ProcessLeft, "no process left", actual));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wrong_cookie_is_the_right_one() {
        for random in 0..COOKIE_VALUE.len() as u64 {
            let wrong = wrong_cookies(random);
            assert!(wrong.iter().all(|(_, cookie)| cookie != COOKIE_VALUE));
            assert_eq!(wrong[2].1.len(), COOKIE_VALUE.len());
        }
    }
}
