//! `list-tenants`: lists the tenants and where they stand.

use chrono::{DateTime, Utc};
use clap::Parser;
use command_line::json::ErrorDetail;
use command_line::output::{shown, table};
use command_line::words::counted;
use command_line::{Common, Context, Invocation, Script, Verdict};
use indicatif::HumanBytes;
use serde::Serialize;
use tenant_core::remedy::Command;
use tenant_core::{SchemaName, Tenant, TenantState, Version};

use crate::failures::Failures;
use crate::tenants;

/// List the tenants with their versions and pending migrations
///
/// On a Citus cluster also the server that each is on, and its size there.
///
/// A tenant is ahead if it has migrations that this program does not have. It is another
/// program's if it has none of this program's, or only other texts under the same versions.
///
/// Exit code 1 when the state of a tenant could not be read.
///
/// With --json: tenants: name, schema (what its schema is called, or null when its row is not
/// a valid tenant), created_at (RFC 3339), version (the newest applied migration, or null), pending (how many are missing, or null when that is
/// not known), unknown (how many applied ones this program does not have, or null),
/// state (up_to_date, behind, ahead, other_program, unreadable), listed_as (what the registry
/// says of its state: active, suspended, trashed, its own word, or null; only for a registry that
/// has states), error (null, or message, sqlstate, migration, file, line, hint); on a cluster
/// also node (HOST:PORT, or null when it is on none) and bytes (null when it is not
/// known).
#[derive(Debug, Parser)]
#[command(name = "list-tenants", version)]
pub struct ListTenants {
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Document<'a> {
    tenants: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    schema: Option<&'a str>,
    created_at: Option<DateTime<Utc>>,
    version: Option<&'a Version>,
    pending: Option<usize>,
    unknown: Option<usize>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_as: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Option<u64>>,
    error: Option<ErrorDetail>,
}

impl Script for ListTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let tenants = tenants::open(context).await?;
        let columns = Columns {
            has_schemas: false,
            has_states: tenants.registry().has_states(),
            is_cluster: tenants.database().is_cluster(),
        };
        let tenants = tenants.list().await?;
        let columns = Columns {
            has_schemas: tenants.iter().any(has_other_schema),
            ..columns
        };
        let rows = tenants
            .iter()
            .map(|tenant| row(tenant, &columns, context.invocation()));
        let document = Document {
            tenants: rows.collect(),
        };
        let text = text(&tenants, &columns, context.invocation());
        context.output.answer(&document, &text)?;
        let broken = tenants.iter().filter_map(|tenant| {
            let error = tenant.error.as_ref()?;
            Some((tenant.name.as_str(), error))
        });
        let failures = Failures::new(broken.collect(), tenants.len(), "could not be read");
        Ok(failures.show(context))
    }
}

fn row<'a>(tenant: &'a Tenant, columns: &Columns, invocation: &Invocation) -> Row<'a> {
    let (place, is_cluster) = (tenant.place.as_ref(), columns.is_cluster);
    Row {
        name: &tenant.name,
        schema: tenant.schema.as_ref().map(SchemaName::as_str),
        created_at: tenant.created_at,
        version: tenant.version.as_ref(),
        pending: tenant.pending,
        unknown: tenant.unknown,
        state: code(tenant),
        listed_as: columns.has_states.then(|| listed_as(tenant)),
        node: is_cluster.then(|| place.map(|place| place.node.to_string())),
        bytes: is_cluster.then(|| place.and_then(|place| place.bytes)),
        error: tenant
            .error
            .as_ref()
            .map(|error| ErrorDetail::of(error, invocation)),
    }
}

fn text(tenants: &[Tenant], columns: &Columns, invocation: &Invocation) -> String {
    if tenants.is_empty() {
        let create = invocation.call(&Command::CreateTenant(None));
        return format!("There are no tenants yet. To create one, run `{create}`.");
    }
    let rows = tenants.iter().map(|tenant| columns.row(tenant));
    let table = table(columns.heading(), rows);
    format!("{table}\n{}", counted(tenants.len(), "tenant"))
}

/// Which columns there are beside those that a list always has.
struct Columns {
    /// What schemas are called, where some are not called as their tenants.
    has_schemas: bool,
    /// What the registry says of its tenants' states.
    has_states: bool,
    is_cluster: bool,
}

impl Columns {
    fn heading(&self) -> Vec<&'static str> {
        let mut heading = vec!["Tenant"];
        heading.extend(self.has_schemas.then_some("Schema"));
        heading.extend(["Created", "Version", "State"]);
        heading.extend(self.has_states.then_some("Listed as"));
        if self.is_cluster {
            heading.extend(["Server", "Size"]);
        }
        heading
    }

    fn row(&self, tenant: &Tenant) -> Vec<String> {
        let mut row = vec![shown(&tenant.name).into_owned()];
        row.extend(self.has_schemas.then(|| schema(tenant)));
        row.extend(cells(tenant));
        let state = listed_as(tenant).unwrap_or("-");
        row.extend(self.has_states.then(|| shown(state).into_owned()));
        if self.is_cluster {
            row.extend(place(tenant));
        }
        row
    }
}

/// What the registry says of the tenant's state, in one word.
fn listed_as(tenant: &Tenant) -> Option<&str> {
    tenant.state.as_ref().map(TenantState::as_str)
}

fn has_other_schema(tenant: &Tenant) -> bool {
    let schema = tenant.schema.as_ref();
    schema.is_some_and(|schema| schema.as_str() != tenant.name)
}

fn schema(tenant: &Tenant) -> String {
    let schema = tenant.schema.as_ref().map(SchemaName::as_str);
    schema.map_or_else(|| "-".to_owned(), |schema| shown(schema).into_owned())
}

/// When it was created, its version and its state.
fn cells(tenant: &Tenant) -> [String; 3] {
    let created = tenant.created_at.map_or_else(
        || "-".to_owned(),
        |at| at.format("%Y-%m-%d %H:%M UTC").to_string(),
    );
    let version = match (&tenant.version, tenant.pending) {
        (Some(version), _) => version.to_string(),
        (None, Some(_)) => "-".to_owned(),
        (None, None) => "unknown".to_owned(),
    };
    [created, version, state(tenant)]
}

fn state(tenant: &Tenant) -> String {
    if tenant.is_of_other_program {
        return "of another program".to_owned();
    }
    match (&tenant.error, tenant.pending, tenant.unknown) {
        (Some(_), ..) => "unknown (see below)".to_owned(),
        (None, None, _) => "unknown".to_owned(),
        (None, Some(0), None | Some(0)) => "up to date".to_owned(),
        (None, Some(pending), None | Some(0)) => format!("{pending} pending"),
        (None, Some(0), Some(_)) => "ahead of this program".to_owned(),
        (None, Some(pending), Some(_)) => format!("{pending} pending, ahead of this program"),
    }
}

/// The same in one word, for programs.
fn code(tenant: &Tenant) -> &'static str {
    if tenant.is_of_other_program {
        return "other_program";
    }
    match (tenant.pending, tenant.unknown) {
        (None, _) => "unreadable",
        (_, Some(ahead)) if ahead > 0 => "ahead",
        (Some(0), _) => "up_to_date",
        (Some(_), _) => "behind",
    }
}

/// The server that it is on, and its size there.
fn place(tenant: &Tenant) -> [String; 2] {
    let unknown = || "-".to_owned();
    let Some(place) = &tenant.place else {
        return ["not distributed".to_owned(), unknown()];
    };
    let size = place.bytes.map(|bytes| HumanBytes(bytes).to_string());
    [place.node.to_string(), size.unwrap_or_else(unknown)]
}
