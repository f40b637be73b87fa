//! Hints that are one text: sentences on the first line, and on the lines below what to run or
//! to write.

use command_line::Hint;
use command_line::hints::Advised;

/// The hint of such a text.
pub(crate) fn hint(text: &str) -> Hint {
    let mut lines = text.lines();
    let hint = Hint::new(lines.next().unwrap_or_default());
    lines.fold(hint, Hint::run)
}

/// What failed, with such a hint.
pub(crate) fn advised(what: impl Into<String>, hint: &str) -> Advised {
    Advised::with(what, [self::hint(hint)])
}
