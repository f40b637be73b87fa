//! What a run over several tenants shows while it goes on: a bar on a terminal,
//! and a line now and then where there is none.

mod archive;
mod copying;

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use command_line::Output;
use command_line::words::time;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use tenant_core::{Outcome, Progress, Status};
use tokio::task::AbortHandle;

use crate::report::words;

pub(crate) use archive::ArchiveBar;
pub(crate) use copying::CopyBar;

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(5);

/// The progress of a run, as far as it is shown.
pub(crate) struct Bar {
    bar: ProgressBar,
    output: Output,
    counts: Arc<Counts>,
    lines: Option<AbortHandle>,
}

/// How far a run has come.
struct Counts {
    started: Instant,
    total: AtomicUsize,
    ended: AtomicUsize,
    failed: AtomicUsize,
}

impl Bar {
    /// The progress of `total` tenants. To be called while a command runs.
    pub(crate) fn new(output: Output, total: usize) -> Self {
        let counts = Arc::new(Counts {
            started: Instant::now(),
            total: AtomicUsize::new(total),
            ended: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        });
        let on_terminal = output.shows_progress() && total > 1;
        let bar = if on_terminal {
            ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX))
        } else {
            ProgressBar::hidden()
        };
        let template = "{bar:32} {pos}/{len} tenants, {rate}, {eta} left {msg:.red}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", rate));
        }
        let lines = (!output.shows_progress()).then(|| {
            let lines = write_lines(output, Arc::clone(&counts));
            tokio::spawn(lines).abort_handle()
        });
        Self {
            bar,
            output,
            counts,
            lines,
        }
    }

    /// What a run tells.
    pub(crate) fn follow(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Planned { behind } => self.set_total(*behind),
            Progress::Ended(outcome) => self.ended(outcome),
            _ => {}
        }
    }

    /// The number of tenants is known only now.
    fn set_total(&self, total: usize) {
        self.counts.total.store(total, Ordering::Relaxed);
        self.bar
            .set_length(u64::try_from(total).unwrap_or(u64::MAX));
    }

    /// One tenant has ended.
    pub(crate) fn ended(&self, outcome: &Outcome) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        if outcome.status == Status::Failed {
            let failed = 1 + self.counts.failed.fetch_add(1, Ordering::Relaxed);
            self.bar
                .set_message(format!("({failed} failed, the last one {})", outcome.name));
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
        if let Some(lines) = &self.lines {
            lines.abort();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Says every few seconds how far the run has come.
async fn write_lines(output: Output, counts: Arc<Counts>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Some(line) = counts.line(counts.started.elapsed()) {
            output.note(&line);
        }
    }
}

impl Counts {
    /// How far it is after `elapsed`; nothing as long as the total is not known.
    fn line(&self, elapsed: Duration) -> Option<String> {
        let total = self.total.load(Ordering::Relaxed);
        if total == usize::MAX {
            return None;
        }
        let ended = self.ended.load(Ordering::Relaxed);
        let mut line = format!("{ended} of {total} tenants done");
        let failed = self.failed.load(Ordering::Relaxed);
        if failed > 0 {
            line.push_str(&format!(", {failed} failed"));
        }
        if ended > 0 {
            let one = elapsed.div_f64(ended as f64);
            let left = one.mul_f64(total.saturating_sub(ended) as f64);
            let rate = 1.0 / one.as_secs_f64().max(f64::EPSILON);
            line.push_str(&format!(", {rate:.0}/s, {} left", time(left)));
        }
        Some(line)
    }
}

/// How many tenants end in a second.
fn rate(state: &ProgressState, text: &mut dyn Write) {
    // Writing into a string does not fail.
    let _ = write!(text, "{:.0}/s", state.per_sec());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_is_done_how_fast_and_how_long_it_will_take() {
        let counts = |total, ended, failed| Counts {
            started: Instant::now(),
            total: AtomicUsize::new(total),
            ended: AtomicUsize::new(ended),
            failed: AtomicUsize::new(failed),
        };
        let line = |counts: Counts| counts.line(Duration::from_secs(10));
        assert_eq!(line(counts(usize::MAX, 0, 0)), None);
        assert_eq!(line(counts(5, 0, 0)).unwrap(), "0 of 5 tenants done");
        assert_eq!(
            line(counts(500, 100, 2)).unwrap(),
            "100 of 500 tenants done, 2 failed, 10/s, 40.0 s left"
        );
    }
}
