//! A time that is given to a command.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use command_line::options::duration;

/// What is expected.
const EXPECTED: &str = "expected a time, such as 2h (from now), 2027-01-31, '2027-01-31 18:00' \
     (UTC) or 2027-01-31T18:00:00+01:00";

/// Reads a time in the future.
pub(crate) fn in_the_future(text: &str) -> Result<DateTime<Utc>, String> {
    let now = Utc::now();
    let time = read(text, now).ok_or_else(|| EXPECTED.to_owned())?;
    match time > now {
        true => Ok(time),
        false => Err("that time is in the past".to_owned()),
    }
}

fn read(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"];
    let mut read = forms
        .iter()
        .filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    if let Some(time) = read.next() {
        return Some(time.and_utc());
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_hms_opt(0, 0, 0)?.and_utc());
    }
    let is_bare = text.chars().all(|letter| letter.is_ascii_digit());
    let after = duration(text).ok().filter(|_| !is_bare)?;
    now.checked_add_signed(TimeDelta::from_std(after).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_time_is_read_and_a_number_alone_is_none() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let read = |text| read(text, now).map(|time| time.to_rfc3339());
        for (text, expected) in [
            ("2027-01-31", "2027-01-31T00:00:00+00:00"),
            ("2027-01-31 18:30", "2027-01-31T18:30:00+00:00"),
            ("2027-01-31T18:30", "2027-01-31T18:30:00+00:00"),
            ("2027-01-31 18:30:15", "2027-01-31T18:30:15+00:00"),
            ("2027-01-31T18:30:00+01:00", "2027-01-31T17:30:00+00:00"),
            ("2h", "2027-01-15T10:00:00+00:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for none in ["", "7", "tomorrow", "2027-13-01", "2027-01-31 25:00"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_time_in_the_past_is_refused() {
        let refused = in_the_future("2020-01-01").unwrap_err();
        assert_eq!(refused, "that time is in the past");
    }
}
