//! A schema's name as a text holds it that was computed from it: hashed, in hexadecimal
//! digits, in base64. The list is finite: what has another form is not found.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// From how many bytes on an encoded name does not occur in random texts by accident, as
/// in UUIDs.
const LONG: usize = 4;

/// The characters of base64, and of its form for URLs.
const BASE64: [&[u8; 64]; 2] = [
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];

/// How many characters of base64 do not occur in random texts by accident.
const CERTAIN: usize = 6;

/// The usual encodings of some names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Encoded {
    /// In lower case, wherever they are.
    pub(crate) digits: BTreeSet<String>,
    /// As they are, wherever they are.
    pub(crate) exact: BTreeSet<String>,
    /// In any case, as words: names that are too short to be found within others.
    pub(crate) words: BTreeSet<String>,
}

impl Encoded {
    /// The encodings of these names, as they are and in lower case.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut encoded = Self::default();
        let names = names.into_iter();
        let forms = names.flat_map(|name| [name.to_owned(), name.to_lowercase()]);
        for name in forms.collect::<BTreeSet<_>>() {
            encoded.add(&name);
        }
        encoded
    }

    fn add(&mut self, name: &str) {
        let bytes = name.as_bytes();
        let (md5, sha256) = (Md5::digest(bytes), Sha256::digest(bytes));
        let sha512 = hex(&Sha512::digest(bytes));
        let digits = hex(&md5);
        self.digits.extend(as_uuid(&digits));
        self.digits.extend([digits, hex(&sha256), sha512]);
        for letters in BASE64 {
            self.exact.insert(base64(&md5, letters));
            self.exact.insert(base64(&sha256, letters));
        }
        if bytes.len() < LONG {
            self.words.insert(hex(bytes));
            self.words.insert(base64(bytes, BASE64[0]).to_lowercase());
            return;
        }
        self.digits.insert(hex(bytes));
        for letters in BASE64 {
            self.exact.insert(base64(bytes, letters));
            self.exact.extend(within_base64(name, letters));
        }
    }

    /// Whether one of them is in the text.
    pub(crate) fn stand_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        let is_part = |word: char| word.is_alphanumeric() || word == '_';
        self.exact.iter().any(|it| text.contains(it))
            || self.digits.iter().any(|it| lower.contains(it))
            || !self.words.is_empty()
                && lower
                    .split(|one| !is_part(one))
                    .any(|word| self.words.contains(word))
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// 32 digits as a UUID is written.
fn as_uuid(digits: &str) -> Option<String> {
    let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts = parts.map(|(from, to)| digits.get(from..to));
    let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(parts.join("-"))
}

/// Without the signs at the end, which some leave out.
fn base64(bytes: &[u8], letters: &[u8; 64]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let number = (0..3).fold(0_usize, |number, at| {
            number << 8 | usize::from(chunk.get(at).copied().unwrap_or_default())
        });
        for at in 0..=chunk.len() {
            let letter = number >> (18 - 6 * at) & 63;
            text.extend(letters.get(letter).map(|letter| char::from(*letter)));
        }
    }
    text
}

/// What base64 has of the name in the middle of another text, which may begin at each
/// of three places. Where that is short, it counts only before a dot or a quotation mark.
fn within_base64(name: &str, letters: &[u8; 64]) -> impl Iterator<Item = String> {
    let of = move |before: usize, name: &str| {
        let bytes = [vec![0; before], name.as_bytes().to_vec()].concat();
        let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        let text = base64(&bytes, letters);
        text.get(first..end).unwrap_or_default().to_owned()
    };
    (0..3).flat_map(move |before| {
        let alone = of(before, name);
        if alone.len() >= CERTAIN {
            vec![alone]
        } else {
            let longer = [".", "\""].map(|end| of(before, &format!("{name}{end}")));
            longer
                .into_iter()
                .filter(|it| it.len() >= CERTAIN - 1)
                .collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_hashed_or_encoded_is_found() {
        let encoded = Encoded::of(["acme"]);
        for text in [
            "53bce4f1dfa0fe8e7ca126f91b35d3a6",
            "as a UUID: 53BCE4F1-DFA0-FE8E-7CA1-26F91B35D3A6",
            r"\x61636d65",
            "61636D652E6C6F67",
            "YWNtZQ==",
            // `acme.log`, `{"schema":"acme"}` and `to acme.log`.
            "YWNtZS5sb2c=",
            "eyJzY2hlbWEiOiJhY21lIn0=",
            "dG8gYWNtZS5sb2c=",
        ] {
            assert!(encoded.stand_in(text), "{text}");
        }
        for text in ["acme", "YWNt", "61636d", "53bce4f1dfa0fe8e"] {
            assert!(!encoded.stand_in(text), "{text}");
        }
    }

    #[test]
    fn a_short_name_is_found_where_it_fills_a_word() {
        let encoded = Encoded::of(["abc"]);
        assert!(encoded.stand_in("616263") && encoded.stand_in("of YWJj."));
        assert!(!encoded.stand_in("a616263") && !encoded.stand_in("xYWJj"));
    }
}
