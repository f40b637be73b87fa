//! The blocks of a tar file: POSIX ustar, regular files with short names.
//!
//! Source: IEEE Std 1003.1-2017, "pax", section "ustar Interchange Format".

use crate::ArchiveError;

/// The size of a header, and what contents are padded to.
pub(crate) const BLOCK: usize = 512;

/// The end of a tar file: two empty blocks.
pub(crate) const TRAILER: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// Where the fields of a header are.
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const MAGIC: std::ops::Range<usize> = 257..265;

/// The largest contents whose size fits into the field.
pub(crate) const LARGEST: u64 = 0o777_7777_7777;

/// A member of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) size: u64,
}

impl Member {
    /// The header. The time is 0, so that equal contents are an equal file.
    pub(crate) fn header(&self) -> Result<[u8; BLOCK], ArchiveError> {
        if self.size > LARGEST || self.name.len() >= NAME.len() {
            return Err(ArchiveError::Unwritable("a part is too large"));
        }
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| {
            for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
                *place = *byte;
            }
        };
        put(NAME.start, self.name.as_bytes());
        put(100, b"0000644\x000000000\x000000000\x00");
        put(SIZE.start, format!("{:011o}\0", self.size).as_bytes());
        put(136, b"00000000000\0");
        put(CHECKSUM.start, b"        ");
        put(156, b"0");
        put(MAGIC.start, b"ustar\x0000");
        let sum = sum(&block);
        let digits = format!("{sum:06o}\0 ");
        for (place, byte) in block.iter_mut().skip(CHECKSUM.start).zip(digits.as_bytes()) {
            *place = *byte;
        }
        Ok(block)
    }

    /// Reads a header. `None` for an empty block, with which the file ends.
    pub(crate) fn read(block: &[u8; BLOCK]) -> Result<Option<Self>, ArchiveError> {
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if field(block, MAGIC).get(..5) != Some(b"ustar") {
            return Err(ArchiveError::NotAnArchive);
        }
        let mut unsigned = *block;
        for byte in unsigned
            .iter_mut()
            .skip(CHECKSUM.start)
            .take(CHECKSUM.len())
        {
            *byte = b' ';
        }
        if octal(field(block, CHECKSUM)) != Some(sum(&unsigned)) {
            return Err(ArchiveError::damaged("the checksum of a header differs"));
        }
        let name = field(block, NAME);
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        let size = octal(field(block, SIZE));
        let size = size.ok_or_else(|| ArchiveError::damaged("a header has no size"))?;
        Ok(Some(Self { name, size }))
    }

    /// How many bytes follow the contents.
    pub(crate) fn padding(&self) -> usize {
        let over = usize::try_from(self.size % BLOCK as u64).unwrap_or_default();
        (BLOCK - over) % BLOCK
    }
}

fn field(block: &[u8; BLOCK], range: std::ops::Range<usize>) -> &[u8] {
    block.get(range).unwrap_or_default()
}

fn sum(block: &[u8; BLOCK]) -> u64 {
    block.iter().map(|byte| u64::from(*byte)).sum()
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_matches(['\0', ' ']);
    u64::from_str_radix(text, 8).ok()
}
