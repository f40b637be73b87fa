//! `export-tenant`: writes a tenant to a file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Parser, ValueHint};
use command_line::exit::usage;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::words::{counted, time};
use command_line::{Common, Context, Message, NameArg, Output, Script, Verdict, output};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::archive::Outside;
use tenant_core::{ArchiveProgress, Export, Exported};

use crate::json::TableDetail;
use crate::progress::ArchiveBar;
use crate::tenants;

/// Write a tenant to a file
///
/// Writes rows, definition, migration history and sequence positions to one file. All
/// rows are from the same moment. Sessions that use the tenant do not wait.
///
/// The file gets its name once it is complete, and only its owner may read it. Rows of
/// `public` that the tenant refers to are not in the file: the command lists the
/// references.
///
/// Exit code 1: the tenant could not be exported, and no file was written.
#[derive(Debug, Parser)]
#[command(name = "export-tenant", version)]
pub struct ExportTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: NameArg,

    /// File to write, or `-` for standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was exported.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ExportedTenant")]
struct Document<'a> {
    /// Name of the tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// The file.
    file: String,
    /// Whether it was exported.
    exported: bool,
    /// The moment of the export, with its time zone.
    exported_at: &'a str,
    /// The newest applied migration. Null if there is none.
    version: Option<&'a str>,
    /// Each table.
    tables: Vec<TableDetail<'a>>,
    /// Number of rows.
    rows: u64,
    /// Size of the rows before compression, in bytes.
    bytes: u64,
    /// Size of the file, in bytes.
    file_bytes: u64,
    /// References to objects outside the schema, which the file does not contain.
    outside: Vec<Reference<'a>>,
    /// Duration, in milliseconds.
    duration_ms: u128,
}

/// A reference to an object outside the schema.
#[derive(Serialize, JsonSchema)]
struct Reference<'a> {
    /// The kind of reference, such as `foreign key`.
    kind: &'a str,
    /// The object in the schema.
    from: &'a str,
    /// The object outside the schema.
    to: &'a str,
}

impl<'a> Reference<'a> {
    fn of(outside: &'a Outside) -> Self {
        Self {
            kind: &outside.kind,
            from: &outside.from,
            to: &outside.to,
        }
    }
}

impl Script for ExportTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme -o acme.tenant", "write a file"),
        example("acme -o -", "write to standard output"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let started = Instant::now();
        let output = context.output;
        let to_stdout = self.output == Path::new("-");
        if let Some(wrong) = self.wrong_use(to_stdout, output) {
            return Err(usage(wrong, "Name a file with --output."));
        }
        context.require_possible([&self.name])?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let name = context.existing_name(&tenants, &self.name).await?;
        let bar = ArchiveBar::new(output);
        let observe = |progress: &ArchiveProgress<'_>| bar.show(progress);
        let call = tenants.export(&name).observe(observe);
        let exported = interruptible(self.write(call, to_stdout)).await?;
        bar.finish();
        self.tell(context, &exported, started)
    }
}

impl ExportTenant {
    fn wrong_use(&self, to_stdout: bool, output: Output) -> Option<&'static str> {
        match to_stdout {
            true if output.is_json() => {
                Some("--json and an archive cannot both go to standard output")
            }
            true if output::is_terminal() => Some("an archive cannot be written to a terminal"),
            _ => None,
        }
    }

    async fn write(&self, call: Export<'_>, to_stdout: bool) -> anyhow::Result<Exported> {
        if to_stdout {
            let (exported, _) = call.to_writer(output::bytes()).await?;
            return Ok(exported);
        }
        Ok(call.to_file(&self.output).await?)
    }

    fn tell(
        &self,
        context: &Context,
        exported: &Exported,
        started: Instant,
    ) -> anyhow::Result<Verdict> {
        let duration = started.elapsed();
        let text = format!("{} ({})", self.text(exported), time(duration));
        if self.output == Path::new("-") {
            context.output.note(&text);
        } else {
            let document = self.document(exported, duration.as_millis());
            context.output.done(&document, &text)?;
        }
        for outside in &exported.outside {
            let note = format!(
                "the archive does not contain {}: {} `{}` refers to it",
                outside.to, outside.kind, outside.from
            );
            context.output.say(&Message::note(note));
        }
        Ok(Verdict::Done)
    }

    fn text(&self, exported: &Exported) -> String {
        let rows = match exported.rows {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        };
        format!(
            "Exported tenant `{}` to {}: {}, {rows}, {}",
            exported.name,
            match self.output == Path::new("-") {
                true => "standard output".to_owned(),
                false => format!("`{}`", self.output.display()),
            },
            counted(exported.tables.len(), "table"),
            indicatif::HumanBytes(exported.file_bytes),
        )
    }

    fn document<'a>(&self, exported: &'a Exported, duration_ms: u128) -> Document<'a> {
        let tables = exported.tables.iter();
        Document {
            tenant: exported.name.as_str(),
            schema: exported.schema.as_str(),
            file: self.output.display().to_string(),
            exported: true,
            exported_at: &exported.exported_at,
            version: exported.version.as_ref().map(tenant_core::Version::as_str),
            tables: tables.map(TableDetail::of).collect(),
            rows: exported.rows,
            bytes: exported.bytes,
            file_bytes: exported.file_bytes,
            outside: exported.outside.iter().map(Reference::of).collect(),
            duration_ms,
        }
    }
}
