//! `drop-tenant`: drops a tenant.

use clap::Parser;
use command_line::options::Locking;
use command_line::output::table;
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict, ask};
use serde::Serialize;
use tenant_core::{Contents, Dependent, Error, Removed, Table, TenantName};

use crate::tenants;

/// Drop a tenant: its schema with all data, and its registration
///
/// Shows what will go and lets you type the tenant's name to confirm it.
/// Without a terminal, --yes is needed. A schema that is not registered as a
/// tenant is never dropped.
///
/// If objects outside the schema depend on it, such as a view over all tenants or
/// a column whose type is the tenant's, the command lists them, drops nothing, and
/// exits with 1.
///
/// With --json: tenant, dropped, schema_existed, tables: name, rows
/// (estimated, or null), bytes (or null), dependents: kind, name, owner (or null),
/// rows (of a table or a column: estimated; or null).
#[derive(Debug, Parser)]
#[command(name = "drop-tenant", version)]
pub struct DropTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: TenantName,

    /// Drop it without asking
    #[arg(long)]
    yes: bool,

    /// Also drop objects outside the schema that depend on it, with their data
    #[arg(long)]
    with_dependents: bool,

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
    dependents: Vec<DependentRow<'a>>,
}

#[derive(Serialize)]
struct DependentRow<'a> {
    kind: &'a str,
    name: &'a str,
    owner: Option<&'a str>,
    rows: Option<u64>,
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
        if !self.with_dependents && !contents.dependents.is_empty() {
            context.output.problem(&dependents(&contents.dependents));
            return self.refuse(context, contents);
        }
        if !self.yes {
            // Whoever is asked has to see it, however the result is wanted.
            context.output.problem(&warning(&self.name, &contents));
            if !contents.dependents.is_empty() {
                context.output.problem(&dependents(&contents.dependents));
            }
            let question = format!("Type `{}` to drop it", self.name);
            if !ask::type_name(&question, self.name.as_str(), "--yes")? {
                context
                    .output
                    .problem("That is not the tenant's name: nothing was dropped.");
                context.output.done(&self.document(&contents, None), "")?;
                return Ok(Verdict::Wrong);
            }
        }
        let drop = tenants.drop_tenant(&self.name);
        let removed = if self.with_dependents {
            drop.with_dependents().await?
        } else {
            drop.await?
        };
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
        let dependents = contents.dependents.iter().map(|dependent| DependentRow {
            kind: &dependent.kind,
            name: &dependent.name,
            owner: dependent.owner.as_deref(),
            rows: dependent.rows,
        });
        Document {
            tenant: self.name.as_str(),
            dropped: removed.is_some(),
            schema_existed: contents.schema,
            tables: tables.collect(),
            dependents: dependents.collect(),
        }
    }

    /// The library refuses it with the same error. Programs get the list.
    fn refuse(&self, context: &Context, contents: Contents) -> anyhow::Result<Verdict> {
        let document = self.document(&contents, None);
        if context.output.is_json() {
            context.output.document(&document)?;
            return Ok(Verdict::Wrong);
        }
        Err(Error::HasDependents {
            schema: format!("tenant `{}`", self.name),
            is_spare: false,
            dependents: contents.dependents,
        }
        .into())
    }
}

fn dependents(dependents: &[Dependent]) -> String {
    let rows = dependents.iter().map(|dependent| {
        [
            dependent.kind.clone(),
            dependent.name.clone(),
            dependent.owner.clone().unwrap_or_default(),
            dependent
                .rows
                .map_or_else(String::new, |rows| rows.to_string()),
        ]
    });
    let table = table(["Kind", "Name", "Owner", "Rows (estimated)"], rows);
    format!("These objects outside the schema depend on it:\n{table}")
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
