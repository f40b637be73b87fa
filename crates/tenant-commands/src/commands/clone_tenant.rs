//! `clone-tenant`: makes a tenant that is like another one.

use clap::{Parser, ValueHint};
use command_line::interrupt::interruptible;
use command_line::options::Locking;
use command_line::words::{counted, time};
use command_line::{Common, Context, NameArg, Script, Verdict};
use serde::Serialize;
use std::time::Instant;
use tenant_core::{Cloned, Rows, SchemaName};

use crate::json::{self, NoteDetail};
use crate::words::with_schema;
use crate::{report, tenants};

/// Make a tenant that is like another one, with its data
///
/// Tables, rows, sequences, types, views, functions, triggers, policies and rights
/// are copied as they are, also what was made by hand, and so is the record of
/// applied migrations. All is one transaction: the rows are those of one moment, in
/// the end both are compared, and who works with the tenant is not held up.
///
/// Where migrations have written the schema's name into a text, such as a trigger's
/// argument, the copy has its own name there. If the name was written there by hand,
/// the command lists the places and creates nothing. The same goes for rows with the
/// name, if the schema has a function with dynamic SQL: --allow-name-in-rows copies them.
///
/// Exit code 1 when it cannot be done, and then nothing was made; 2 when the new
/// name is not valid, or is that of the tenant itself.
///
/// With --json: tenant (the new one), schema (its name), cloned_from, cloned, tables, rows,
/// duration_ms, notes: kind (name_in_text, name_in_rows, same_but_for_case),
/// detail, remedy.
#[derive(Debug, Parser)]
#[command(name = "clone-tenant", version)]
pub struct CloneTenant {
    /// Name of the tenant that there is
    #[arg(value_name = "FROM")]
    from: NameArg,

    /// Name of the new tenant: letters, digits and underscores
    #[arg(value_name = "TO", value_hint = ValueHint::Other)]
    to: NameArg,

    /// Schema of the new tenant, where only the list knows it
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<SchemaName>,

    /// Copy no rows: tables are empty, sequences at their start
    #[arg(long)]
    no_data: bool,

    /// Copy rows with the tenant's name in them although functions have dynamic SQL
    #[arg(long)]
    allow_name_in_rows: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    tenant: &'a str,
    schema: &'a str,
    cloned_from: &'a str,
    cloned: bool,
    tables: usize,
    rows: u64,
    duration_ms: u128,
    notes: Vec<NoteDetail>,
}

impl Script for CloneTenant {
    fn common(&self) -> &Common {
        &self.common
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
