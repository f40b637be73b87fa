//! Trials at random moments: how many there are, which moments they are, and
//! what came of them.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::told::say;

/// Whether there is time for many trials, as `cargo xtask test --long` says.
#[must_use]
pub fn long() -> bool {
    std::env::var("TEST_LONG").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// Whether the pictures of the documents are to be written anew.
#[must_use]
pub fn pictures() -> bool {
    std::env::var("TEST_PICTURES").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// Whether the tests on a cluster are to be run, as `cargo xtask test --citus` says.
#[must_use]
pub fn is_citus_wanted() -> bool {
    std::env::var("TEST_CITUS").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// The cluster that they are to use instead of starting one, if one is named.
#[must_use]
pub fn citus_url() -> Option<String> {
    let url = std::env::var("CITUS_DATABASE_URL").ok();
    url.filter(|url| !url.is_empty())
}

/// How many trials to make: `ordinary`, or `many` where there is time.
#[must_use]
pub fn rounds(ordinary: usize, many: usize) -> usize {
    if long() { many } else { ordinary }
}

/// A row of trials, with their chance and their figures.
///
/// The figures are shown in the end where many trials were made, and whenever
/// the test fails; then the seed is what makes it choose the same moments again.
#[derive(Debug)]
pub struct Trials {
    what: &'static str,
    seed: u64,
    chance: StdRng,
    figures: Vec<(&'static str, usize)>,
    wrong: Vec<String>,
}

impl Trials {
    /// Trials of `what`, none of which has been made.
    ///
    /// # Panics
    ///
    /// When the seed that is given is no number.
    #[must_use]
    pub fn of(what: &'static str) -> Self {
        let given = std::env::var("TEST_SEED").ok();
        let given = given.map(|seed| seed.parse().expect("TEST_SEED is a number"));
        let seed = given.unwrap_or_else(rand::random);
        Self {
            what,
            seed,
            chance: StdRng::seed_from_u64(seed),
            figures: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// A moment of something that takes as long as `whole`, any of which is as
    /// likely as any other.
    pub fn moment(&mut self, whole: Duration) -> Duration {
        whole.mul_f64(self.chance.random_range(0.0..1.0))
    }

    /// One of several.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        let chosen = several.choose(&mut self.chance);
        chosen.expect("there is something to choose from")
    }

    /// Adds `more` to a figure. They are shown in the order in which they were
    /// first added to.
    pub fn count(&mut self, figure: &'static str, more: usize) {
        match self.figures.iter_mut().find(|(known, _)| *known == figure) {
            Some((_, sum)) => *sum += more,
            None => self.figures.push((figure, more)),
        }
    }

    /// Notes what is not as it should be, and when that was `found`.
    pub fn wrong(&mut self, when: &str, found: &[String]) {
        let found = found.iter().map(|found| format!("{when}: {found}"));
        self.wrong.extend(found);
    }

    /// Fails when anything was wrong.
    ///
    /// # Panics
    ///
    /// Then. What it was is shown with the figures.
    pub fn end(self) {
        let found = self.wrong.len();
        assert!(found == 0, "{}: {found} inconsistencies", self.what);
    }

    fn summary(&self) -> String {
        let figures = self.figures.iter();
        let figures = figures.map(|(figure, sum)| format!("{sum} {figure}, "));
        let wrong = self.wrong.iter().map(|wrong| format!("  {wrong}\n"));
        format!(
            "{}: {}inconsistencies found: {} (TEST_SEED={})\n{}",
            self.what,
            figures.collect::<String>(),
            self.wrong.len(),
            self.seed,
            wrong.collect::<String>()
        )
    }
}

impl Drop for Trials {
    fn drop(&mut self) {
        if long() || std::thread::panicking() {
            say(&self.summary());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_added_up_and_told_in_their_order() {
        let mut trials = Trials::of("killed runs");
        for _ in 0..3 {
            trials.count("tried", 1);
        }
        trials.count("under way", 2);
        let summary = trials.summary();
        let expected = "killed runs: 3 tried, 2 under way, inconsistencies found: 0 (TEST_SEED=";
        assert!(summary.starts_with(expected), "{summary}");
    }

    #[test]
    fn what_was_wrong_is_told_with_its_time() {
        let mut trials = Trials::of("killed runs");
        trials.wrong("after round 7", &["no schema".to_owned()]);
        let summary = trials.summary();
        assert!(summary.contains("inconsistencies found: 1 ("), "{summary}");
        assert!(
            summary.ends_with(")\n  after round 7: no schema\n"),
            "{summary}"
        );
    }

    #[test]
    fn trials_in_which_something_was_wrong_fail_in_the_end() {
        let mut trials = Trials::of("trials that have to fail");
        trials.wrong("always", &["it is so".to_owned()]);
        let ended = std::thread::spawn(|| trials.end()).join();
        assert!(ended.is_err());
    }

    #[test]
    fn moments_lie_within_the_whole_and_differ() {
        let mut trials = Trials::of("moments");
        let whole = Duration::from_secs(10);
        let moments = [0; 20].map(|_| trials.moment(whole));
        assert!(moments.iter().all(|moment| *moment < whole));
        assert!(moments.iter().any(|moment| *moment != moments[0]));
    }
}
