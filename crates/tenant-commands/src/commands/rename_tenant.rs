//! `rename-tenant`: gives a tenant another name.

use clap::{Parser, ValueHint};
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::settings::HooksOn;
use command_line::words::counted;
use command_line::{Common, Context, NameArg, Script, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Renamed, SchemaName};

use crate::json::{self, NoteDetail};
use crate::words::with_schema;
use crate::{report, tenants};

/// Rename a tenant
///
/// Renames the schema and the registration in one transaction. Data and version stay.
/// Applications that ask for the old name then get "unknown tenant". The command waits
/// for sessions that use the tenant's tables.
///
/// A function's own search_path and definitions written by migrations follow. The command
/// lists other places with the old name on standard error.
///
/// Exit code 1: the tenant could not be renamed, and nothing changed.
#[derive(Debug, Parser)]
#[command(name = "rename-tenant", version)]
pub struct RenameTenant {
    /// Name of the tenant
    #[arg(value_name = "OLD")]
    from: NameArg,

    /// New name: letters, digits and underscores
    #[arg(value_name = "NEW", value_hint = ValueHint::Other)]
    to: NameArg,

    /// New schema, if the list decides it
    #[arg(long, value_name = "SCHEMA", hide_short_help = true)]
    schema: Option<SchemaName>,

    /// Rename a tenant of another program, too
    #[arg(long, hide_short_help = true)]
    allow_other_program: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was renamed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RenamedTenant")]
struct Document<'a> {
    /// New name of the tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// Old name.
    renamed_from: &'a str,
    /// Whether it was renamed.
    renamed: bool,
    /// The notes.
    notes: Vec<NoteDetail>,
}

impl Script for RenameTenant {
    const EXAMPLES: &'static [Example] = &[example("acme acme_corp", "rename tenant acme")];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.from])?;
        let to = context.name(self.to.as_str())?;
        let tenants =
            tenants::open_for(&[HooksOn::Rename], context, self.locking.settings()).await?;
        let from = context.existing_name(&tenants, &self.from).await?;
        let mut call = tenants.rename(&from, &to);
        if let Some(schema) = &self.schema {
            call = call.to_schema(schema);
        }
        if self.allow_other_program {
            call = call.allow_other_program();
        }
        // A scratch database that migrations are tried in is dropped with the work.
        let renamed = interruptible(async { Ok(call.await?) }).await?;
        let document = Document {
            tenant: renamed.to.as_str(),
            schema: renamed.schema.as_str(),
            renamed_from: renamed.from.as_str(),
            renamed: true,
            notes: json::notes(&renamed.notes, context.invocation()),
        };
        context.output.done(&document, &text(&renamed))?;
        report::notes(context, &renamed.notes);
        Ok(Verdict::Done)
    }
}

fn text(renamed: &Renamed) -> String {
    let done = format!(
        "Renamed tenant {} to {}",
        with_schema(&renamed.from, &renamed.old_schema),
        with_schema(&renamed.to, &renamed.schema)
    );
    match renamed.functions {
        0 => format!("{done}."),
        count => format!(
            "{done}, and so the search path of {}.",
            counted(count, "function")
        ),
    }
}
