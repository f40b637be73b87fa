//! What the figures should be. They are goals for a quiet machine, and never
//! a reason to fail: a timing that others can disturb proves nothing.

use serde::Serialize;

use crate::arguments::Measure;
use crate::figures::Measurement;

/// A goal, and how far it was reached.
#[derive(Debug, Serialize)]
pub(crate) struct Target {
    /// What is to be achieved, in words.
    pub(crate) name: &'static str,
    /// The largest figure that is good enough.
    pub(crate) target: f64,
    /// The figure, if there is one.
    pub(crate) value: Option<f64>,
    /// Whether it is good enough.
    pub(crate) met: Option<bool>,
}

/// All targets, compared with the measurements.
pub(crate) fn of(measurements: &[Measurement]) -> Vec<Target> {
    let find = |name| measurements.iter().find(|it| it.name == name);
    let ratio = |name| find(name)?.ratio;
    let ours = |name| find(name)?.ours.as_ref();
    let seconds = |name| Some(ours(name)?.seconds);
    let peak = |name| Some(ours(name)?.peak_bytes? / 1e6);
    let reading = [Measure::Pending, Measure::Health, Measure::Shapes].map(peak);
    let reading = reading.into_iter().flatten().max_by(f64::total_cmp);
    vec![
        target("create: times plain", 1.1, ratio(Measure::Create)),
        target("migrate: times plain", 1.1, ratio(Measure::Migrate)),
        target(
            "claim a spare: ms",
            20.0,
            ours(Measure::Claim).map(|figures| figures.ms_per_tenant),
        ),
        target("nothing pending: seconds", 1.0, seconds(Measure::Pending)),
        target("nothing pending: times plain", 2.0, ratio(Measure::Pending)),
        target("health: seconds", 3.0, seconds(Measure::Health)),
        target("shapes: seconds", 30.0, seconds(Measure::Shapes)),
        target("peak memory on the fleet: MB", 60.0, reading),
        // At least 0.9 of the throughput.
        target("query: times plain", 1.0 / 0.9, ratio(Measure::Query)),
    ]
}

fn target(name: &'static str, target: f64, value: Option<f64>) -> Target {
    Target {
        name,
        target,
        value,
        met: value.map(|value| value <= target),
    }
}

impl Target {
    /// A line about it.
    pub(crate) fn line(&self) -> String {
        let Self { name, target, .. } = self;
        match (self.value, self.met) {
            (Some(value), Some(met)) => {
                let verdict = if met { "met" } else { "not met" };
                format!("{verdict:<12}  {name}: {value:.2} (at most {target:.2})")
            }
            _ => format!("not measured  {name} (at most {target:.2})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_held_against_its_target() {
        for (value, met) in [
            (Some(1.1), Some(true)),
            (Some(1.2), Some(false)),
            (None, None),
        ] {
            assert_eq!(target("x", 1.1, value).met, met);
        }
    }

    #[test]
    fn without_measurements_nothing_is_met() {
        let targets = of(&[]);
        assert_eq!(targets.len(), 9);
        assert!(
            targets
                .iter()
                .all(|target| target.line().starts_with("not measured"))
        );
    }
}
