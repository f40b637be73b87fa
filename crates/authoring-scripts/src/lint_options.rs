//! What the project says about the rules for its migrations.

use anyhow::{Context as _, anyhow};
use command_line::exit::UsageError;
use command_line::files::read_if_there;
use migration_lint::Options;

use crate::{Project, Stream};

/// The file, in the project's folder. It need not be there.
pub const FILE: &str = "lint.toml";

/// Reads it.
///
/// # Errors
///
/// A wrong use when it cannot be understood.
pub fn read(project: &Project) -> anyhow::Result<Options> {
    let read = read_if_there(&project.folder().join(FILE));
    let Some(text) = read.with_context(|| format!("the file {FILE} cannot be read"))? else {
        return Ok(Options::default());
    };
    Options::parse(&text).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        anyhow!(UsageError(format!(
            "{FILE}: {error}{}",
            source.unwrap_or_default()
        )))
    })
}

impl From<Stream> for migration_lint::Stream {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Public => Self::Public,
            Stream::Tenant => Self::Tenant,
        }
    }
}
