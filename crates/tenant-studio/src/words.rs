//! Numbers and names as people read them.

use maud::{Markup, html};

/// A name that may be broken behind its underscores, and nowhere else.
pub(crate) fn broken(name: &str) -> Markup {
    let parts = name.split_inclusive('_').collect::<Vec<_>>();
    // Of several underscores in a row only the last is an opportunity.
    let is_break = |at: usize| parts.get(at + 1).is_some_and(|next| !next.starts_with('_'));
    html! {
        span.broken {
            @for (at, part) in parts.iter().enumerate() {
                (part) @if is_break(at) { wbr; }
            }
        }
    }
}

/// A size in the largest unit that keeps it above one.
pub(crate) fn bytes(size: i64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut rest = size.max(0).unsigned_abs();
    let mut tenths = 0;
    let mut unit = 0;
    while rest >= 1024 && unit + 1 < UNITS.len() {
        tenths = rest % 1024 * 10 / 1024;
        rest /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if rest < 10 && unit > 0 {
        return format!("{rest}.{tenths} {name}");
    }
    format!("{rest} {name}")
}

/// A number of rows that is an estimate.
pub(crate) fn estimated(rows: f64) -> String {
    format!("~{}", grouped(&format!("{rows:.0}")))
}

/// A number with a comma after each thousand.
pub(crate) fn counted(number: i64) -> String {
    grouped(&number.to_string())
}

/// How many there are, with the word for one.
pub(crate) fn named(count: usize, one: &str) -> String {
    let number = counted(i64::try_from(count).unwrap_or(i64::MAX));
    let ending = if count == 1 { "" } else { "s" };
    format!("{number} {one}{ending}")
}

fn grouped(digits: &str) -> String {
    let length = digits.len();
    let mut text = String::with_capacity(length + length / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0
            && (length - index).is_multiple_of(3)
            && digit.is_ascii_digit()
            && !text.ends_with('-')
        {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_digit_behind_the_point_while_they_are_small() {
        let sizes = [0, 1023, 1024, 8192, 15_000, 1_572_864, 1 << 41];
        let words = [
            "0 B", "1023 B", "1.0 kB", "8.0 kB", "14 kB", "1.5 MB", "2.0 TB",
        ];
        assert_eq!(sizes.map(bytes), words);
    }

    #[test]
    fn a_name_may_break_behind_an_underscore() {
        let of = |name| broken(name).into_string();
        assert_eq!(of("users"), "<span class=\"broken\">users</span>");
        let expected = "<span class=\"broken\">a_<wbr>b__<wbr>c_</span>";
        assert_eq!(of("a_b__c_"), expected);
    }

    #[test]
    fn thousands_are_kept_apart() {
        let numbers = [0, 999, 1000, 1_234_567, -1000, -100];
        assert_eq!(
            numbers.map(counted),
            ["0", "999", "1,000", "1,234,567", "-1,000", "-100"]
        );
        assert_eq!(estimated(1e6), "~1,000,000");
    }
}
