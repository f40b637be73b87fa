//! `clone-tenant`: makes a tenant that is like another one.

use clap::{Parser, ValueHint};
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::words::{counted, time};
use command_line::{Common, Context, NameArg, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Instant;
use tenant_core::{Cloned, Rows, SchemaName};

use crate::json::{self, NoteDetail};
use crate::words::with_schema;
use crate::{report, tenants};

/// Copy a tenant, with its data, to a new one
///
/// Copies tables, rows, sequences, types, views, functions, triggers, policies, rights
/// and the migration history, in one transaction. All rows are from the same moment.
/// Sessions that use the tenant do not wait.
///
/// Where a migration wrote the schema's name into a text, such as a trigger's argument,
/// the copy has its own name. If the name was written by hand, the command lists the
/// places and creates nothing.
///
/// Exit code 1: the tenant could not be copied, and nothing was created.
#[derive(Debug, Parser)]
#[command(name = "clone-tenant", version)]
pub struct CloneTenant {
    /// Name of the tenant to copy
    #[arg(value_name = "FROM")]
    from: NameArg,

    /// Name of the new tenant: letters, digits and underscores
    #[arg(value_name = "TO", value_hint = ValueHint::Other)]
    to: NameArg,

    /// Schema, if the list of tenants decides it
    #[arg(long, value_name = "SCHEMA", hide_short_help = true)]
    schema: Option<SchemaName>,

    /// Copy no rows, and reset sequences
    #[arg(long)]
    no_data: bool,

    /// Copy rows that contain the tenant's name
    #[arg(long, hide_short_help = true)]
    allow_name_in_rows: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was copied.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClonedTenant")]
struct Document<'a> {
    /// Name of the new tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// Name of the original.
    cloned_from: &'a str,
    /// Whether it was copied.
    cloned: bool,
    /// Number of tables, without the migration history.
    tables: usize,
    /// Number of rows that were copied.
    rows: u64,
    /// Duration, in milliseconds.
    duration_ms: u128,
    /// The notes.
    notes: Vec<NoteDetail>,
}

impl Script for CloneTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme acme_test", "copy with data"),
        example("acme template --no-data", "copy without rows"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let started = Instant::now();
        context.require_possible([&self.from])?;
        let to = context.name(self.to.as_str())?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let from = context.existing_name(&tenants, &self.from).await?;
        let rows = if self.no_data { Rows::None } else { Rows::All };
        let mut call = tenants.clone_tenant(&from, &to).rows(rows);
        if let Some(schema) = &self.schema {
            call = call.in_schema(schema);
        }
        if self.allow_name_in_rows {
            call = call.allow_name_in_rows();
        }
        // A scratch database that migrations are tried in is dropped with the work.
        let cloned = interruptible(async { Ok(call.await?) }).await?;
        let duration = started.elapsed();
        let document = Document {
            tenant: cloned.to.as_str(),
            schema: cloned.schema.as_str(),
            cloned_from: cloned.from.as_str(),
            cloned: true,
            tables: cloned.tables,
            rows: cloned.rows,
            duration_ms: duration.as_millis(),
            notes: json::notes(&cloned.notes, context.invocation()),
        };
        let text = format!("{} ({})", text(&cloned, rows), time(duration));
        context.output.done(&document, &text)?;
        report::notes(context, &cloned.notes);
        Ok(Verdict::Done)
    }
}

fn text(cloned: &Cloned, rows: Rows) -> String {
    let tables = counted(cloned.tables, "table");
    let rows = match rows {
        Rows::All => format!(
            "{} {}",
            cloned.rows,
            if cloned.rows == 1 { "row" } else { "rows" }
        ),
        _ => "no rows".to_owned(),
    };
    let to = with_schema(&cloned.to, &cloned.schema);
    format!("Cloned tenant `{}` to {to}: {tables}, {rows}", cloned.from)
}
