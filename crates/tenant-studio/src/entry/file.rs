//! [`EntryFile`]: a page on the disk that hands the key to the studio.
//!
//! All users of a machine see the arguments of all processes. So the program that opens
//! the browser is given the path of this file, and the key is in the file, which its
//! owner alone may read.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use maud::{DOCTYPE, PreEscaped, html};
use tempfile::TempDir;

use super::{ENTER, Secret};

/// The file in its own folder. Dropping the value removes both.
pub(crate) struct EntryFile(TempDir);

impl EntryFile {
    /// Writes the page that sends `key` to the studio at `port`.
    pub(crate) fn write(port: u16, key: &Secret) -> io::Result<Self> {
        let mut folder = tempfile::Builder::new();
        folder.prefix("studio-");
        let mut file = OpenOptions::new();
        file.write(true).create_new(true);
        owner_only(&mut folder, &mut file);
        let this = Self(folder.tempdir()?);
        file.open(this.path())?
            .write_all(page(port, key).as_bytes())?;
        Ok(this)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("open.html")
    }
}

/// Keeps others out of what is made.
#[cfg(unix)]
fn owner_only(folder: &mut tempfile::Builder<'_, '_>, file: &mut OpenOptions) {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    folder.permissions(std::fs::Permissions::from_mode(0o700));
    file.mode(0o600);
}

/// Windows gives each user a folder for temporary files, which others cannot read.
#[cfg(not(unix))]
fn owner_only(_: &mut tempfile::Builder<'_, '_>, _: &mut OpenOptions) {}

fn page(port: u16, key: &Secret) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="referrer" content="no-referrer";
                title { "Studio" }
            }
            body {
                form method="post" action=(format!("http://127.0.0.1:{port}{ENTER}")) {
                    input type="hidden" name="key" value=(key.as_str());
                    button type="submit" { "Open the studio" }
                }
                script { (PreEscaped("document.forms[0].submit()")) }
            }
        }
    };
    page.into_string()
}
