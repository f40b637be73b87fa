//! Creates a cluster: `initdb`, its settings, and its access rules.

use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::disk::{remove_all, sync_parent};
use crate::error::Error;
use crate::run;
use crate::settings::{self, Setting};

/// The superuser of every cluster made here.
pub(crate) const SUPERUSER: &str = "postgres";

/// What is to be made.
pub(crate) struct Recipe<'a> {
    /// The data folder; it does not exist yet.
    pub(crate) data: &'a Path,
    /// Whether the data must survive a power cut.
    pub(crate) durable: bool,
    /// The content of `postgresql.auto.conf`.
    pub(crate) settings: Vec<Setting>,
    /// The lines of `pg_hba.conf`: who may connect, and how they prove it.
    pub(crate) hba: Vec<String>,
    /// Further files for the data folder.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// The line that admits every user who can reach the Unix socket, which only its owner can.
pub(crate) fn local_trust() -> String {
    "local all all trust".into()
}

/// Makes the cluster beside its final place and moves it there when it is
/// complete, so that an interrupted attempt is never taken for a cluster.
///
/// `initdb` is given `lock` as its input, if there is one: should this process
/// be killed, the lock is held until `initdb` has ended too, and the next
/// command does not clear away a folder that is still being written to.
pub(crate) fn create(
    recipe: &Recipe<'_>,
    binaries: &Binaries,
    account: &Account,
    lock: Option<&File>,
) -> Result<(), Error> {
    let new = beside(recipe.data);
    remove_all(&new)?;
    DirBuilder::new()
        .mode(0o700)
        .create(&new)
        .map_err(Error::file("create", &new))?;
    account.own(&new)?;
    initdb(&new, recipe.durable, binaries, account, lock)?;
    settings::write(&new, &recipe.settings, account)?;
    let hba = recipe.hba.join("\n") + "\n";
    settings::replace(&new.join("pg_hba.conf"), hba.as_bytes(), account)?;
    for (name, content) in &recipe.files {
        settings::replace(&new.join(name), content, account)?;
    }
    fs::rename(&new, recipe.data).map_err(Error::file("put in place", recipe.data))?;
    if recipe.durable {
        sync_parent(recipe.data)?;
    }
    Ok(())
}

fn initdb(
    data: &Path,
    durable: bool,
    binaries: &Binaries,
    account: &Account,
    lock: Option<&File>,
) -> Result<(), Error> {
    let mut command = account.command(&binaries.initdb());
    command
        .arg("--pgdata")
        .arg(data)
        .args(["--encoding=UTF8", "--locale=C"])
        .arg(format!("--username={SUPERUSER}"))
        // `pg_hba.conf` is replaced afterwards; until then, nobody on the network.
        .args(["--auth-local=trust", "--auth-host=reject"])
        .current_dir(data);
    if !durable {
        command.arg("--no-sync");
    }
    let input = match lock {
        Some(lock) => lock.try_clone().map(Stdio::from),
        None => Ok(Stdio::null()),
    };
    command.stdin(input.map_err(Error::spawn(&binaries.initdb()))?);
    run::finish(&mut command).map(drop)
}

/// The major version of the cluster, or `None` when there is none yet.
pub(crate) fn major(data: &Path) -> Result<Option<u32>, Error> {
    match fs::symlink_metadata(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("inspect", data)(error)),
        Ok(seen) if !seen.is_dir() => {
            return Err(Error::NotAFolder {
                path: data.to_owned(),
            });
        }
        Ok(_) => {}
    }
    let file = data.join("PG_VERSION");
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.map_err(Error::file("read", &file))?,
    };
    let major = text.trim().parse().map(Some);
    major.map_err(|_| Error::NotACluster {
        data: data.to_owned(),
    })
}

fn beside(data: &Path) -> PathBuf {
    let mut name = data.to_owned().into_os_string();
    name.push(".new");
    name.into()
}
