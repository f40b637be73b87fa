//! Writes one tenant to a file.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tenant_archive::{ArchiveError, Manifest, Summary};

use super::handle::Tenants;
use crate::engine;
use crate::events::Call;
use crate::name::{Schema, Target};
use crate::report::{ArchiveProgress, Exported, TableRows};
use crate::{Answer, Error, TenantName, Version};

/// An export of a tenant. Returned by [`Tenants::export`].
#[must_use = "nothing is read until it has a destination"]
pub struct Export<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    observe: Box<dyn Fn(&ArchiveProgress<'_>) + Send + Sync + 'a>,
}

impl<'a> Export<'a> {
    /// Sets a function to run as the rows are read, a few times for each megabyte.
    pub fn observe(mut self, observe: impl Fn(&ArchiveProgress<'_>) + Send + Sync + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }

    /// Writes the archive to `path`. The file gets its name once it is complete and on the disk,
    /// and replaces an existing file then. Only its owner may read it. After an error, nothing is
    /// left. What exists and is not a regular file, such as a device, is refused.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], [`Error::Untracked`] if there is only a schema,
    /// [`Error::MissingSchema`] if there is none, [`Error::Connect`], [`Error::NotSetUp`],
    /// [`Error::Busy`] if another run changes the tenant, [`Error::Archive`] if the file cannot be
    /// written, or a server error. For example, a policy would hide rows from this role (SQLSTATE
    /// 42501).
    pub fn to_file(self, path: impl Into<PathBuf>) -> Answer<'a, Result<Exported, Error>> {
        let path = path.into();
        Box::pin(async move {
            require_replaceable(&path).map_err(writing)?;
            let unfinished = Unfinished::beside(&path).map_err(writing)?;
            let file = BufWriter::new(unfinished.open().map_err(writing)?);
            let (exported, file) = self.write(file).await?;
            let synced = file.into_inner().map_err(io::IntoInnerError::into_error);
            synced.and_then(|file| file.sync_all()).map_err(writing)?;
            unfinished.become_file(&path).map_err(writing)?;
            Ok(exported)
        })
    }

    /// Writes the archive to `to`, such as standard output. After an error, what was written is
    /// recognized as cut off.
    ///
    /// # Errors
    ///
    /// As [`Export::to_file`].
    pub fn to_writer<W: Write + Send + 'static>(
        self,
        to: W,
    ) -> Answer<'a, Result<(Exported, W), Error>> {
        Box::pin(self.write(to))
    }

    async fn write<W: Write + Send + 'static>(self, to: W) -> Result<(Exported, W), Error> {
        let target = self.tenants.target_for(Call::Export, self.name).await?;
        let written = self.tenants.export_to(&target, to, &*self.observe);
        Call::Export
            .tell_about(Schema::Tenant(&target), written)
            .await
    }
}

impl Tenants {
    /// Writes the tenant `name` to one file: its rows, its definition, its migration history, and
    /// the positions of its sequences. `tenant_archive` describes the file.
    ///
    /// All rows are from one moment. The call reads them in one transaction that changes nothing,
    /// and locks tables only against changes of their form, as `SELECT` does. It needs a few
    /// megabytes of memory, whatever the size of the tenant.
    ///
    /// Rows of `public` that the tenant refers to are not in the file: see [`Exported::outside`].
    pub fn export<'a>(&'a self, name: &'a TenantName) -> Export<'a> {
        Export {
            tenants: self,
            name,
            observe: Box::new(|_| {}),
        }
    }

    async fn export_to<W: Write + Send + 'static>(
        &self,
        target: &Target,
        to: W,
        observe: &(dyn Fn(&ArchiveProgress<'_>) + Send + Sync),
    ) -> Result<(Exported, W), Error> {
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(target));
        let done = engine::export(work, Counted::new(to), observe).await;
        drop(session);
        match done {
            Ok((manifest, to, summary)) => {
                let exported = exported(target, manifest, summary, to.bytes);
                Ok((exported, to.to))
            }
            Err(error) => Err(self.told_apart(error).await),
        }
    }
}

fn exported(target: &Target, manifest: Manifest, summary: Summary, file_bytes: u64) -> Exported {
    let newest = manifest.migrations.last();
    let tables = manifest.tables.into_iter().zip(summary.tables);
    Exported {
        name: target.name.clone(),
        schema: target.schema.clone(),
        exported_at: manifest.exported_at,
        version: newest.map(|it| Version::recorded(it.version.as_str())),
        tables: tables
            .map(|(table, summary)| TableRows::new(&table.name, &summary))
            .collect(),
        rows: summary.rows,
        bytes: summary.bytes,
        file_bytes,
        outside: manifest.outside,
    }
}

fn writing(source: io::Error) -> Error {
    let action = "write";
    ArchiveError::Io { action, source }.into()
}

/// Counts the bytes that go through it.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W> Counted<W> {
    fn new(to: W) -> Self {
        Self { to, bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Refuses what a file must not take the place of: a device, a pipe, a link or a folder.
fn require_replaceable(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it exists and is not a regular file",
        )),
        _ => Ok(()),
    }
}

/// The name of a file that is not complete. What is not completed is removed.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    /// A name in the folder of `path`, so that it can be renamed to it.
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let name = name.to_string_lossy();
        let unique = rand::random::<u64>();
        Ok(Self(Some(
            path.with_file_name(format!(".{name}.{unique:016x}.partial")),
        )))
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let path = self.0.as_deref();
        options.open(path.unwrap_or_else(|| Path::new("")))
    }

    fn become_file(mut self, path: &Path) -> io::Result<()> {
        if let Some(unfinished) = &self.0 {
            rename(unfinished, path)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = remove_file(path);
        }
    }
}
