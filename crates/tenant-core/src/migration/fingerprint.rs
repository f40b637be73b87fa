//! What a migration does, in sixteen characters: to see later whether it is
//! still the one that was applied.

use sha2::{Digest, Sha256};

use crate::token::{is_trivia, tokens};

/// How many bytes of the hash are kept. Two texts of one migration are
/// compared, not a text with all others, so eight are plenty.
const BYTES: usize = 8;

/// The fingerprint of a migration's `text`: 16 hexadecimal digits.
///
/// Comments, line ends and the space between words do not count, so that
/// tidying a file up is no change.
pub(super) fn fingerprint(text: &str, in_transaction: bool) -> String {
    let mut hash = Sha256::new();
    hash.update([u8::from(in_transaction)]);
    for token in tokens(text).filter(|token| !is_trivia(token.kind)) {
        hash.update(text.get(token.range).unwrap_or_default());
        // Text cannot hold it, so no two lists of tokens look alike.
        hash.update([0]);
    }
    let digits = hash.finalize();
    let digits = digits.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidying_up_is_no_change_and_anything_else_is() {
        let of = |text| fingerprint(text, true);
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
        assert_eq!(before.len(), 16);
    }
}
