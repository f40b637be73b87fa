//! `list-tenants`: lists the tenants and where they stand.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use clap::{Parser, ValueEnum};
use command_line::columns::columns;
use command_line::help::{Example, example};
use command_line::json::{Documents, ErrorDetail, TimeText, VersionText};
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, Hint, Invocation, Message, Script, Selecting, Verdict};
use indicatif::HumanBytes;
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::remedy::Command;
use tenant_core::{SchemaName, Suspension, Tenant, TenantState, Version};

use crate::failures::Failures;
use crate::tenants;

/// List tenants with their versions and pending migrations
///
/// A tenant is ahead of this program if it has migrations that this program does not
/// have. It belongs to another program if it has none of the migrations of this one.
/// On a Citus cluster, the list also shows the node and the size of each tenant.
///
/// Exit code 1: the state of a tenant could not be read.
#[derive(Debug, Parser)]
#[command(name = "list-tenants", version)]
pub struct ListTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// List only tenants that are behind
    #[arg(long)]
    pending: bool,

    /// List only tenants in this state
    ///
    /// active, suspended, trashed, or a word of your table.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,

    /// Order of the list; most pending first, otherwise ascending
    #[arg(long, value_name = "BY", value_enum, default_value_t)]
    sort: Sort,

    /// Form of the list; wide has all columns
    #[arg(long, short, value_name = "FORM", value_enum)]
    output: Option<Form>,

    #[command(flatten)]
    common: Common,
}

/// The order of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Sort {
    #[default]
    Name,
    Created,
    Version,
    Pending,
}

/// The form of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Name,
    Wide,
    Json,
}

/// The list of tenants.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedTenants")]
struct Document<'a> {
    /// One object per tenant, in the order of `--sort`.
    tenants: Vec<Row<'a>>,
}

/// A tenant of the list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListedTenant")]
struct Row<'a> {
    /// Name of the tenant.
    name: &'a str,
    /// Its schema. Null if the row is not a valid tenant.
    schema: Option<&'a str>,
    /// When it was registered. Null if the list of tenants has no time.
    #[schemars(with = "Option<TimeText>")]
    created_at: Option<DateTime<Utc>>,
    /// Newest applied migration. Null if there is none, or if it is unknown.
    #[schemars(with = "Option<VersionText>")]
    version: Option<&'a Version>,
    /// Number of pending migrations. Null if unknown.
    pending: Option<usize>,
    /// Number of unknown migrations. Null if unknown.
    unknown: Option<usize>,
    /// Where the tenant is.
    #[schemars(extend("enum" = CODES))]
    state: &'static str,
    /// State in the list of tenants. Absent if the list has no states and no tenant is
    /// suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_as: Option<Option<&'a str>>,
    /// Suspension by `tenants suspend`. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspension: Option<SuspensionRow<'a>>,
    /// Node of the cluster: `HOST:PORT`. Null if the tenant is on no node. Absent without a Citus
    /// cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Option<String>>,
    /// Size there, in bytes. Null if unknown. Absent without a Citus cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Option<u64>>,
    /// Why the state could not be read.
    error: Option<ErrorDetail>,
}

/// A suspension.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Suspension")]
struct SuspensionRow<'a> {
    /// When it began. Null if unknown.
    #[schemars(with = "Option<TimeText>")]
    since: Option<DateTime<Utc>>,
    /// Role that suspended the tenant. Null if unknown.
    by: Option<&'a str>,
    /// The reason. Null if none was given.
    reason: Option<&'a str>,
    /// When it ends. Null if it has no end.
    #[schemars(with = "Option<TimeText>")]
    until: Option<DateTime<Utc>>,
}

impl Script for ListTenants {
    const EXAMPLES: &'static [Example] = &[
        example("--pending", "list tenants that are behind"),
        example("--state suspended", "list suspended tenants"),
        example("--match 'eu_*' -o name", "print names only, for scripts"),
        example("--sort created", "list the oldest tenants first"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn is_json(&self) -> bool {
        self.common.json || self.output == Some(Form::Json)
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let wanted = self.selecting.read(context)?;
        let tenants = tenants::open(context).await?;
        let select = wanted.among(context, &tenants).await?;
        let state = self.state.as_deref();
        let state = state.map(|word| tenants.registry().state_of(word));
        let columns = Columns {
            is_wide: self.output == Some(Form::Wide),
            has_schemas: false,
            has_states: tenants.registry().has_states(),
            is_cluster: tenants.database().is_cluster(),
        };
        let tenants = tenants.list().await?;
        let mut selected = tenants.iter().collect::<Vec<_>>();
        selected.retain(|tenant| select.contains(&tenant.name));
        let unread = selected.iter().filter_map(|tenant| {
            let error = tenant.error.as_ref()?;
            Some((tenant.name.as_str(), error))
        });
        let unread = unread.collect::<Vec<_>>();
        if self.pending {
            selected.retain(|tenant| tenant.pending > Some(0));
        }
        if let Some(wanted) = &state {
            selected.retain(|tenant| is_in(tenant, wanted));
        }
        self.sort.order(&mut selected);
        self.show(context, &selected, columns)?;
        if context.output.shows_progress() && !selected.is_empty() {
            context.output.note(&summary(&selected));
        }
        if tenants.is_empty() {
            context.output.say(&no_tenants(context.invocation()));
        } else if selected.is_empty() {
            context.output.say(&Message::note(self.none()));
        }
        Ok(Failures::new(unread, tenants.len(), "could not be read").show(context))
    }
}

impl ListTenants {
    /// That the list is empty, although there are tenants.
    fn none(&self) -> String {
        match &self.state {
            Some(state) => format!("no tenant is in state `{}`", shown(state)),
            None => "no tenant is behind".to_owned(),
        }
    }

    fn show(&self, context: &Context, tenants: &[&Tenant], columns: Columns) -> anyhow::Result<()> {
        let columns = Columns {
            has_schemas: tenants.iter().any(|tenant| has_other_schema(tenant)),
            has_states: columns.has_states
                || tenants.iter().any(|tenant| tenant.suspension.is_some()),
            ..columns
        };
        let rows = tenants
            .iter()
            .map(|tenant| row(tenant, &columns, context.invocation()));
        let document = Document {
            tenants: rows.collect(),
        };
        let text = match self.output {
            Some(Form::Name) => names(tenants),
            _ => columns.text(tenants),
        };
        context.output.answer(&document, &text)
    }
}

impl Sort {
    /// Brings the tenants, which are in the order of their names, into this order.
    fn order(self, tenants: &mut [&Tenant]) {
        match self {
            Self::Name => {}
            Self::Created => tenants.sort_by_key(|tenant| tenant.created_at),
            Self::Version => tenants.sort_by(|one, other| one.version.cmp(&other.version)),
            Self::Pending => tenants.sort_by_key(|tenant| Reverse(tenant.pending)),
        }
    }
}

/// One name on a line, as it is.
fn names(tenants: &[&Tenant]) -> String {
    let names = tenants.iter().map(|tenant| shown(&tenant.name));
    names.collect::<Vec<_>>().join("\n")
}

/// How many there are, for someone at a terminal: a program counts the lines.
fn summary(tenants: &[&Tenant]) -> String {
    let behind = tenants.iter().filter(|tenant| tenant.pending > Some(0));
    let total = counted(tenants.len(), "tenant");
    match behind.count() {
        0 => total,
        behind => format!("{total}, {behind} behind"),
    }
}

fn no_tenants(invocation: &Invocation) -> Message {
    let create = invocation.call(&Command::CreateTenant(None));
    Message::note("there are no tenants yet").hints([Hint::new("Create a tenant.").run(create)])
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
        suspension: tenant.suspension.as_ref().map(suspension),
        node: is_cluster.then(|| place.map(|place| place.node.to_string())),
        bytes: is_cluster.then(|| place.and_then(|place| place.bytes)),
        error: tenant
            .error
            .as_ref()
            .map(|error| ErrorDetail::of(error, invocation)),
    }
}

/// Which columns there are beside those that a list always has.
struct Columns {
    /// All of them.
    is_wide: bool,
    /// What schemas are called, where some are not called as their tenants.
    has_schemas: bool,
    /// What the registry says of its tenants' states.
    has_states: bool,
    is_cluster: bool,
}

impl Columns {
    /// The heading and the rows; nothing if there are none.
    fn text(&self, tenants: &[&Tenant]) -> String {
        if tenants.is_empty() {
            return String::new();
        }
        let rows = tenants.iter().map(|tenant| self.row(tenant));
        columns(self.heading(), rows)
    }

    fn heading(&self) -> Vec<&'static str> {
        let mut heading = vec!["Tenant"];
        heading.extend((self.is_wide || self.has_schemas).then_some("Schema"));
        heading.extend(["State", "Version"]);
        if self.is_wide {
            heading.extend(["Pending", "Unknown"]);
        }
        heading.push("Created (UTC)");
        heading.extend(self.has_states.then_some("Listed as"));
        if self.is_cluster {
            heading.extend(["Node", "Size"]);
        }
        heading
    }

    fn row(&self, tenant: &Tenant) -> Vec<String> {
        let mut row = vec![shown(&tenant.name).into_owned()];
        row.extend((self.is_wide || self.has_schemas).then(|| schema(tenant)));
        row.extend([state(tenant), version(tenant)]);
        if self.is_wide {
            row.extend([tenant.pending, tenant.unknown].map(count));
        }
        row.push(created(tenant));
        let state = listed_as(tenant).unwrap_or("-");
        row.extend(self.has_states.then(|| shown(state).into_owned()));
        if self.is_cluster {
            row.extend(place(tenant));
        }
        row
    }
}

fn count(count: Option<usize>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// Whether a tenant is in this state. Those in no state are active.
fn is_in(tenant: &Tenant, wanted: &TenantState) -> bool {
    match (&tenant.state, wanted) {
        (None, wanted) => *wanted == TenantState::Active,
        (Some(state), TenantState::Active) => state.is_active(),
        (Some(state), wanted) => state == wanted,
    }
}

fn suspension(suspension: &Suspension) -> SuspensionRow<'_> {
    SuspensionRow {
        since: suspension.since,
        by: suspension.by.as_deref(),
        reason: suspension.reason.as_deref(),
        until: suspension.until,
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

fn created(tenant: &Tenant) -> String {
    let created = tenant.created_at.map(|at| at.format("%Y-%m-%d %H:%M"));
    created.map_or_else(|| "-".to_owned(), |created| created.to_string())
}

fn version(tenant: &Tenant) -> String {
    match (&tenant.version, tenant.pending) {
        (Some(version), _) => version.to_string(),
        (None, Some(_)) => "-".to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

fn state(tenant: &Tenant) -> String {
    if tenant.is_of_other_program {
        return "other program".to_owned();
    }
    match (&tenant.error, tenant.pending, tenant.unknown) {
        (Some(_), ..) => "unreadable".to_owned(),
        (None, None, _) => "unknown".to_owned(),
        (None, Some(0), None | Some(0)) => "up to date".to_owned(),
        (None, Some(pending), None | Some(0)) => format!("{pending} pending"),
        (None, Some(0), Some(_)) => "ahead".to_owned(),
        (None, Some(pending), Some(_)) => format!("{pending} pending, ahead"),
    }
}

/// Every [`code`].
const CODES: [&str; 5] = [
    "up_to_date",
    "behind",
    "ahead",
    "other_program",
    "unreadable",
];

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
