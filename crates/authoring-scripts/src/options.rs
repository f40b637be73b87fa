//! Options that several of these commands have.

use std::path::{Path, PathBuf};

use clap::Args;
use command_line::{Context, Invocation};

use crate::{Project, Stream, StreamFiles, scratch};

/// Which streams are meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct Streams {
    /// Stream that is meant [default: both]
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "public|tenant"
    )]
    stream: Option<Stream>,
}

/// Which streams are meant, and where the `schema.rs` of one is.
#[derive(Debug, Clone, Args)]
pub(crate) struct SchemaFiles {
    #[command(flatten)]
    streams: Streams,

    /// Its `schema.rs`, instead of the one that the configuration names
    #[arg(long, value_name = "FILE", requires = "stream")]
    schema_file: Option<PathBuf>,
}

impl Streams {
    /// The streams that are meant, in the order in which they are applied.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = Stream> + use<> {
        let only = self.stream;
        let all = Stream::ALL.into_iter();
        all.filter(move |stream| only.is_none_or(|only| only == *stream))
    }
}

impl SchemaFiles {
    /// How the commands about the same files are called.
    pub(crate) fn invocation(&self, context: &Context, scratch: &scratch::Options) -> Invocation {
        let invocation = scratch.repeated(context.invocation().clone());
        match &self.schema_file {
            Some(file) => invocation.with("--schema-file", file),
            None => invocation,
        }
    }

    /// Where each stream that is meant has its things. `migrations_dir` is the
    /// common option.
    ///
    /// # Errors
    ///
    /// As [`Project::files`].
    pub(crate) fn find(
        &self,
        project: &Project,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<Vec<StreamFiles>> {
        let found = self.streams.chosen().map(|stream| {
            let mut files = project.files(stream, migrations_dir)?;
            if let Some(file) = &self.schema_file {
                // The user typed it, so it starts where the user is.
                files.schema = std::path::absolute(file)?;
            }
            Ok(files)
        });
        found.collect()
    }
}
