//! Fingerprints of SQL texts: what a text does, in a few characters. They show later whether a text
//! is still the one that was applied.
//!
//! Fingerprints are kept in databases for years, so each contains its version: `v1:` and 16
//! hexadecimal digits. The tokens of a text must never change for `v1`, and the tests compare it
//! with existing digits. A different fingerprint gets its own number, and `v1` remains for existing
//! records.

use sha2::{Digest, Sha256};

use crate::token::tokens;

/// What a fingerprint made by [`fingerprint`] begins with.
pub const V1: &str = "v1:";

/// How many bytes of the hash are kept. Two texts of one migration are compared, not a
/// text with all others, so eight are plenty.
const BYTES: usize = 8;

/// The fingerprint of `text`, run in a transaction or outside one.
///
/// Comments, whitespace between tokens, and line ends (`\r\n` or `\n`) do not count, so formatting
/// a file does not change its fingerprint. The case of words does count.
#[must_use]
pub fn fingerprint(text: &str, in_transaction: bool) -> String {
    // In a function's body they are part of the token.
    let digits = digits(text, in_transaction, |token| token.replace("\r\n", "\n"));
    format!("{V1}{digits}")
}

/// The fingerprint without a version, as earlier programs wrote it. Its digits equal those of `v1`,
/// except for texts with `\r\n` inside a string or a body, where line ends counted.
#[must_use]
pub fn unversioned_fingerprint(text: &str, in_transaction: bool) -> String {
    digits(text, in_transaction, str::to_owned)
}

fn digits(text: &str, in_transaction: bool, counted: impl Fn(&str) -> String) -> String {
    let mut hash = Sha256::new();
    hash.update([u8::from(in_transaction)]);
    for token in tokens(text).filter(|token| !token.is_trivia()) {
        hash.update(counted(token.text));
        // Text cannot hold it, so no two lists of tokens look alike.
        hash.update([0]);
    }
    let digits = hash.finalize();
    let digits = digits.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// Whether `stored` certainly belongs to another text than `now`, which [`fingerprint`] returned.
///
/// Digits without a version, as earlier programs wrote them, count as `v1`.
/// [`unversioned_fingerprint`] describes the exceptions. Fingerprints of later versions cannot be
/// compared, so the result is false.
#[must_use]
pub fn was_edited(stored: &str, now: &str) -> bool {
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let digits = |text: &str| text.strip_prefix(V1).unwrap_or(text).to_owned();
    let (stored, now) = (digits(stored), digits(now));
    let is_v1 = |text: &str| text.len() == 2 * BYTES && text.chars().all(is_digit);
    is_v1(&stored) && is_v1(&now) && stored != now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        fingerprint(text, true)
    }

    #[test]
    fn tidying_up_is_no_change_and_anything_else_is() {
        let before = of("CREATE TABLE t (a int);");
        assert_eq!(before, of("-- why\r\nCREATE  TABLE t\n(a int);\n"));
        for other in [
            "CREATE TABLE t (a bigint);",
            "CREATE TABLE t (\"a\" int);",
            "CREATE TABLE t (a int); SELECT 1;",
        ] {
            assert_ne!(before, of(other), "{other}");
        }
        assert_ne!(of("SELECT 'a b'"), of("SELECT 'a  b'"));
        assert_ne!(before, fingerprint("CREATE TABLE t (a int);", false));
        assert_eq!(before.len(), 3 + 16);
    }

    #[test]
    fn digits_without_a_version_are_those_of_the_first() {
        let now = of("SELECT 1");
        let bare = now.strip_prefix(V1).unwrap();
        assert!(!was_edited(&now, &now));
        assert!(!was_edited(bare, &now));
        assert!(was_edited(&of("SELECT 2"), &now));
        assert!(was_edited("0123456789abcdef", &now));
    }

    #[test]
    fn line_ends_within_a_body_counted_before_there_were_versions() {
        let [windows, unix] = ["$$\r\n$$", "$$\n$$"].map(|body| format!("SELECT {body}"));
        assert_eq!(of(&windows), of(&unix));
        let before = [&windows, &unix].map(|text| unversioned_fingerprint(text, true));
        assert_ne!(before[0], before[1]);
        assert_eq!(format!("{V1}{}", before[1]), of(&unix));
    }

    #[test]
    fn what_cannot_be_compared_is_never_called_edited() {
        let now = of("SELECT 1");
        for stored in ["v9:0123456789abcdef", "v1", "", "v1:0123", "edited"] {
            assert!(!was_edited(stored, &now), "{stored}");
        }
    }
}
