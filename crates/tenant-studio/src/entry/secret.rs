//! [`Secret`]: a random text that opens something.

use std::fmt;

use rand::Rng;
use rand::seq::IndexedRandom;

/// Letters and digits that are not confused with one another.
const READABLE: [char; 32] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U',
    'V', 'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// A random text, in hexadecimal digits.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// A secret of `bytes` random bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        let mut random = vec![0; bytes];
        rand::rng().fill_bytes(&mut random);
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A short one that a person can type.
    pub(super) fn typed(letters: usize) -> Self {
        let mut random = rand::rng();
        let letters = (0..letters).filter_map(|_| READABLE.choose(&mut random));
        Self(letters.collect())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell how much of it is right.
    pub(crate) fn is(&self, given: &str) -> bool {
        let pairs = self.0.as_bytes().iter().zip(given.as_bytes());
        let differences = pairs.fold(0, |found, (one, other)| found | (one ^ other));
        differences == 0 && self.0.len() == given.len()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// A code in two halves, as it is printed.
pub(crate) fn readable(code: &str) -> String {
    match code.split_at_checked(code.len() / 2) {
        Some((one, other)) => format!("{one}-{other}"),
        None => code.to_owned(),
    }
}
