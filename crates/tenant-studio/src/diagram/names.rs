//! Names that are cut or broken so that a box has room for them.

/// The largest size of letters, in pixels.
const LARGEST: i32 = 44;

/// At most this many letters, with a sign for what is missing.
pub(super) fn short(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let kept = text.chars().take(letters.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// The name in lines, broken at underscores only, with the size at which they fit.
pub(super) fn large(name: &str, width: i32, height: i32) -> (Vec<String>, i32) {
    let parts = name.split_inclusive('_').collect::<Vec<_>>();
    let fitting = (1..=parts.len().clamp(1, 4)).map(|count| {
        let lines = broken(&parts, count);
        let size = size(&lines, width, height);
        (lines, size)
    });
    // Of two with the same size, the one with fewer lines.
    let largest = fitting.reduce(|best, next| if next.1 > best.1 { next } else { best });
    largest.unwrap_or_default()
}

/// The parts in this number of lines, each about as long as the others.
fn broken(parts: &[&str], count: usize) -> Vec<String> {
    let all = parts.iter().map(|part| part.chars().count()).sum::<usize>();
    let mut lines = vec![String::new()];
    let mut used = 0;
    for part in parts {
        let length = part.chars().count();
        // The part belongs to the line that has its middle.
        let is_next = (used + length / 2) * count >= all * lines.len();
        if is_next && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(part);
        }
        used += length;
    }
    lines
}

/// How large the letters can be. A letter of the font is at most 0.62 of its size wide on the
/// average.
fn size(lines: &[String], width: i32, height: i32) -> i32 {
    let longest = lines.iter().map(|line| line.chars().count()).max();
    let longest = i32::try_from(longest.unwrap_or(0)).unwrap_or(i32::MAX);
    let count = i32::try_from(lines.len()).unwrap_or(1).max(1);
    let by_width = width * 100 / longest.max(1).saturating_mul(62);
    let by_height = height * 10 / (count * 11);
    by_width.min(by_height).min(LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_broken_at_underscores_only() {
        let (lines, size) = large("subscription_items", 230, 90);
        assert_eq!(lines, ["subscription_", "items"]);
        assert!((25..=35).contains(&size), "{size}");
        let (lines, _) = large("customerportalsessions", 230, 90);
        assert_eq!(lines, ["customerportalsessions"]);
        let (lines, size) = large("users", 230, 90);
        assert_eq!(
            (lines.as_slice(), size),
            (["users".to_owned()].as_slice(), 44)
        );
    }

    #[test]
    fn a_long_name_ends_with_a_sign() {
        assert_eq!(short("abcdef", 4), "abc…");
        assert_eq!(short("äbcd", 4), "äbcd");
    }
}
