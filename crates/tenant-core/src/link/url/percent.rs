//! Percent-encoding as libpq reads it.

use std::fmt::Write as _;

/// The text with each `%41` as the byte that it stands for.
///
/// # Errors
///
/// What is wrong. No part of the text is in it.
pub(super) fn decoded(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.next().and_then(digit).zip(rest.next().and_then(digit));
        match digits {
            Some((0, 0)) => return Err("it contains %00, which is not allowed".to_owned()),
            Some((high, low)) => bytes.push(high * 16 + low),
            None => {
                return Err(
                    "it has a `%` that two hexadecimal digits do not follow; write a `%` itself \
                     as %25"
                        .to_owned(),
                );
            }
        }
    }
    Ok(bytes)
}

/// The same where it has to be text.
///
/// # Errors
///
/// As [`decoded`].
pub(super) fn decoded_text(text: &str) -> Result<String, String> {
    String::from_utf8(decoded(text)?)
        .map_err(|_| "a percent-encoded part of it is not UTF-8".to_owned())
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// The bytes with everything encoded that is not a letter, a digit or one of `-._~`, which
/// mean nothing anywhere in a URL.
pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_to_the_same(text in "[^\\x00]{0,20}") {
            prop_assert_eq!(decoded_text(&encoded(text.as_bytes())).unwrap(), text);
        }
    }

    #[test]
    fn a_percent_sign_without_digits_is_refused_as_libpq_refuses_it() {
        for text in ["%", "a%4", "100%sure", "%zz", "%00"] {
            assert!(decoded(text).is_err(), "{text}");
        }
        assert_eq!(decoded("a+b%20c").unwrap(), b"a+b c");
    }
}
