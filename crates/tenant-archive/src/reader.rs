//! [`Reader`]: reads an archive as a stream, and checks everything that it reads.

use std::io::{Read, Write as _};

use sha2::{Digest as _, Sha256};

use crate::summary::{Digest, Summary, TableSummary, hex};
use crate::tar::{BLOCK, Member};
use crate::writer::part_name;
use crate::{ArchiveError, END, FORMAT, MANIFEST, Manifest, SUMMARY};

/// The longest manifest or summary that is read, in bytes.
const LONGEST_TEXT: u64 = 256 * 1024 * 1024;

/// The longest part that is read, in bytes before and after compression. The longest value of
/// PostgreSQL is 1 GB, and can be twice as long as text.
const LONGEST_PART: u64 = 2_200_000_000;

/// Reads an archive.
pub struct Reader<R> {
    from: R,
    hash: Sha256,
    manifest: Manifest,
    /// The next table to begin.
    next: usize,
    open: Option<Open>,
    /// What was read of each table.
    seen: Vec<TableSummary>,
    /// A header that was read ahead.
    ahead: Option<Member>,
    is_over: bool,
}

struct Open {
    digest: Digest,
    parts: u32,
}

/// What comes next in an archive.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// The table with this number in the manifest begins.
    Table(usize),
    /// Rows of the table, whole ones, in the text format of `COPY`.
    Rows(Vec<u8>),
    /// The table ends.
    End(TableSummary),
}

impl<R: Read> Reader<R> {
    /// Reads the manifest.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::NotAnArchive`] for another file, [`ArchiveError::NewerFormat`],
    /// [`ArchiveError::CutOff`], [`ArchiveError::Damaged`], or [`ArchiveError::Io`].
    pub fn open(from: R) -> Result<Self, ArchiveError> {
        let mut reader = Self {
            from,
            hash: Sha256::new(),
            manifest: Manifest::default(),
            next: 0,
            open: None,
            seen: Vec::new(),
            ahead: None,
            is_over: false,
        };
        let member = reader.header().map_err(|error| match error {
            ArchiveError::CutOff => ArchiveError::NotAnArchive,
            error => error,
        })?;
        let member = member.filter(|member| member.name == MANIFEST);
        let member = member.ok_or(ArchiveError::NotAnArchive)?;
        let text = reader.contents(&member, LONGEST_TEXT)?;
        reader.manifest = manifest_of(&text)?;
        Ok(reader)
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads what comes next. `None` if the file is complete, and everything that it contains
    /// matches its checksums.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::CutOff`], [`ArchiveError::Damaged`], or [`ArchiveError::Io`].
    pub fn next_part(&mut self) -> Result<Option<Part>, ArchiveError> {
        if self.is_over {
            return Ok(None);
        }
        if self.open.is_none() && self.next < self.manifest.tables.len() {
            self.open = Some(Open {
                digest: Digest::default(),
                parts: 0,
            });
            self.next += 1;
            return Ok(Some(Part::Table(self.next - 1)));
        }
        let Some(open) = &self.open else {
            self.close()?;
            return Ok(None);
        };
        let name = part_name(self.next - 1, open.parts);
        let member = self.peek()?;
        if member.name != name {
            self.ahead = Some(member);
            return Ok(self.end_table().map(Part::End));
        }
        self.rows(&member).map(Some)
    }

    fn rows(&mut self, member: &Member) -> Result<Part, ArchiveError> {
        let compressed = self.contents(member, LONGEST_PART)?;
        let rows = decompressed(&compressed)
            .map_err(|_| ArchiveError::damaged("a part cannot be decompressed"))?;
        if let Some(open) = &mut self.open {
            open.parts = open.parts.saturating_add(1);
            open.digest.add(&rows);
        }
        Ok(Part::Rows(rows))
    }

    fn end_table(&mut self) -> Option<TableSummary> {
        let table = self.open.take()?.digest.finish();
        self.seen.push(table.clone());
        Some(table)
    }

    /// The summary and the end, which have to match.
    fn close(&mut self) -> Result<(), ArchiveError> {
        let member = self.peek()?;
        if member.name != SUMMARY {
            return Err(ArchiveError::damaged("it has data of an unknown table"));
        }
        let text = self.contents(&member, LONGEST_TEXT)?;
        let summary: Summary = serde_json::from_slice(&text)
            .map_err(|_| ArchiveError::damaged("the summary cannot be read"))?;
        let before = hex(&self.hash.clone().finalize());
        let member = self.peek()?;
        if member.name != END {
            return Err(ArchiveError::damaged("the last member is not the end"));
        }
        let digest = self.contents(&member, BLOCK as u64)?;
        if digest != before.as_bytes() || summary.tables != self.seen {
            return Err(ArchiveError::damaged("a checksum differs"));
        }
        self.is_over = true;
        Ok(())
    }

    /// The next header, of which there has to be one.
    fn peek(&mut self) -> Result<Member, ArchiveError> {
        match self.ahead.take() {
            Some(member) => Ok(member),
            None => self.header()?.ok_or(ArchiveError::CutOff),
        }
    }

    fn header(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut block = [0; BLOCK];
        let read = self.from.read_exact(&mut block);
        read.map_err(ArchiveError::reading)?;
        self.hash.update(block);
        Member::read(&block)
    }

    fn contents(&mut self, member: &Member, longest: u64) -> Result<Vec<u8>, ArchiveError> {
        if member.size > longest {
            return Err(ArchiveError::damaged("a part is too long"));
        }
        let mut contents = Vec::new();
        let padding = member.padding();
        let all = member.size + padding as u64;
        let mut limited = (&mut self.from).take(all);
        limited
            .read_to_end(&mut contents)
            .map_err(ArchiveError::reading)?;
        if contents.len() as u64 != all {
            return Err(ArchiveError::CutOff);
        }
        self.hash.update(&contents);
        contents.truncate(contents.len() - padding);
        Ok(contents)
    }
}

fn manifest_of(text: &[u8]) -> Result<Manifest, ArchiveError> {
    /// What every format has.
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_slice(text).map_err(|_| ArchiveError::NotAnArchive)?;
    if head.format > FORMAT {
        return Err(ArchiveError::NewerFormat {
            found: head.format,
            known: FORMAT,
        });
    }
    serde_json::from_slice(text)
        .map_err(|error| ArchiveError::damaged(format!("the manifest cannot be read: {error}")))
}

/// What the zstd frames contain. A small part that claims to be a very long one is refused.
fn decompressed(compressed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed)?;
    let mut rows = Vec::with_capacity(crate::PART + crate::PART / 4);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let read = decoder.read(&mut buffer)?;
        if read == 0 {
            return Ok(rows);
        }
        if rows.len() as u64 > LONGEST_PART {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        rows.write_all(buffer.get(..read).unwrap_or_default())?;
    }
}
