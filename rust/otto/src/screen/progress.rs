//! Tasks that take time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

use super::Screen;
use super::escape;
use super::event::{Event, Outcome, Unit};

/// How often the sign of a task turns that nobody knows the length of.
const TURN: Duration = Duration::from_millis(100);

/// How much of a title stands before a bar, in characters: there is to be room for the bar.
const TITLE_MAX: usize = 40;

/// A task on the screen: a line of its own on a terminal, which moves; otherwise a line at its begin
/// and one at its end. Dropping it without [`end`](Self::end) shows it as given up.
#[derive(Debug)]
pub(crate) struct Task {
    screen: Screen,
    plugin: Option<String>,
    id: u64,
    title: String,
    bar: Option<ProgressBar>,
    ended: AtomicBool,
}

impl Screen {
    /// Shows that something takes time. `total` is how much there is to do, if that is known.
    pub(crate) fn task(&self, title: impl Into<String>, total: Option<u64>, unit: Unit) -> Task {
        Task::begin(self, None, title.into(), total, unit)
    }
}

impl Task {
    pub(super) fn begin(
        screen: &Screen,
        plugin: Option<String>,
        title: String,
        total: Option<u64>,
        unit: Unit,
    ) -> Self {
        let id = screen.0.tasks.fetch_add(1, Ordering::Relaxed);
        let mut surface = screen.surface();
        let bar = surface.has_bars().then(|| {
            let bar = ProgressBar::hidden().with_finish(ProgressFinish::AndClear);
            bar.set_style(style(total, unit));
            bar.set_prefix(
                escape::line(&title)
                    .chars()
                    .take(TITLE_MAX)
                    .collect::<String>(),
            );
            match total {
                Some(total) => bar.set_length(total),
                None => bar.unset_length(),
            }
            let bar = surface.add(id, bar);
            bar.tick();
            if total.is_none() {
                bar.enable_steady_tick(TURN);
            }
            bar
        });
        drop(surface);
        if bar.is_none() {
            let title = title.clone();
            let begun = Event::TaskBegun {
                task: id,
                title,
                total,
                unit,
            };
            screen.show(plugin.as_deref(), begun);
        }
        Self {
            screen: screen.clone(),
            plugin,
            id,
            title,
            bar,
            ended: AtomicBool::new(false),
        }
    }

    /// Says how much has been done since the begin, and of what it is at. An empty message leaves the
    /// last one. It answers false if the task has ended, and does nothing then.
    pub(crate) fn update(&self, units: u64, message: &str) -> bool {
        if self.ended.load(Ordering::Acquire) {
            return false;
        }
        if let Some(bar) = &self.bar {
            bar.set_position(units);
            if !message.is_empty() {
                bar.set_message(escape::line(message).into_owned());
            }
        }
        true
    }

    /// Says that the task is complete, with a last message, which may be empty. It answers false if
    /// it had ended already, and does nothing then.
    pub(crate) fn end(&self, message: &str) -> bool {
        self.close(message, Outcome::Completed)
    }

    fn close(&self, message: &str, outcome: Outcome) -> bool {
        if self.ended.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.screen.surface().remove(self.id);
        let ended = Event::TaskEnded {
            task: self.id,
            title: self.title.clone(),
            message: message.to_owned(),
            outcome,
        };
        self.screen.show(self.plugin.as_deref(), ended);
        true
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.close("", Outcome::GivenUp);
    }
}

fn style(total: Option<u64>, unit: Unit) -> ProgressStyle {
    // The templates are right, as the test shows; the plain bar shows what matters as well.
    ProgressStyle::with_template(template(total.is_some(), unit))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn template(is_known: bool, unit: Unit) -> &'static str {
    match (is_known, unit) {
        (true, Unit::Items) => "    {prefix} [{bar:24}] {pos}/{len} {wide_msg}",
        (true, Unit::Bytes) => {
            "    {prefix} [{bar:24}] {binary_bytes}/{binary_total_bytes} {wide_msg}"
        }
        (false, Unit::Items) => "  {spinner} {prefix} {wide_msg}",
        (false, Unit::Bytes) => "  {spinner} {prefix} {binary_bytes} {wide_msg}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_right() {
        for (is_known, unit) in [
            (true, Unit::Items),
            (true, Unit::Bytes),
            (false, Unit::Items),
            (false, Unit::Bytes),
        ] {
            ProgressStyle::with_template(template(is_known, unit)).unwrap();
        }
    }
}
