//! A recording, for people.

use std::io;

use super::reader::{Item, Runs};
use super::recording::{Cut, Dropped, Ended, Line, Message, Started};
use super::session::{self, Context, Session};
use super::{tree, words};
use crate::report::{Screen, style};
use crate::wire::{How, Kind, Party, grouped};

/// Where the details of a message begin.
const INDENT: usize = 27;

/// Prints lines as they come, and what is left open at the end.
pub(super) struct Text<'a> {
    screen: &'a mut Screen,
    runs: Runs<Session>,
    /// The run that the last line was of.
    last: Option<String>,
}

impl<'a> Text<'a> {
    pub(super) fn new(screen: &'a mut Screen) -> Self {
        Self {
            screen,
            runs: Runs::default(),
            last: None,
        }
    }

    pub(super) fn take(&mut self, item: Item) -> io::Result<()> {
        match item {
            Item::Line(Line::Head(head)) => match head.case {
                Some(case) => self.say(&format!("case {}", words::line(&case))),
                None => Ok(()),
            },
            Item::Line(Line::Message(message)) => self.message(&message),
            Item::Line(Line::Started(started)) => self.started(&started),
            Item::Line(Line::Ended(ended)) => self.ended(&ended),
            Item::Line(Line::Cut(cut)) => self.cut(&cut),
            Item::Line(Line::Dropped(dropped)) => self.dropped(&dropped),
            Item::Unreadable { number, why } => {
                let bad = style::BAD;
                self.screen.answer(format_args!(
                    "{bad}line {number} is not one of a recording: {}{bad:#}",
                    words::line(&why)
                ))
            }
        }
    }

    /// What is left open in each session.
    pub(super) fn finish(self) -> io::Result<()> {
        let Self { screen, runs, .. } = self;
        for (run, session) in runs.into_iter() {
            let (bold, odd) = (style::BOLD, style::ODD);
            let unanswered = session.unanswered();
            let held = session.held();
            if unanswered.is_empty() && held.is_empty() {
                continue;
            }
            let run = words::line(&run);
            screen.answer(format_args!("\n{bold}at the end of {run}{bold:#}"))?;
            for open in unanswered {
                let asker = words::party(open.from);
                let withdrawn = match open.withdrawn {
                    true => ", and is wanted no more",
                    false => "",
                };
                screen.answer(format_args!(
                    "  {odd}unanswered{odd:#}  q{} {}, asked by the {asker} at {:.4} s{withdrawn}",
                    open.question,
                    words::line(&open.method),
                    open.asked
                ))?;
            }
            for held in held {
                let (holder, of) = (words::party(held.of.other()), words::party(held.of));
                screen.answer(format_args!(
                    "  held        {}, the {of}'s #{}, by the {holder} ({})",
                    words::line(&held.interface),
                    held.export,
                    references(held.references)
                ))?;
            }
        }
        Ok(())
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.screen.answer(format_args!("{text}"))
    }

    /// Says which session the next line is of, if the last one was of another.
    fn of(&mut self, run: &str) -> io::Result<()> {
        if self.last.as_deref() != Some(run) {
            let bold = style::BOLD;
            let (dim, name) = (style::DIM, words::line(run));
            let between = if self.last.is_some() { "\n" } else { "" };
            self.screen.answer(format_args!(
                "{between}{bold}{name}{bold:#}  {dim}→ from the host, ← from the plugin{dim:#}"
            ))?;
            self.last = Some(run.to_owned());
        }
        Ok(())
    }

    fn started(&mut self, started: &Started) -> io::Result<()> {
        self.of(&started.run)?;
        let how = match started.transport.as_str() {
            "inherited" => "on an inherited socket".to_owned(),
            other => format!("dialled over {}", words::line(other)),
        };
        let text = format!("{} {how}", words::line(&started.started));
        self.event(0.0, " ", &text)
    }

    fn ended(&mut self, ended: &Ended) -> io::Result<()> {
        self.of(&ended.run)?;
        let text = format!("the plugin {}", words::line(&ended.ended));
        self.event(ended.at, " ", &text)
    }

    fn cut(&mut self, cut: &Cut) -> io::Result<()> {
        self.of(&cut.run)?;
        let unfinished = match cut.unfinished {
            0 => String::new(),
            bytes => format!(", {} bytes into a message", grouped(bytes)),
        };
        let text = format!(
            "the {} sends no more: {}{unfinished}",
            words::party(cut.from),
            words::line(&cut.cut)
        );
        self.event(cut.at, arrow(cut.from), &text)
    }

    fn dropped(&mut self, dropped: &Dropped) -> io::Result<()> {
        self.of(&dropped.run)?;
        let odd = style::ODD;
        self.screen.answer(format_args!(
            "{odd}{} messages are not in this recording{odd:#}",
            dropped.dropped
        ))
    }

    fn event(&mut self, at: f64, arrow: &str, text: &str) -> io::Result<()> {
        let dim = style::DIM;
        self.screen.answer(format_args!(
            "{dim}{at:>10.4}{dim:#} {arrow} {dim}{text}{dim:#}"
        ))
    }

    fn message(&mut self, message: &Message) -> io::Result<()> {
        self.of(&message.run)?;
        let context = self.runs.of(&message.run).take(message);
        let (dim, style) = (style::DIM, kind_style(message.detail.kind));
        let (arrow, kind) = (arrow(message.from), message.detail.kind.name());
        let what = what(message, &context);
        self.screen.answer(format_args!(
            "{dim}{:>10.4}{dim:#} {arrow} {style}{kind:<13}{style:#} {what}",
            message.at
        ))?;
        if let Some(oddity) = &context.oddity {
            let odd = style::ODD;
            let oddity = words::line(oddity);
            self.screen
                .answer(format_args!("{:INDENT$}{odd}({oddity}){odd:#}", ""))?;
        }
        self.content(message, &context)
    }

    fn content(&mut self, message: &Message, context: &Context) -> io::Result<()> {
        let Message { from, detail, .. } = message;
        let dim = style::DIM;
        if let Some(content) = &detail.content {
            for line in tree::lines(content, &detail.capabilities, *from) {
                self.screen
                    .answer(format_args!("{:INDENT$}{dim}{line}{dim:#}", ""))?;
            }
            return Ok(());
        }
        if detail.kind == Kind::Resolve {
            return Ok(());
        }
        // Without a type there are no fields that the capabilities could stand in.
        let interface = match context.method.as_deref() {
            Some(session::BOOTSTRAP) => session::PLUGIN,
            _ => "capability",
        };
        for capability in &detail.capabilities {
            let told = words::capability(interface, Some(*capability), *from);
            self.screen
                .answer(format_args!("{:INDENT$}{dim}{told}{dim:#}", ""))?;
        }
        Ok(())
    }
}

fn arrow(from: Party) -> &'static str {
    match from {
        Party::Host => "→",
        Party::Plugin => "←",
    }
}

fn kind_style(kind: Kind) -> anstyle::Style {
    match kind {
        Kind::Abort | Kind::Unreadable | Kind::Unimplemented => style::BAD,
        Kind::Bootstrap | Kind::Call | Kind::Return => style::BOLD,
        _ => style::DIM,
    }
}

/// What a message says, beside its content.
fn what(message: &Message, context: &Context) -> String {
    let detail = &message.detail;
    let (sender, receiver) = (
        words::party(message.from),
        words::party(message.from.other()),
    );
    let question = detail
        .question
        .map_or_else(String::new, |id| format!("q{id}"));
    let method = context
        .method
        .as_deref()
        .map_or_else(String::new, |method| format!(" {}", words::line(method)));
    let target = || match &detail.target {
        Some(target) => words::target(target, receiver),
        None => "?".to_owned(),
    };
    let reason = || words::line(detail.reason.as_deref().unwrap_or_default());
    match detail.kind {
        Kind::Bootstrap => question,
        Kind::Call => {
            let method = words::line(&session::method(detail));
            format!("{question} {method} on {}", target())
        }
        Kind::Return => {
            let how = match detail.answer {
                Some(How::Null) => ", null".to_owned(),
                Some(How::Exception) => format!(", exception {}", reason()),
                Some(How::Canceled) => ", canceled".to_owned(),
                Some(How::Elsewhere) => ", in some other place".to_owned(),
                Some(How::Results) | None => String::new(),
            };
            let after = context.after.map_or_else(String::new, |after| {
                format!(", after {}", words::duration(after))
            });
            format!("{question}{method}{after}{how}")
        }
        Kind::Finish => format!("{question}{method}"),
        Kind::Release => {
            let id = detail.export.unwrap_or_default();
            let count = references(detail.references.unwrap_or_default().into());
            let interface = context
                .interface
                .as_deref()
                .map_or_else(String::new, |name| format!("{}, ", words::line(name)));
            let left = match context.left {
                None | Some(0) => String::new(),
                Some(left) => format!(", {left} left"),
            };
            format!("{interface}the {receiver}'s #{id}, {count}{left}")
        }
        Kind::Resolve => {
            let id = detail.export.unwrap_or_default();
            let interface = context.interface.as_deref().unwrap_or("capability");
            let to = match detail.capabilities.first() {
                Some(capability) => words::capability(interface, Some(*capability), message.from),
                None => format!("exception {}", reason()),
            };
            format!("the {sender}'s #{id} to {to}")
        }
        Kind::Disembargo => {
            let embargo = words::line(detail.embargo.as_deref().unwrap_or("?"));
            format!("{embargo}, on {}", target())
        }
        Kind::Unimplemented => match detail.of {
            Some(of) => format!("the {sender} does not know this {}", of.name()),
            None => String::new(),
        },
        Kind::Abort | Kind::Unreadable => reason(),
        Kind::Provide | Kind::Accept | Kind::Join | Kind::Other => words::line(&message.line),
    }
}

fn references(count: u64) -> String {
    match count {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    }
}
