//! `rename-tenant`: gives a tenant another name.

use clap::{Parser, ValueHint};
use command_line::interrupt::interruptible;
use command_line::options::Locking;
use command_line::settings::HooksOn;
use command_line::words::counted;
use command_line::{Common, Context, NameArg, Script, Verdict};
use serde::Serialize;
use tenant_core::{Renamed, SchemaName};

use crate::json::{self, NoteDetail};
use crate::words::with_schema;
use crate::{report, tenants};

/// Give a tenant another name
///
/// Schema and registration are renamed in one transaction; data, version and age
/// stay. Applications that ask for the old name get "unknown tenant" from then on.
/// Whoever uses one of its tables is waited for.
///
/// Functions of the tenant whose own search_path names its schema follow, and so do
/// definitions into which migrations have written the name. Other places with the old
/// name, such as a function's body, a default or a role's setting, are listed on standard
/// error.
///
/// A tenant that another program has migrated is left as it is.
///
/// Exit code 1 when it cannot be done, and then nothing has changed; 2 when the
/// new name is not valid, or is the old one.
///
/// With --json: tenant (the new name), schema (the new one), renamed_from, renamed, notes: kind
/// (name_in_text, name_in_rows, old_path, same_but_for_case), detail, remedy.
#[derive(Debug, Parser)]
#[command(name = "rename-tenant", version)]
pub struct RenameTenant {
    /// Name of the tenant
    #[arg(value_name = "OLD")]
    from: NameArg,

    /// The name that it gets: letters, digits and underscores
    #[arg(value_name = "NEW", value_hint = ValueHint::Other)]
    to: NameArg,

    /// New schema of the tenant, where only the list knows it
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<SchemaName>,

    /// Rename it also if it is a tenant of another program
    #[arg(long)]
    allow_other_program: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    tenant: &'a str,
    schema: &'a str,
    renamed_from: &'a str,
    renamed: bool,
    notes: Vec<NoteDetail>,
}

impl Script for RenameTenant {
    fn common(&self) -> &Common {
        &self.common
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
