//! The file of passwords.
//!
//! Source: PostgreSQL manual, "The Password File" of libpq.

use std::fs::Metadata;
use std::path::Path;

/// Whose password is looked for.
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) role: &'a str,
}

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Password(Vec<u8>),
    Nothing,
    /// Why it is not read, in words.
    Ignored(String),
}

/// The password that the first fitting line has. A file that does not exist has none.
pub(super) fn look_up(file: &Path, login: &Login<'_>) -> Found {
    let Ok(metadata) = std::fs::metadata(file) else {
        return Found::Nothing;
    };
    if let Some(reason) = unfit(&metadata) {
        return Found::Ignored(format!(
            "the password file {} was ignored: {reason}",
            file.display()
        ));
    }
    match std::fs::read(file) {
        Ok(bytes) => in_lines(&bytes, login).map_or(Found::Nothing, Found::Password),
        Err(error) => Found::Ignored(format!(
            "the password file {} was ignored: {error}",
            file.display()
        )),
    }
}

fn unfit(metadata: &Metadata) -> Option<&'static str> {
    if !metadata.is_file() {
        return Some("it is not a file");
    }
    others_can_read(metadata)
        .then_some("others can read it; its permissions must be 0600 or less (chmod 0600)")
}

#[cfg(unix)]
fn others_can_read(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_can_read(_: &Metadata) -> bool {
    false
}

fn in_lines(bytes: &[u8], login: &Login<'_>) -> Option<Vec<u8>> {
    let port = login.port.to_string();
    let wanted = [login.host, &port, login.database, login.role];
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"#") {
            return None;
        }
        let mut rest = line;
        for wanted in wanted {
            let (field, behind) = field(rest)?;
            if field != b"*" && unescaped(field) != wanted.as_bytes() {
                return None;
            }
            rest = behind;
        }
        Some(unescaped(rest)).filter(|password| !password.is_empty())
    })
}

/// The text up to the next colon, and what is behind that.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut is_escaped = false;
    let end = line.iter().position(|&byte| {
        let is_end = byte == b':' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })?;
    Some((line.get(..end)?, line.get(end + 1..)?))
}

/// Without the backslashes in front of others.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = field.iter();
    let mut plain = Vec::with_capacity(field.len());
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(byte),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann(line: &str) -> Option<String> {
        let login = Login {
            host: "db.test",
            port: 6432,
            database: "shop",
            role: "a:n\\n",
        };
        in_lines(line.as_bytes(), &login).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_first_line_that_fits_counts() {
        for (text, expected) in [
            (r"db.test:6432:shop:a\:n\\n:right", Some("right")),
            ("*:*:*:*:right", Some("right")),
            (
                "# db.test:*:*:*:wrong\r\nother:*:*:*:wrong\r\n*:6432:*:*:right\r\n",
                Some("right"),
            ),
            (r"*:*:*:*:r\:i\\g:ht", Some(r"r:i\g:ht")),
            ("*:*:*:*:", None),
            ("*:*:*", None),
            ("db.test:5432:*:*:wrong", None),
            (r"\*:*:*:*:wrong", None),
            ("", None),
        ] {
            assert_eq!(ann(text).as_deref(), expected, "{text}");
        }
    }
}
