//! Where text appears: lines above, bars below, and nothing while something else has the terminal.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::Write;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

/// How much text may wait while something else has the terminal, in bytes. What comes beyond is
/// counted only.
const WAITING_MAX: usize = 1 << 20;

/// The longest line that waits for its end while there are bars, in bytes.
const HELD_MAX: usize = 8 << 10;

/// A piece of text to be shown.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    /// The plugin whose `raw` it is: a line that it has begun goes on with its next one. Every other
    /// piece consists of whole lines.
    pub(super) raw: Option<String>,
}

/// Writes pieces in their order. Whoever uses it holds a lock around it.
pub(super) struct Surface {
    out: Box<dyn Write + Send>,
    /// Draws the bars, if there may be any.
    bars: Option<MultiProgress>,
    running: BTreeMap<u64, ProgressBar>,
    /// The line that was begun and has no end yet.
    open: Option<Open>,
    paused: bool,
    waiting: VecDeque<Piece>,
    waiting_bytes: usize,
    lost: usize,
}

/// A line without an end.
struct Open {
    plugin: String,
    /// What of it is not shown yet, because bars are in its place.
    held: String,
}

impl Surface {
    /// Takes where to write to, and whether that is standard error of a terminal, on which bars can
    /// be drawn.
    pub(super) fn new(out: Box<dyn Write + Send>, with_bars: bool) -> Self {
        Self {
            out,
            bars: with_bars.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr())),
            running: BTreeMap::new(),
            open: None,
            paused: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost: 0,
        }
    }

    /// Shows a piece, or keeps it for later if this is paused.
    pub(super) fn show(&mut self, piece: Piece) {
        if !self.paused {
            return self.write(piece);
        }
        if self.waiting_bytes + piece.text.len() > WAITING_MAX {
            self.lost += 1;
            return;
        }
        self.waiting_bytes += piece.text.len();
        self.waiting.push_back(piece);
    }

    /// Whether a task has a bar. Without them, its begin and its end are shown as lines.
    pub(super) fn has_bars(&self) -> bool {
        self.bars.is_some()
    }

    /// Shows the bar of a task, below those that are there.
    pub(super) fn add(&mut self, task: u64, bar: ProgressBar) -> ProgressBar {
        self.end_line();
        match &self.bars {
            Some(bars) => {
                let bar = bars.add(bar);
                self.running.insert(task, bar.clone());
                bar
            }
            None => bar,
        }
    }

    /// Takes away the bar of a task.
    pub(super) fn remove(&mut self, task: u64) {
        if let (Some(bars), Some(bar)) = (&self.bars, self.running.remove(&task)) {
            bar.finish_and_clear();
            bars.remove(&bar);
        }
    }

    /// Leaves the terminal to something else: no bar, no line from now on.
    pub(super) fn pause(&mut self) {
        self.end_line();
        self.paused = true;
        if let Some(bars) = &self.bars {
            // A terminal that cannot be written to is noticed by whoever needs it.
            let _ = bars.clear();
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// Shows what has waited, and goes on. It answers how many pieces were lost.
    pub(super) fn resume(&mut self) -> usize {
        self.paused = false;
        if let Some(bars) = &self.bars {
            bars.set_draw_target(ProgressDrawTarget::stderr());
        }
        for piece in std::mem::take(&mut self.waiting) {
            self.write(piece);
        }
        self.waiting_bytes = 0;
        for bar in self.running.values() {
            bar.tick();
        }
        std::mem::take(&mut self.lost)
    }

    /// Ends the line that is open, so that the next text begins a new one.
    pub(super) fn end_line(&mut self) {
        if let Some(open) = self.open.take() {
            self.put(&(open.held + "\n"));
        }
    }

    fn write(&mut self, piece: Piece) {
        let Piece { text, raw } = piece;
        if text.is_empty() {
            return;
        }
        let held = match (&raw, self.open.take()) {
            (Some(plugin), Some(open)) if *plugin == open.plugin => open.held,
            (_, Some(open)) => open.held + "\n",
            (_, None) => String::new(),
        };
        let mut text = held + &text;
        let Some(plugin) = raw.filter(|_| !ends_line(&text)) else {
            return self.put(&text);
        };
        let mut held = String::new();
        if !self.running.is_empty() {
            let line = text.rfind('\n').map_or(0, |at| at + 1);
            held = text.split_off(line);
            if held.len() > HELD_MAX {
                self.put(&(text + &held + "\n"));
                return;
            }
        }
        self.put(&text);
        self.open = Some(Open { plugin, held });
    }

    fn put(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let out = &mut self.out;
        let mut write = || {
            // There is nowhere to say that standard error cannot be written to.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        };
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }
}

/// Whether the next text begins a new line, whatever colours end after the line does.
fn ends_line(text: &str) -> bool {
    text.strip_suffix("\x1b[0m").unwrap_or(text).ends_with('\n')
}

impl Drop for Surface {
    fn drop(&mut self) {
        if self.paused {
            self.resume();
        }
        self.end_line();
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface")
            .field("running", &self.running.len())
            .field("paused", &self.paused)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
