//! [`Source`]: an archive that a thread reads and decompresses, ahead of the connection.

use std::io::Read;

use tenant_archive::{ArchiveError, Manifest, Part, Reader};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::Error;

/// How many parts are read ahead.
const AHEAD: usize = 4;

/// An archive that is being read.
pub(crate) struct Source {
    manifest: Manifest,
    parts: Receiver<Result<Part, ArchiveError>>,
    is_over: bool,
}

impl Source {
    /// Reads the manifest of `file`, and begins to read the rest.
    ///
    /// # Errors
    ///
    /// [`Error::Archive`] if it is no archive.
    pub(crate) async fn open(file: impl Read + Send + 'static) -> Result<Self, Error> {
        let opened = tokio::task::spawn_blocking(move || Reader::open(file)).await;
        let reader = opened.map_err(|_| ArchiveError::CutOff)??;
        let manifest = reader.manifest().clone();
        let (to, parts) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || read(reader, &to));
        Ok(Self {
            manifest,
            parts,
            is_over: false,
        })
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What comes next. `None` once all of it was read, and found complete.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Error> {
        if self.is_over {
            return Ok(None);
        }
        match self.parts.recv().await {
            Some(part) => Ok(Some(part?)),
            None => {
                self.is_over = true;
                Ok(None)
            }
        }
    }
}

/// The channel is closed at the end of a complete file only, or after an error that it has.
fn read<R: Read>(mut reader: Reader<R>, to: &Sender<Result<Part, ArchiveError>>) {
    while let Some(part) = reader.next_part().transpose() {
        let is_error = part.is_err();
        if to.blocking_send(part).is_err() || is_error {
            return;
        }
    }
}
