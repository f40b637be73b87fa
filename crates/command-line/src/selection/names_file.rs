//! A file with names, or standard input.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::exit::UsageError;

/// A line that is a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The name, as it is written.
    pub text: String,
}

/// The lines of `file`, which is standard input if it is called `-`. Empty lines and lines that
/// begin with `#` are left out.
///
/// # Errors
///
/// A wrong use if it cannot be read.
pub fn lines_of(file: &Path) -> anyhow::Result<Vec<Line>> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        require_input().and_then(|()| std::io::stdin().read_to_string(&mut text))
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| format!("could not read the names from {}", file.display()))?;
    Ok(lines(&text))
}

/// Refuses a standard input that is closed. Rust's runtime opens the empty device in its place,
/// and the command would report success without a single name.
#[cfg(unix)]
fn require_input() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let input = std::fs::File::from(input).metadata()?;
    let empty = std::fs::metadata("/dev/null")?;
    if input.file_type().is_char_device() && input.rdev() == empty.rdev() {
        return Err(std::io::Error::other("standard input is closed"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn require_input() -> std::io::Result<()> {
    Ok(())
}

fn lines(text: &str) -> Vec<Line> {
    let lines = text.lines().enumerate().map(|(index, line)| Line {
        number: index + 1,
        // Editors of Windows write a byte order mark, and files are joined.
        text: line.trim_start_matches('\u{feff}').trim().to_owned(),
    });
    let named = lines.filter(|line| !line.text.is_empty() && !line.text.starts_with('#'));
    named.collect()
}
