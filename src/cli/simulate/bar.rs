//! Progress, for whoever sits at a terminal; elsewhere nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};

use crate::simulation::Progress;

/// A bar on standard error.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Days that pass.
    pub(super) fn days(days: u32) -> Self {
        Self::of(u64::from(days), "day {pos} of {len} {wide_bar} {msg}")
    }

    /// Seeds that are done.
    pub(super) fn seeds(seeds: u64) -> Self {
        Self::of(seeds, "{pos} of {len} seeds {wide_bar} {eta}")
    }

    /// A search for a smaller scenario. Nobody knows how long it takes.
    pub(super) fn search() -> Self {
        let bar = Self::of(0, "a rule was broken; {pos} smaller scenarios tried");
        bar.0.tick();
        bar
    }

    fn of(length: u64, template: &str) -> Self {
        // It draws on standard error, and only where that is a terminal.
        let bar = ProgressBar::new(length);
        let style = ProgressStyle::with_template(template);
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// It has come so far.
    pub(super) fn day(&self, progress: &Progress) {
        self.0.set_position(u64::from(progress.days));
        self.0.set_message(format!("{} records", progress.records));
    }

    /// So many are done.
    pub(super) fn tried(&self, number: u32) {
        self.0.set_position(u64::from(number));
    }

    /// Takes it away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
