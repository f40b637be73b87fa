//! How far something that is copied is: a bar on a terminal, and a line now and then
//! where there is none.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use command_line::Output;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use tenant_core::MoveProgress;

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(5);

/// The progress of a move, as far as it is shown.
pub(crate) struct CopyBar {
    bar: ProgressBar,
    output: Output,
    told: Mutex<Instant>,
}

impl CopyBar {
    pub(crate) fn new(output: Output) -> Self {
        let bar = if output.shows_progress() {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        let template = "{bar:32} {bytes}/{total_bytes} {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            output,
            told: Mutex::new(Instant::now()),
        }
    }

    /// It is as far as this.
    pub(crate) fn show(&self, progress: &MoveProgress) {
        self.bar.set_length(progress.total);
        self.bar.set_position(progress.copied.min(progress.total));
        self.bar.set_message(progress.step.clone());
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

impl Drop for CopyBar {
    fn drop(&mut self) {
        self.finish();
    }
}

fn line(progress: &MoveProgress) -> String {
    format!(
        "{} of {} copied ({})",
        // What was written meanwhile is copied, too, and not in the total.
        HumanBytes(progress.copied.min(progress.total)),
        HumanBytes(progress.total),
        progress.step.to_lowercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_much_is_there_and_what_is_being_done() {
        let progress = MoveProgress::new("Catching Up", 3 << 20, 4 << 20);
        let text = line(&progress);
        assert_eq!(text, "3.00 MiB of 4.00 MiB copied (catching up)");
    }
}
