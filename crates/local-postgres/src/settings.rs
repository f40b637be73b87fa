//! `postgresql.auto.conf`: the settings a cluster is run with.
//!
//! They are in the data folder rather than on the command line. So the server listens where it
//! should and nowhere else, however it is started.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::account::Account;
use crate::error::Error;
use crate::socket::Address;

/// A setting's name and its value, unquoted.
pub(crate) type Setting = (String, Vec<u8>);

const FILE: &str = "postgresql.auto.conf";

/// A setting whose value is plain text.
pub(crate) fn setting(name: &str, value: &str) -> Setting {
    (name.into(), value.into())
}

/// The settings that say where to listen: never on the network, unless a test
/// asks for it.
pub(crate) fn listening_at(address: &Address, tcp: bool) -> Vec<Setting> {
    vec![
        setting("listen_addresses", if tcp { "127.0.0.1" } else { "" }),
        setting("port", &address.port.to_string()),
        (
            "unix_socket_directories".into(),
            one_of_a_list(address.folder.as_os_str().as_bytes()),
        ),
    ]
}

/// Writes the settings into the data folder; those it holds already under other
/// names (the user's `ALTER SYSTEM`) stay as they are.
///
/// The data folder belongs to the account, which may be a less trusted one than
/// ours: links in it are neither followed nor written through.
pub(crate) fn write(data: &Path, settings: &[Setting], account: &Account) -> Result<(), Error> {
    let path = data.join(FILE);
    let old = read(&path)?;
    let new = merge(&old, settings);
    if new == old {
        return Ok(());
    }
    replace(&path, &new, account)
}

/// Puts a file of the given content in the place of an older one, at once, and
/// readable for the account alone.
pub(crate) fn replace(path: &Path, content: &[u8], account: &Account) -> Result<(), Error> {
    let mut beside = path.to_owned().into_os_string();
    beside.push(".new");
    let beside = Path::new(&beside);
    let _ = fs::remove_file(beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)
        .map_err(Error::file("create", beside))?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .map_err(Error::file("write", beside))?;
    account.own(beside)?;
    fs::rename(beside, path).map_err(Error::file("replace", path))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    OpenOptions::new()
        .read(true)
        .custom_flags(no_follow())
        .open(path)
        .and_then(|mut file| file.read_to_end(&mut content))
        .map_err(Error::file("read", path))?;
    Ok(content)
}

/// The flag that makes opening a link fail.
pub(crate) fn no_follow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

fn merge(old: &[u8], settings: &[Setting]) -> Vec<u8> {
    let mut new = Vec::new();
    for line in old.split_inclusive(|byte| *byte == b'\n') {
        let name = line
            .split(|byte| *byte == b'=' || byte.is_ascii_whitespace())
            .next();
        if !settings
            .iter()
            .any(|(ours, _)| Some(ours.as_bytes()) == name)
        {
            new.extend_from_slice(line);
        }
    }
    for (name, value) in settings {
        new.extend_from_slice(name.as_bytes());
        new.extend_from_slice(b" = '");
        new.extend(escape(value));
        new.extend_from_slice(b"'\n");
    }
    new
}

/// Quotes a value as the configuration file's reader unquotes it.
fn escape(value: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(value.len());
    for &byte in value {
        match byte {
            b'\'' => escaped.extend_from_slice(b"''"),
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            _ => escaped.push(byte),
        }
    }
    escaped
}

/// Quotes a value as one element of a list: folders may contain commas.
fn one_of_a_list(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in value {
        if byte == b'"' {
            quoted.push(byte);
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_user_survive_and_ours_are_replaced() {
        let old = b"# comment\nwork_mem = '8MB'\nport = '1'\nportal = 'x'\n";
        let new = merge(old, &[setting("port", "5432")]);
        let expected = "# comment\nwork_mem = '8MB'\nportal = 'x'\nport = '5432'\n";
        assert_eq!(String::from_utf8(new).unwrap(), expected);
    }

    #[test]
    fn quotes_and_backslashes_in_a_folder_are_escaped_twice_over() {
        let value = one_of_a_list(b"/a'b\"c\\d,e");
        let line = merge(b"", &[("unix_socket_directories".into(), value)]);
        let expected = "unix_socket_directories = '\"/a''b\"\"c\\\\d,e\"'\n";
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }
}
