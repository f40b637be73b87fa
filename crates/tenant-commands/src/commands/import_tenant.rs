//! `import-tenant`: creates a tenant from a file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Parser, ValueHint};
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::words::{counted, time};
use command_line::{Common, Context, Message, NameArg, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{ArchiveProgress, Imported, SchemaName, Version};

use crate::json::TableDetail;
use crate::progress::ArchiveBar;
use crate::tenants;
use crate::words::with_schema;

/// Create a tenant from an exported file
///
/// Creates the schema by the migrations of the file, copies the rows, and applies the
/// migrations that the file lacks. No trigger fires. Before the commit, all rows are read
/// again and compared, and foreign keys are checked. Missing rows of `public` that the
/// tenant refers to are listed.
///
/// Exit code 1: the tenant could not be imported, and nothing was created.
#[derive(Debug, Parser)]
#[command(name = "import-tenant", version)]
pub struct ImportTenant {
    /// File that `export` has written, or `-` for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Name of the new tenant, if it is another than in the file
    #[arg(long = "as", value_name = "NAME", value_hint = ValueHint::Other)]
    name: Option<NameArg>,

    /// Schema, if the list of tenants decides it
    #[arg(long, value_name = "SCHEMA", hide_short_help = true)]
    schema: Option<SchemaName>,

    /// Import a tenant that had drift, with its drift
    #[arg(long, hide_short_help = true)]
    allow_drift: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was imported.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportedTenant")]
struct Document<'a> {
    /// Name of the new tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// Name of the tenant in the file.
    imported_from: &'a str,
    /// Whether it was imported.
    imported: bool,
    /// The moment of the export, with its time zone.
    exported_at: &'a str,
    /// Each table.
    tables: Vec<TableDetail<'a>>,
    /// Number of rows.
    rows: u64,
    /// Versions that were applied after the import, oldest first.
    applied: Vec<&'a str>,
    /// Versions of migrations that were edited after the export.
    edited: Vec<&'a str>,
    /// Duration, in milliseconds.
    duration_ms: u128,
}

impl Script for ImportTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme.tenant", "bring a tenant back"),
        example("acme.tenant --as acme_before", "beside the present one"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let started = Instant::now();
        let name = self.name.as_ref();
        let name = name.map(|name| context.name(name.as_str())).transpose()?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let bar = ArchiveBar::new(context.output);
        let observe = |progress: &ArchiveProgress<'_>| bar.show(progress);
        let mut call = match self.file == Path::new("-") {
            true => tenants.import(std::io::stdin()),
            false => tenants.import_file(&self.file),
        };
        call = call.observe(observe);
        if let Some(name) = &name {
            call = call.named(name);
        }
        if let Some(schema) = &self.schema {
            call = call.in_schema(schema);
        }
        if self.allow_drift {
            call = call.allow_drift();
        }
        let imported = interruptible(async { Ok(call.await?) }).await?;
        bar.finish();
        tell(context, &imported, started)
    }
}

fn tell(context: &Context, imported: &Imported, started: Instant) -> anyhow::Result<Verdict> {
    let duration = started.elapsed();
    let text = format!("{} ({})", text(imported), time(duration));
    let document = document(imported, duration.as_millis());
    context.output.done(&document, &text)?;
    for version in &imported.edited {
        let note = format!(
            "the text of migration `{version}` was edited since the export, and the definition is \
             the same"
        );
        context.output.say(&Message::note(note));
    }
    Ok(Verdict::Done)
}

fn text(imported: &Imported) -> String {
    let rows = match imported.rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    let applied = match imported.applied.len() {
        0 => String::new(),
        count => format!(", {} applied", counted(count, "migration")),
    };
    format!(
        "Imported tenant {}: {}, {rows}{applied}",
        with_schema(&imported.name, &imported.schema),
        counted(imported.tables.len(), "table"),
    )
}

fn document(imported: &Imported, duration_ms: u128) -> Document<'_> {
    let tables = imported.tables.iter();
    Document {
        tenant: imported.name.as_str(),
        schema: imported.schema.as_str(),
        imported_from: &imported.from,
        imported: true,
        exported_at: &imported.exported_at,
        tables: tables.map(TableDetail::of).collect(),
        rows: imported.rows,
        applied: texts(&imported.applied),
        edited: texts(&imported.edited),
        duration_ms,
    }
}

fn texts(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(Version::as_str).collect()
}
