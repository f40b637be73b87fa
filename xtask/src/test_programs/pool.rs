//! Several programs at a time, and what each says in one piece.

use std::{
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A program to run.
pub(super) struct Job {
    /// What it is called.
    pub(super) name: String,
    /// How it is started.
    pub(super) command: Command,
}

/// Runs `jobs` in their order, `at_a_time` of them together, and shows the output of
/// each when it has ended; gives back the names of those that failed, sorted.
pub(super) fn run(jobs: Vec<Job>, at_a_time: usize, show: &(dyn Fn(&str) + Sync)) -> Vec<String> {
    let total = jobs.len();
    let waiting = Mutex::new(jobs.into_iter());
    let next = || {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next()
    };
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..at_a_time.min(total) {
            scope.spawn(|| {
                while let Some(job) = next() {
                    let name = job.name.clone();
                    if !run_one(job, show) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(name);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort();
    failed
}

/// Whether it succeeds.
fn run_one(Job { name, mut command }: Job, show: &(dyn Fn(&str) + Sync)) -> bool {
    let started = Instant::now();
    let ended = command.stdin(Stdio::null()).output();
    let duration = started.elapsed();
    match ended {
        Err(error) => {
            show(&format!("error: could not start {name}: {error}"));
            false
        }
        Ok(output) => {
            let [results, rest] = [output.stdout, output.stderr].map(|text| readable(&text));
            let heading = heading(&name, output.status.success(), duration);
            show(&format!("\n{heading}\n{results}{rest}"));
            output.status.success()
        }
    }
}

fn readable(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn heading(name: &str, is_well: bool, duration: Duration) -> String {
    let verdict = if is_well { "passed" } else { "FAILED" };
    format!("==> {name}: {verdict} in {:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job {
            name: name.to_owned(),
            command,
        }
    }

    #[test]
    fn those_that_fail_are_named_and_stop_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ran");
        let touch = format!("touch {}", file.display());
        let missing = Job {
            name: "a missing one".to_owned(),
            command: Command::new("no-such-program-anywhere"),
        };
        let jobs = vec![job("z", "exit 3"), job("killed", "kill -9 $$"), missing];
        let jobs = jobs.into_iter().chain([job("last", &touch)]).collect();
        assert_eq!(run(jobs, 1, &|_| {}), ["a missing one", "killed", "z"]);
        assert!(file.exists());
    }

    #[test]
    fn several_run_together() {
        let folder = tempfile::tempdir().unwrap();
        // Each waits for what the other makes.
        let meet = |mine: &str, other: &str| {
            let path = |name: &str| folder.path().join(name).display().to_string();
            let wait = "for i in $(seq 500); do [ -e \"$1\" ] && exit 0; sleep 0.02; done; exit 1";
            format!("touch {}; set -- {}; {wait}", path(mine), path(other))
        };
        let jobs = vec![job("a", &meet("a", "b")), job("b", &meet("b", "a"))];
        assert_eq!(run(jobs, 2, &|_| {}), Vec::<String>::new());
    }
}
