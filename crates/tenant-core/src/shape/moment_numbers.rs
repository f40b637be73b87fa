//! Numbers that a moment gives: seconds since 1970, and years of two digits with a month.

/// The seconds of two days, as long as a trial can be away from the moment that is known.
const NEAR: u64 = 2 * 24 * 60 * 60;

/// How many of the unit a second has: of seconds, milliseconds and microseconds.
const UNITS: [u64; 3] = [1, 1_000, 1_000_000];

/// The moment in seconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Epoch(Option<u64>);

impl Epoch {
    pub(super) fn at(seconds: u64) -> Self {
        Self(Some(seconds))
    }

    /// Whether a number is near the moment, in one of the units.
    pub(super) fn is_near(self, number: &str) -> bool {
        let (Some(moment), Ok(number)) = (self.0, number.parse::<u64>()) else {
            return false;
        };
        let mut units = UNITS.iter();
        units.any(|unit| (number / unit).abs_diff(moment) <= NEAR)
    }

    /// Whether such a number stands in a text.
    pub(super) fn stands_in(self, text: &str) -> bool {
        let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
        self.0.is_some() && numbers.any(|number| self.is_near(number))
    }
}

/// A year and a month, each in two digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShortMonth {
    year: String,
    month: String,
}

impl ShortMonth {
    pub(super) fn new(year: usize, month: usize) -> Self {
        Self {
            year: format!("{:02}", year % 100),
            month: format!("{month:02}"),
        }
    }

    /// Whether such texts are these, one after the other, with signs that divide them.
    pub(super) fn is(&self, [before, year, between, month]: [&str; 4]) -> bool {
        let divides = |sign: &str| matches!(sign, "_" | "-" | "/");
        divides(before) && divides(between) && self.year == year && self.month == month
    }

    /// Sooner than the parts of a text tell.
    pub(super) fn may_stand_in(&self, text: &str) -> bool {
        text.contains(&self.year) && text.contains(&self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_near_the_moment_is_found_in_three_units() {
        let epoch = Epoch::at(1_796_040_000);
        for number in [
            "1796040000",
            "1796126400",
            "1796040000123",
            "1796040000123456",
        ] {
            assert!(epoch.is_near(number), "{number}");
        }
        for number in ["1796340000", "179604000", "17960400001", "2026", "1"] {
            assert!(!epoch.is_near(number), "{number}");
        }
        assert!(!Epoch::default().stands_in("1796040000"));
    }
}
