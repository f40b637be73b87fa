//! Options that several of these commands have.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use command_line::exit::UsageError;
use command_line::hints::Advised;
use command_line::{Context, Invocation};

use crate::{Project, Stream, StreamFiles, scratch};

/// Which streams are meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct Streams {
    /// Stream to work on [default: both]
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

    /// The stream's `schema.rs`, instead of the configured file
    #[arg(long, value_name = "FILE", requires = "stream")]
    schema_file: Option<PathBuf>,
}

impl Streams {
    /// Where each stream that is meant has its things, in the order in which they are
    /// applied. `migrations_dir` is the common option.
    ///
    /// # Errors
    ///
    /// As [`Project::files`].
    pub(crate) fn find(
        &self,
        project: &Project,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<Vec<StreamFiles>> {
        match self.stream {
            Some(stream) => Ok(vec![project.files(stream, migrations_dir)?]),
            None => project.all_files(migrations_dir),
        }
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
    /// As [`Project::files`]. A wrong use when both streams have the same `schema.rs`.
    pub(crate) fn find(
        &self,
        project: &Project,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<Vec<StreamFiles>> {
        let mut found = self.streams.find(project, migrations_dir)?;
        for files in &mut found {
            if let Some(file) = &self.schema_file {
                // The user typed it, so it starts where the user is.
                files.schema = std::path::absolute(file)?;
                files.is_schema_guessed = false;
            }
        }
        match found.as_slice() {
            [public, tenant] if public.schema == tenant.schema => {
                Err(same_file(project, &tenant.schema))
            }
            _ => Ok(found),
        }
    }
}

impl SchemaFiles {
    /// The same, to be compared with migrations. A project may have public migrations and
    /// no file of public tables: then there is nothing to compare, unless that is asked for.
    ///
    /// # Errors
    ///
    /// As [`SchemaFiles::find`].
    pub(crate) fn find_to_compare(
        &self,
        context: &Context,
        project: &Project,
        migrations_dir: Option<&Path>,
    ) -> anyhow::Result<Vec<StreamFiles>> {
        let mut found = self.find(project, migrations_dir)?;
        if self.streams.stream.is_none() {
            found.retain(|files| {
                let is_kept = files.stream == Stream::Tenant
                    || !files.is_schema_guessed
                    || files.schema.exists();
                if !is_kept {
                    let file = project.shown(&files.schema);
                    context.output.note(&format!(
                        "note: skipped the public stream: {file} does not \
                                        exist"
                    ));
                }
                is_kept
            });
        }
        Ok(found)
    }
}

/// Whichever stream is written last would be alone in it.
fn same_file(project: &Project, schema: &Path) -> anyhow::Error {
    anyhow!(UsageError(format!(
        "both streams use {}",
        project.shown(schema)
    )))
    .context(Advised::new(
        "could not assign the tables to a stream",
        "Give each stream its own file: set `file` under `[print_schema]` in diesel.public.toml \
         and diesel.tenant.toml.",
    ))
}
