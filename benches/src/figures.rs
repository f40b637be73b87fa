//! From the runs of a measurement to its figures.

use serde::Serialize;

use crate::arguments::{Measure, Side};
use crate::stopwatch::Sample;

/// The runs of one measurement.
#[derive(Debug)]
pub(crate) struct Runs {
    measure: Measure,
    ours: Vec<Sample>,
    plain: Vec<Sample>,
}

/// One measurement's figures.
#[derive(Debug, Serialize)]
pub(crate) struct Measurement {
    /// What was measured.
    pub(crate) name: Measure,
    /// How many tenants one run worked on.
    pub(crate) tenants: usize,
    /// `tenant-core`.
    pub(crate) ours: Option<Figures>,
    /// Hand-written SQL.
    pub(crate) plain: Option<Figures>,
    /// Ours in terms of plain, by time.
    pub(crate) ratio: Option<f64>,
}

/// The median of each figure of one side's runs.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) seconds: f64,
    pub(crate) ms_per_tenant: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_bytes: Option<f64>,
    /// The seconds of each run, in their order.
    runs: Vec<f64>,
}

impl Runs {
    /// None yet.
    pub(crate) fn new(measure: Measure) -> Self {
        Self {
            measure,
            ours: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// What is measured.
    pub(crate) fn measure(&self) -> Measure {
        self.measure
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, side: Side, sample: Sample) {
        match side {
            Side::Ours => self.ours.push(sample),
            Side::Plain => self.plain.push(sample),
        }
    }

    /// The figures.
    pub(crate) fn measurement(&self) -> Measurement {
        let (ours, plain) = (figures(&self.ours), figures(&self.plain));
        let any = self.plain.iter().chain(&self.ours).next();
        let seconds = |side: &Option<Figures>| side.as_ref().map(|side| side.seconds);
        Measurement {
            name: self.measure,
            tenants: any.map_or(0, |sample| sample.tenants),
            ratio: seconds(&ours)
                .zip(seconds(&plain))
                .map(|(one, two)| one / two),
            ours,
            plain,
        }
    }
}

fn figures(samples: &[Sample]) -> Option<Figures> {
    let seconds = median(samples.iter().map(|sample| sample.seconds))?;
    let tenants = samples.first()?.tenants;
    #[expect(
        clippy::cast_precision_loss,
        reason = "tenants and bytes are far below 2^52"
    )]
    Some(Figures {
        seconds,
        ms_per_tenant: 1_000.0 * seconds / tenants as f64,
        cpu_seconds: median(samples.iter().map(|sample| sample.cpu_seconds))?,
        peak_bytes: median(
            samples
                .iter()
                .filter_map(|sample| sample.peak_bytes)
                .map(|it| it as f64),
        ),
        runs: samples.iter().map(|sample| sample.seconds).collect(),
    })
}

/// The middle one; of two middle ones the mean.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted = figures.collect::<Vec<_>>();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0, 1.0, 9.0].into_iter()), Some(3.0));
        assert_eq!(median([3.0, 1.0, 9.0, 5.0].into_iter()), Some(4.0));
    }

    #[test]
    fn a_side_that_was_not_measured_has_no_figures_and_no_ratio() {
        let sample = Sample {
            tenants: 10,
            seconds: 2.0,
            cpu_seconds: 0.5,
            peak_bytes: None,
        };
        let mut runs = Runs::new(Measure::Claim);
        runs.add(Side::Plain, sample);
        let measurement = runs.measurement();
        assert!(measurement.ours.is_none() && measurement.ratio.is_none());
        assert_eq!(measurement.plain.unwrap().ms_per_tenant, 200.0);
        runs.add(Side::Ours, sample);
        assert_eq!(runs.measurement().ratio, Some(1.0));
    }
}
