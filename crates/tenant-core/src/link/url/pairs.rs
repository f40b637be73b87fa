//! Reads `key=value` pairs: `host=db.test dbname=shop`.
//!
//! Source: PostgreSQL manual, "Keyword/Value Connection Strings" of libpq.

use super::parameters::{Names, Origin, Parameters};

/// The pairs in `text`.
///
/// # Errors
///
/// What is wrong, without anything that can be a password.
pub(super) fn read(text: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    let mut names = Names::Shown;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, behind) = rest
            .split_once('=')
            .ok_or("it has a word without a `=`; put a value with spaces in single quotes")?;
        let key = key.trim_end();
        // Of what is no name it is not known what it is.
        if !key.bytes().all(is_of_a_name) {
            names = Names::Hidden;
        }
        let (value, behind) = value(behind.trim_start())?;
        parameters.add(key, value, Origin::Given, names)?;
        if key.contains("password") {
            names = Names::Hidden;
        }
        rest = behind.trim_start();
    }
    Ok(parameters)
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The value that the text begins with, and what is behind it.
fn value(text: &str) -> Result<(String, &str), String> {
    let quoted = text.strip_prefix('\'');
    let inside = quoted.unwrap_or(text);
    let mut value = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted.is_some() => {
                return Ok((value, inside.get(at + 1..).unwrap_or_default()));
            }
            letter if quoted.is_none() && letter.is_ascii_whitespace() => {
                return Ok((value, inside.get(at..).unwrap_or_default()));
            }
            letter => value.push(letter),
        }
    }
    match quoted {
        Some(_) => Err("a value has an opening quote but no closing quote".to_owned()),
        None => Ok((value, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(text) {
            Ok(parameters) => {
                let all = parameters
                    .all()
                    .map(|(key, value)| format!("{key}: {value}"));
                all.collect::<Vec<_>>().join("; ")
            }
            Err(error) => error,
        }
    }

    #[test]
    fn pairs_are_read_as_libpq_reads_them() {
        assert_eq!(
            shown(r"host = db.test  dbname='my shop' user=a\ b application_name='it\'s \\'"),
            r"application_name: it's \; dbname: my shop; host: db.test; user: a b"
        );
        assert_eq!(shown("host='' port=1"), "port: 1");
        assert_eq!(
            read("password=a\\'b").unwrap().password(),
            Some(&b"a'b"[..])
        );
    }

    #[test]
    fn what_can_be_a_password_is_in_no_error() {
        for text in [
            "host=h password=a s3cret",
            "host=h password=a s3cret=b",
            "host=h password='s3cret",
            "host=h password=s3cret' x'y=z",
            "p ssword s3cret=x",
        ] {
            let error = read(text).err().unwrap();
            assert!(!error.contains("s3cret"), "{error}");
        }
        assert_eq!(
            shown("host=h nohost=x"),
            "it has no option `nohost`; the options are those of libpq, and `pooler`"
        );
    }
}
