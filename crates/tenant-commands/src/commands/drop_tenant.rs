//! `drop-tenant`: drops a tenant.

use clap::Parser;
use command_line::columns::columns;
use command_line::help::{Example, example};
use command_line::json::{Documents, ErrorDetail};
use command_line::options::Locking;
use command_line::settings::HooksOn;
use command_line::words::counted;
use command_line::{Common, Context, Explained, Message, NameArg, Script, Verdict, ask};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Affected, Contents, Dependent, Error, Removed, Table, TenantName};

use crate::tenants;
use crate::words::with_schema;

/// Drop a tenant: its schema, its data, its registration
///
/// Shows what would be lost and asks you to type the tenant's name. For scripts, --yes
/// confirms. A schema that is not registered as a tenant is never dropped.
///
/// If objects outside the schema depend on it, such as a view over all tenants, the
/// command lists them and drops nothing. Publications, functions and search paths that
/// name the schema stay, and are listed before you confirm.
///
/// Exit code 1: the tenant was not dropped.
#[derive(Debug, Parser)]
#[command(name = "drop-tenant", version)]
pub struct DropTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: NameArg,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,

    /// Drop objects elsewhere that depend on it
    #[arg(long, hide_short_help = true)]
    with_dependents: bool,

    /// Drop a tenant of another program, too
    #[arg(long, hide_short_help = true)]
    allow_other_program: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was to be dropped.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DroppedTenant")]
struct Document<'a> {
    /// Name of the tenant.
    tenant: &'a str,
    /// Its schema.
    schema: &'a str,
    /// Whether the tenant was dropped.
    dropped: bool,
    /// Whether its schema existed.
    schema_existed: bool,
    /// Its tables, without the migration history.
    tables: Vec<Row<'a>>,
    /// Objects outside the schema that depend on it.
    dependents: Vec<DependentRow<'a>>,
    /// Objects outside the schema that stay, but lose tables or name dropped objects.
    affected: Vec<AffectedRow<'a>>,
    /// The error, if dependent objects prevent the drop.
    error: Option<ErrorDetail>,
}

/// An object outside the schema that stays.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AffectedObject")]
struct AffectedRow<'a> {
    /// Kind of the object.
    kind: &'a str,
    /// Name of the object.
    name: &'a str,
}

/// An object outside the schema that depends on it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DependentObject")]
struct DependentRow<'a> {
    /// Kind of the object.
    kind: &'a str,
    /// Name of the object.
    name: &'a str,
    /// The role that owns it. Null if it has no owner.
    owner: Option<&'a str>,
    /// Its rows, estimated by the server. Null if unknown.
    rows: Option<u64>,
}

/// A table of the tenant.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DroppedTable")]
struct Row<'a> {
    /// Name of the table.
    name: &'a str,
    /// Its rows, estimated by the server. Null if the table was never analyzed.
    rows: Option<u64>,
    /// Its size with indexes, in bytes. Null if unknown.
    bytes: Option<u64>,
}

impl Script for DropTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme", "show what would be lost, then ask"),
        example("acme --yes", "drop without asking"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document<'_>>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.name])?;
        let tenants = tenants::open_for(&[HooksOn::Drop], context, self.locking.settings()).await?;
        let name = context.existing_name(&tenants, &self.name).await?;
        let contents = tenants.contents(&name).await?;
        if let Some(why) = contents
            .others
            .clone()
            .filter(|_| !self.allow_other_program)
        {
            return Err(Error::OthersTenant(name, why).into());
        }
        if !contents.affected.is_empty() {
            context.output.problem(&affected(&contents.affected));
        }
        if !self.with_dependents && !contents.dependents.is_empty() {
            context.output.problem(&dependents(&contents.dependents));
            return refuse(context, &name, contents);
        }
        if !self.yes {
            // Whoever is asked has to see it, however the result is wanted.
            context.output.problem(&warning(&name, &contents));
            if !contents.dependents.is_empty() {
                context.output.problem(&dependents(&contents.dependents));
            }
            let question = format!("Type `{name}` to drop it");
            if !ask::type_name(&question, name.as_str(), "--yes")? {
                let why = "that is not the tenant's name, so nothing was dropped";
                context.output.say(&Message::error(why));
                context.output.done(&document(&name, &contents, None), "")?;
                return Ok(Verdict::Wrong);
            }
        }
        let mut drop = tenants.drop_tenant(&name);
        if self.with_dependents {
            drop = drop.with_dependents();
        }
        if self.allow_other_program {
            drop = drop.allow_other_program();
        }
        let removed = drop.await?;
        let text = match removed {
            Removed::RegistrationOnly => format!(
                "Removed the registration of tenant `{}`. Its schema did not exist.",
                name
            ),
            _ => format!(
                "Dropped tenant {}: {} and the registration.",
                with_schema(&name, &contents.schema_name),
                counted(contents.tables.len(), "table")
            ),
        };
        context
            .output
            .done(&document(&name, &contents, Some(removed)), &text)?;
        Ok(Verdict::Done)
    }
}

fn document<'a>(
    name: &'a TenantName,
    contents: &'a Contents,
    removed: Option<Removed>,
) -> Document<'a> {
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
    let affected = contents.affected.iter().map(|affected| AffectedRow {
        kind: &affected.kind,
        name: &affected.name,
    });
    Document {
        tenant: name.as_str(),
        schema: contents.schema_name.as_str(),
        dropped: removed.is_some(),
        schema_existed: contents.schema,
        tables: tables.collect(),
        dependents: dependents.collect(),
        affected: affected.collect(),
        error: None,
    }
}

/// The library refuses it with the same error. Programs get the list.
fn refuse(context: &Context, name: &TenantName, contents: Contents) -> anyhow::Result<Verdict> {
    let error = Error::HasDependents {
        schema: format!("tenant `{name}`"),
        is_spare: false,
        dependents: contents.dependents.clone(),
    };
    if !context.output.is_json() {
        return Err(error.into());
    }
    let explained = Explained::of_library(&error, context.invocation());
    context.output.say(&explained.clone().message());
    let document = Document {
        error: Some(explained.into()),
        ..document(name, &contents, None)
    };
    context.output.document(&document)?;
    Ok(Verdict::Wrong)
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
    let table = columns(["Kind", "Name", "Owner", "Rows (estimated)"], rows);
    format!("These objects outside the schema depend on it:\n{table}")
}

fn affected(affected: &[Affected]) -> String {
    let rows = affected
        .iter()
        .map(|one| [one.kind.clone(), one.name.clone()]);
    let table = columns(["Kind", "Name"], rows);
    format!(
        "These objects stay. They lose its tables, or name objects that will not exist:\n{table}"
    )
}

fn warning(name: &TenantName, contents: &Contents) -> String {
    if !contents.schema {
        return format!("Tenant `{name}` has no schema; only its registration would go.");
    }
    let tenant = with_schema(name, &contents.schema_name);
    if contents.tables.is_empty() {
        return format!("This drops tenant {tenant}, which has no tables.");
    }
    let rows = contents
        .tables
        .iter()
        .map(|table| [table.name.clone(), rows(table), size(table.bytes)]);
    let table = columns(["Table", "Rows (estimated)", "Size"], rows);
    format!("This drops tenant {tenant} permanently, with all its data:\n{table}")
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
