//! The progress bar of a run over several tenants.

use std::fmt::Write;

use command_line::Output;
use command_line::words::time;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tenant_core::{Outcome, Status};

use crate::report::words;

/// A bar on the terminal, or nothing where there is none to draw on.
pub(crate) struct Bar {
    bar: ProgressBar,
    output: Output,
}

impl Bar {
    /// A bar for `total` tenants.
    pub(crate) fn new(output: Output, total: usize) -> Self {
        let bar = if output.shows_progress() && total > 1 {
            ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX))
        } else {
            ProgressBar::hidden()
        };
        let template = "{bar:32} {pos}/{len} tenants, {rate}, {eta} left {msg:.red}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", rate));
        }
        Self { bar, output }
    }

    /// The number of tenants is known only now.
    pub(crate) fn set_total(&self, total: usize) {
        self.bar
            .set_length(u64::try_from(total).unwrap_or(u64::MAX));
    }

    /// One tenant has ended.
    pub(crate) fn ended(&self, outcome: &Outcome) {
        if outcome.status == Status::Failed {
            self.bar
                .set_message(format!("(failed: {}, ...)", outcome.name));
        }
        if self.output.is_verbose() {
            let text = format!(
                "{}: {}, {}",
                outcome.name,
                words(outcome),
                time(outcome.duration)
            );
            self.bar.suspend(|| self.output.detail(&text));
        }
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// How many tenants end in a second.
fn rate(state: &ProgressState, text: &mut dyn Write) {
    // Writing into a string does not fail.
    let _ = write!(text, "{:.0}/s", state.per_sec());
}
