//! How long something took, and what it took of this process.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// One run of one side.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// How many tenants it worked on.
    pub(crate) tenants: usize,
    /// From start to end.
    pub(crate) seconds: f64,
    /// CPU time that the client used while it ran, on all its threads.
    pub(crate) cpu_seconds: f64,
    /// The most memory that the client ever had, where the system tells that.
    pub(crate) peak_bytes: Option<u64>,
}

/// A running stopwatch.
pub(crate) struct Stopwatch {
    begun: Instant,
    cpu: Duration,
}

impl Stopwatch {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self {
            cpu: cpu(),
            begun: Instant::now(),
        }
    }

    /// Stops it, after work on `tenants` tenants.
    pub(crate) fn stop(self, tenants: usize) -> Sample {
        Sample {
            tenants,
            seconds: self.begun.elapsed().as_secs_f64(),
            cpu_seconds: cpu().saturating_sub(self.cpu).as_secs_f64(),
            peak_bytes: peak(),
        }
    }
}

/// What this process has computed so far, threads that have ended included.
fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime)
        .try_into()
        .unwrap_or_default()
}

/// "High water mark" of the resident memory: Linux tells it in KiB.
///
/// Source: proc_pid_status(5).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let number = line.split_whitespace().next()?;
    number.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computing_takes_time_of_both_kinds_and_waiting_of_one() {
        let waiting = Stopwatch::start();
        std::thread::sleep(Duration::from_millis(50));
        let waited = waiting.stop(1);
        assert!(waited.seconds >= 0.05, "{waited:?}");
        assert!(waited.cpu_seconds < waited.seconds, "{waited:?}");
        let computing = Stopwatch::start();
        let sum = (0..5_000_000_u64).fold(0, |sum, next| std::hint::black_box(sum ^ next));
        let computed = computing.stop(1);
        assert!(computed.cpu_seconds > 0.0, "{computed:?} {sum}");
    }
}
