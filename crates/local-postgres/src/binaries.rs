//! A folder with PostgreSQL's programs, and whether it serves.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// The oldest major version that is accepted: the first with a built-in
/// `gen_random_uuid()`.
const OLDEST: u32 = 13;

/// A folder with `postgres` and `initdb`, and the version they report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// The major version, for example 17.
    pub major: u32,
}

impl Binaries {
    pub(crate) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(crate) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
}

/// Reads the version of a folder's binaries, or says why they do not serve.
pub(crate) fn inspect(folder: &Path) -> Result<Binaries, String> {
    for program in ["postgres", "initdb"] {
        if !folder.join(program).is_file() {
            return Err(format!("no `{program}` there"));
        }
    }
    if folder
        .as_os_str()
        .as_bytes()
        .iter()
        .any(|byte| b"\"$`\\\n".contains(byte))
    {
        // `initdb` hands the path of `postgres` to a shell, in double quotes.
        return Err("its path contains a character that a shell would interpret".into());
    }
    let postgres = folder.join("postgres");
    let printed = run::output(Command::new(&postgres).arg("--version"))
        .map_err(|error| run::reason(&error))?;
    let printed = String::from_utf8_lossy(&printed);
    let major = major_version(&printed)
        .ok_or_else(|| format!("`postgres --version` printed `{}`", printed.trim()))?;
    Ok(Binaries {
        folder: folder.to_owned(),
        major,
    })
}

/// Takes them when their version will do, or says why it does not.
pub(crate) fn fitting(found: Binaries, wanted: Option<u32>) -> Result<Binaries, String> {
    let major = found.major;
    if let Some(wanted) = wanted
        && wanted != major
    {
        return Err(format!(
            "it is PostgreSQL {major}, but the existing data need PostgreSQL {wanted}"
        ));
    }
    if major < OLDEST {
        return Err(format!("PostgreSQL {major} is older than {OLDEST}"));
    }
    Ok(found)
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15.
fn major_version(printed: &str) -> Option<u32> {
    leading_number(printed.split_once("(PostgreSQL)")?.1.trim_start())
}

/// The number a text begins with: 18 of `18beta1`, 9 of `9.6`.
pub(crate) fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.get(..end.unwrap_or(text.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_version("something else"), None);
    }

    #[test]
    fn a_folder_name_a_shell_would_interpret_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("$(touch x)");
        fs::create_dir(&folder).unwrap();
        for program in ["postgres", "initdb"] {
            fs::write(folder.join(program), "").unwrap();
        }
        assert!(inspect(&folder).unwrap_err().contains("shell"));
    }
}
