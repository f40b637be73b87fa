//! `drop-tenant`: drops a tenant.

use clap::Parser;
use command_line::options::Locking;
use command_line::output::table;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict, ask};
use serde::Serialize;
use tenant_core::{Contents, Removed, Table, TenantName};

use crate::tenants;

/// Drop a tenant: its schema with all data, and its registration
///
/// Shows what will go and lets you type the tenant's name to confirm it.
/// Without a terminal, --yes is needed. A schema that is not registered as a
/// tenant is never dropped.
///
/// With --json: tenant, dropped, schema_existed, tables: name, rows
/// (estimated, or null), bytes (or null).
#[derive(Debug, Parser)]
#[command(name = "drop-tenant", version)]
pub struct DropTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: TenantName,

    /// Drop it without asking
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    tenant: &'a str,
    dropped: bool,
    schema_existed: bool,
    tables: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl Script for DropTenant {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let contents = tenants.contents(&self.name).await?;
        if !self.yes {
            // Whoever is asked has to see it, however the result is wanted.
            context.output.problem(&warning(&self.name, &contents));
            let question = format!("Type `{}` to drop it", self.name);
            if !ask::type_name(&question, self.name.as_str(), "--yes")? {
                context
                    .output
                    .problem("That is not the tenant's name: nothing was dropped.");
                context.output.done(&self.document(&contents, None), "")?;
                return Ok(Verdict::Wrong);
            }
        }
        let removed = tenants.drop_tenant(&self.name).await?;
        let text = match removed {
            Removed::Tenant => format!(
                "Dropped tenant `{}`: {} and the registration.",
                self.name,
                counted(contents.tables.len(), "table")
            ),
            Removed::RegistrationOnly => format!(
                "Removed the registration of tenant `{}`; its schema was gone already.",
                self.name
            ),
        };
        context
            .output
            .done(&self.document(&contents, Some(removed)), &text)?;
        Ok(Verdict::Done)
    }
}

impl DropTenant {
    fn document<'a>(&'a self, contents: &'a Contents, removed: Option<Removed>) -> Document<'a> {
        let tables = contents.tables.iter().map(|table| Row {
            name: &table.name,
            rows: table.rows,
            bytes: table.bytes,
        });
        Document {
            tenant: self.name.as_str(),
            dropped: removed.is_some(),
            schema_existed: contents.schema,
            tables: tables.collect(),
        }
    }
}

fn warning(name: &TenantName, contents: &Contents) -> String {
    if !contents.schema {
        return format!("Tenant `{name}` has no schema; only its registration would go.");
    }
    if contents.tables.is_empty() {
        return format!("This drops tenant `{name}`, which has no tables.");
    }
    let rows = contents
        .tables
        .iter()
        .map(|table| [table.name.clone(), rows(table), size(table.bytes)]);
    let table = table(["Table", "Rows (estimated)", "Size"], rows);
    format!("This drops tenant `{name}` for good, with all its data:\n{table}")
}

fn rows(table: &Table) -> String {
    table
        .rows
        .map_or_else(|| "unknown".to_owned(), |rows| rows.to_string())
}

fn size(bytes: Option<u64>) -> String {
    let shown = bytes.map(|bytes| indicatif::HumanBytes(bytes).to_string());
    shown.unwrap_or_else(|| "unknown".to_owned())
}
