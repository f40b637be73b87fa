//! [`Writer`]: writes an archive as a stream.

use std::io::Write;
use std::mem::take;

use sha2::{Digest as _, Sha256};
use zstd::bulk::Compressor;

use crate::summary::{Digest, Summary, TableSummary, hex};
use crate::tar::{Member, TRAILER};
use crate::{ArchiveError, END, MANIFEST, Manifest, SUMMARY};

/// How many bytes of rows are one part, before compression. A part can be longer by what one call
/// of [`Writer::write_rows`] adds.
pub const PART: usize = 1024 * 1024;

/// The level of the compression. Higher levels are slower than a server sends rows.
const LEVEL: i32 = 1;

/// Writes an archive. A file without [`Writer::finish`] is recognized as cut off.
pub struct Writer<W> {
    to: W,
    hash: Sha256,
    compressor: Compressor<'static>,
    open: Option<Open>,
    summary: Summary,
}

/// The table whose rows are written now.
struct Open {
    digest: Digest,
    parts: u32,
    waiting: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins with the manifest.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`].
    pub fn new(to: W, manifest: &Manifest) -> Result<Self, ArchiveError> {
        let mut compressor = Compressor::new(LEVEL).map_err(ArchiveError::writing)?;
        compressor
            .include_checksum(true)
            .map_err(ArchiveError::writing)?;
        let mut writer = Self {
            to,
            hash: Sha256::new(),
            compressor,
            open: None,
            summary: Summary::default(),
        };
        writer.json(MANIFEST, manifest)?;
        Ok(writer)
    }

    /// Begins the table with this number in the manifest. Tables come in order.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Unwritable`] if it is not the next one.
    pub fn begin_table(&mut self, number: usize) -> Result<(), ArchiveError> {
        if self.open.is_some() || number != self.summary.tables.len() {
            return Err(ArchiveError::Unwritable("a table is out of order"));
        }
        self.open = Some(Open {
            digest: Digest::default(),
            parts: 0,
            waiting: Vec::with_capacity(PART),
        });
        Ok(())
    }

    /// Adds whole rows of the table, in the text format of `COPY`.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`], or [`ArchiveError::Unwritable`] if no table has begun.
    pub fn write_rows(&mut self, rows: &[u8]) -> Result<(), ArchiveError> {
        let open = self.open.as_mut();
        let open = open.ok_or(ArchiveError::Unwritable("no table has begun"))?;
        open.digest.add(rows);
        open.waiting.extend_from_slice(rows);
        if open.waiting.len() >= PART {
            self.write_part()?;
        }
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    ///
    /// As [`Writer::write_rows`].
    pub fn end_table(&mut self) -> Result<TableSummary, ArchiveError> {
        self.write_part()?;
        let open = self.open.take();
        let open = open.ok_or(ArchiveError::Unwritable("no table has begun"))?;
        let table = open.digest.finish();
        self.summary.rows += table.rows;
        self.summary.bytes += table.bytes;
        self.summary.tables.push(table.clone());
        Ok(table)
    }

    /// Writes what makes the file complete, and returns what the file contains.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::Io`].
    pub fn finish(mut self) -> Result<(W, Summary), ArchiveError> {
        let summary = take(&mut self.summary);
        self.json(SUMMARY, &summary)?;
        let digest = hex(&self.hash.clone().finalize());
        self.member(END.to_owned(), digest.as_bytes())?;
        self.put(&TRAILER)?;
        self.to.flush().map_err(ArchiveError::writing)?;
        Ok((self.to, summary))
    }

    fn write_part(&mut self) -> Result<(), ArchiveError> {
        let Some(open) = self.open.as_mut().filter(|it| !it.waiting.is_empty()) else {
            return Ok(());
        };
        let compressed = self.compressor.compress(&open.waiting);
        let compressed = compressed.map_err(ArchiveError::writing)?;
        open.waiting.clear();
        let name = part_name(self.summary.tables.len(), open.parts);
        open.parts = open
            .parts
            .checked_add(1)
            .ok_or(ArchiveError::Unwritable("a table is too large"))?;
        self.member(name, &compressed)
    }

    fn json(&mut self, name: &str, value: &impl serde::Serialize) -> Result<(), ArchiveError> {
        let text = serde_json::to_vec_pretty(value);
        let text = text.map_err(|error| ArchiveError::writing(error.into()))?;
        self.member(name.to_owned(), &text)
    }

    fn member(&mut self, name: String, contents: &[u8]) -> Result<(), ArchiveError> {
        let size = contents.len() as u64;
        let member = Member { name, size };
        self.put(&member.header()?)?;
        self.put(contents)?;
        let padding = TRAILER.get(..member.padding());
        self.put(padding.unwrap_or_default())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.hash.update(bytes);
        self.to.write_all(bytes).map_err(ArchiveError::writing)
    }
}

/// What the part of a table is called.
pub(crate) fn part_name(table: usize, part: u32) -> String {
    format!("data/{table:04}/{part:08}.zst")
}
