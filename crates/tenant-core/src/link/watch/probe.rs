//! [`Probe`]: a message that finds out which connection it went to.

use std::sync::atomic::{AtomicU64, Ordering};

/// What such a message begins with, before its number.
const BEGINNING: &str = "/* pool: here ";

/// The number of the newest one.
static NEWEST: AtomicU64 = AtomicU64::new(0);

/// A message without a statement, which no other is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probe(u64);

impl Probe {
    pub(crate) fn new() -> Self {
        Self(NEWEST.fetch_add(1, Ordering::Relaxed))
    }

    /// The text of the message.
    pub(crate) fn message(self) -> String {
        format!("{BEGINNING}{} */", self.0)
    }

    /// The probe whose message has this body.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let number = body.strip_prefix(BEGINNING.as_bytes())?;
        let number = number.split(|byte| *byte == b' ').next()?;
        std::str::from_utf8(number).ok()?.parse().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_known_by_its_message_and_nothing_else_is_one() {
        let (one, other) = (Probe::new(), Probe::new());
        assert_ne!(one, other);
        assert_eq!(Probe::of(one.message().as_bytes()), Some(one));
        assert_eq!(Probe::of(b"/* pool: ask */ SELECT 1"), None);
        assert_eq!(Probe::of(b"/* pool: here x */"), None);
    }
}
