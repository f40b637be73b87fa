//! Durations as the file has them: `5s`, `10m`, `500ms`, `1h`, `0`.

use std::time::Duration;

/// PostgreSQL counts milliseconds in 32 bits.
const MOST_SECONDS: f64 = 2_000_000.0;

/// What is expected.
pub(crate) const EXPECTED: &str =
    "a duration with its unit (ms, s, m, or h), such as \"5s\", or \"0\"";

/// Reads a duration such as `5s`, `500ms`, `2m` or `0`; `None` if it has no unit, or is out of
/// range. The range is 0 to 2,000,000 seconds: PostgreSQL counts milliseconds in 32 bits.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * factor;
    let is_possible = (0.0..=MOST_SECONDS).contains(&seconds);
    is_possible.then(|| Duration::from_secs_f64(seconds))
}

/// The same text for people and for the file: `500ms`, `5s`, `10m`.
#[must_use]
pub fn text(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0 => "0".to_owned(),
        _ if milliseconds.is_multiple_of(60_000) => format!("{}m", milliseconds / 60_000),
        _ if milliseconds.is_multiple_of(1000) => format!("{}s", milliseconds / 1000),
        _ => format!("{milliseconds}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_its_unit() {
        for (written, read) in [
            ("5s", Some(5_000)),
            ("10m", Some(600_000)),
            ("500ms", Some(500)),
            ("1.5 h", Some(5_400_000)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("5", None),
            ("s", None),
            ("5 parsecs", None),
            ("-5s", None),
            ("1.2.3s", None),
            ("1000h", None),
            ("", None),
        ] {
            let read = read.map(Duration::from_millis);
            assert_eq!(parse(written), read, "{written}");
        }
        for text_of in ["0", "5s", "10m", "500ms"] {
            assert_eq!(text(parse(text_of).unwrap()), text_of);
        }
    }
}
