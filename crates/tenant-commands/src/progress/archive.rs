//! How far an export or an import is: a line that changes on a terminal, and a line now and then
//! where there is none.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use command_line::Output;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use tenant_core::ArchiveProgress;

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(5);

/// The progress of an export or an import, as far as it is shown.
pub(crate) struct ArchiveBar {
    bar: ProgressBar,
    output: Output,
    told: Mutex<Instant>,
}

impl ArchiveBar {
    pub(crate) fn new(output: Output) -> Self {
        let bar = if output.shows_progress() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec} {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            output,
            told: Mutex::new(Instant::now()),
        }
    }

    /// It is as far as this.
    pub(crate) fn show(&self, progress: &ArchiveProgress<'_>) {
        self.bar.set_position(progress.bytes);
        self.bar.set_message(place(progress));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.output.shows_progress() && told.elapsed() >= INTERVAL {
            *told = Instant::now();
            self.output.note(&line(progress));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for ArchiveBar {
    fn drop(&mut self) {
        self.finish();
    }
}

fn place(progress: &ArchiveProgress<'_>) -> String {
    format!(
        "table {} of {}: {}",
        progress.number, progress.tables, progress.table
    )
}

fn line(progress: &ArchiveProgress<'_>) -> String {
    format!(
        "{} copied ({})",
        HumanBytes(progress.bytes),
        place(progress)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_is_copied_and_which_table_it_is_at() {
        let progress = ArchiveProgress::new("tasks", (2, 5), 3 << 20);
        assert_eq!(line(&progress), "3.00 MiB copied (table 2 of 5: tasks)");
    }
}
