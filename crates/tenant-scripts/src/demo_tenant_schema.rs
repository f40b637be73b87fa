//! `demo-tenant-schema`: makes a tenant, fills it and queries it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use command_line::columns::columns;
use command_line::exit::Interrupted;
use command_line::json::Documents;
use command_line::settings::HooksOn;
use command_line::words::{counted, time};
use command_line::{
    Common, Context, Explained, Hint, Invocation, Message, Output, Script, Verdict,
};
use schema_public::SchemaTracker;
use schema_tenant::{Dummy, NewDummy};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_commands::{interrupt, tenants};
use tenant_core::remedy::Command;
use tenant_core::{Error, PoolError, Settings, Stop, TenantName, TenantPool, Tenants};

/// Create a demo tenant, insert rows, query them and clean up
///
/// Creates two tenants: the command inserts rows into one, and shows that the other does
/// not see them. Both are dropped at the end, also after Ctrl-C or SIGTERM. The public
/// schema is migrated first if necessary.
#[derive(Debug, Parser)]
#[command(name = "demo-tenant-schema", version)]
pub struct DemoTenantSchema {
    /// Leave the demo tenant in place
    #[arg(long)]
    keep: bool,

    /// Show how long each step takes
    #[arg(long)]
    timing: bool,

    #[command(flatten)]
    common: Common,
}

/// What is inserted.
const ROWS: [NewDummy<'static>; 3] = [
    NewDummy {
        name: "first",
        value: Some("42"),
        description: Some("inserted through the tenant's search_path"),
    },
    NewDummy {
        name: "second",
        value: None,
        description: Some("a value may be missing"),
    },
    NewDummy {
        name: "third",
        value: Some("it's quoted"),
        description: None,
    },
];

/// What the demo did.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Demo")]
struct Document {
    /// Name of the demo tenant.
    tenant: String,
    /// Name of the other tenant.
    other_tenant: String,
    /// Rows of the demo tenant.
    rows: Vec<Row>,
    /// Number of rows in the other tenant.
    rows_in_other_tenant: usize,
    /// Whether the other tenant has none of the rows.
    isolated: bool,
    /// Whether the demo tenant still exists.
    kept: bool,
    /// The steps, in their order.
    steps: Vec<Step>,
    /// Duration, in milliseconds.
    duration_ms: u128,
}

/// A row of the demo tenant.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DemoRow")]
struct Row {
    /// The column `name`.
    name: String,
    /// The column `value`.
    value: Option<String>,
    /// The column `description`.
    description: Option<String>,
}

/// A step of the demo.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DemoStep")]
struct Step {
    /// What was done.
    step: &'static str,
    /// Duration, in milliseconds.
    duration_ms: f64,
}

impl Script for DemoTenantSchema {
    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let mut demo = Demo::new(context, self.timing).await?;
        let shown = demo.show().await;
        let cleaned = demo.clean_up(self.keep && shown.is_ok()).await;
        let (rows, seen_by_other) = shown?;
        cleaned?;
        let document = Document {
            tenant: demo.tenant.to_string(),
            other_tenant: demo.other.to_string(),
            isolated: seen_by_other == 0,
            rows_in_other_tenant: seen_by_other,
            kept: self.keep,
            rows: rows.into_iter().map(row).collect(),
            duration_ms: demo.started.elapsed().as_millis(),
            steps: demo.steps,
        };
        context
            .output
            .done(&document, &text(&document, context.invocation()))?;
        Ok(if document.isolated {
            Verdict::Done
        } else {
            Verdict::Wrong
        })
    }
}

/// A demonstration under way.
struct Demo {
    tenants: Tenants,
    pool: TenantPool,
    tenant: TenantName,
    other: TenantName,
    output: Output,
    invocation: Invocation,
    timing: bool,
    started: Instant,
    steps: Vec<Step>,
    /// The tenants whose creation was begun.
    begun: Vec<TenantName>,
    /// Asked before each step: what is sent to the server is waited for, so that a
    /// tenant is there or not when both are dropped.
    stop: Arc<Stop>,
}

/// What is said at the first signal.
const STOPPING: &str = "Stopping. The demo finishes the current step and drops its tenants. \
                        Press Ctrl-C again to stop at once and keep them.";

impl Demo {
    async fn new(context: &Context, timing: bool) -> anyhow::Result<Self> {
        let started = Instant::now();
        let happens = [HooksOn::Create, HooksOn::Drop];
        let tenants = tenants::open_for(&happens, context, Settings::default()).await?;
        tenants.require_primary().await?;
        // A demonstration need not be told whether there is a pooler.
        let database = context.database().await?.behind_pooler();
        let mut pool = TenantPool::builder(database).size(1);
        if let Some(extensions) = context.extensions() {
            pool = pool.extensions(extensions);
        }
        // Short enough to read, and different from an earlier `--keep`.
        let mark = u16::try_from(started_mark() % 0x1_0000).unwrap_or_default();
        Ok(Self {
            tenants,
            pool: pool.open().await?,
            tenant: format!("demo_acme_{mark:04x}").parse()?,
            other: format!("demo_globex_{mark:04x}").parse()?,
            output: context.output,
            invocation: context.invocation().clone(),
            timing,
            started,
            steps: Vec::new(),
            begun: Vec::new(),
            // Until here there is nothing to clean up, and a signal ends the process.
            stop: interrupt::stop_on_signal(context.output, STOPPING)?,
        })
    }

    /// Whether the next step is to be made.
    fn go_on(&self) -> Result<(), Interrupted> {
        if self.stop.is_requested() {
            return Err(Interrupted);
        }
        Ok(())
    }

    /// The rows of the one tenant, and how many of them the other sees.
    async fn show(&mut self) -> anyhow::Result<(Vec<Dummy>, usize)> {
        let from = Instant::now();
        let public = self.tenants.migrate_public().await?;
        let text = match public.applied.len() {
            0 => "The public schema is up to date".to_owned(),
            applied => format!(
                "Set up the public schema ({})",
                counted(applied, "migration")
            ),
        };
        self.step("migrate_public", &text, from.elapsed());

        self.go_on()?;
        let from = Instant::now();
        self.begun.push(self.tenant.clone());
        let made = self.tenants.create(&self.tenant).await?;
        let applied = counted(made.applied.len(), "migration");
        let text = format!(
            "Created tenant `{}`: schema, {applied}, registration",
            self.tenant
        );
        self.step("create_tenant", &text, from.elapsed());

        self.go_on()?;
        let from = Instant::now();
        self.begun.push(self.other.clone());
        self.tenants.create(&self.other).await?;
        let text = format!("Created tenant `{}` beside it", self.other);
        self.step("create_other_tenant", &text, from.elapsed());

        self.go_on()?;
        let from = Instant::now();
        let mut public = self.pool.public().await?;
        let registered = SchemaTracker::find(&mut public, self.tenant.as_str()).await?;
        drop(public);
        let list = self.tenants.registry().sql_table();
        registered.with_context(|| format!("the new tenant is not in {list}"))?;
        let text = format!("Found it in {list}");
        self.step("find_registration", &text, from.elapsed());
        self.fill_and_query().await
    }

    async fn fill_and_query(&mut self) -> anyhow::Result<(Vec<Dummy>, usize)> {
        self.go_on()?;
        let from = Instant::now();
        self.fill().await?;
        let text = format!(
            "Inserted {} into its dummy_table",
            counted(ROWS.len(), "row")
        );
        self.step("insert", &text, from.elapsed());

        self.go_on()?;
        let from = Instant::now();
        let rows = self.rows(&self.tenant.clone()).await?;
        let text = format!("Queried them back: {}", counted(rows.len(), "row"));
        self.step("query", &text, from.elapsed());

        self.go_on()?;
        let from = Instant::now();
        let others = self.rows(&self.other.clone()).await?.len();
        let text = format!(
            "Asked `{}` for the same table: {}",
            self.other,
            counted(others, "row")
        );
        self.step("query_other_tenant", &text, from.elapsed());
        Ok((rows, others))
    }

    async fn fill(&self) -> Result<(), PoolError> {
        let fill = self.pool.in_tenant(&self.tenant, async |tenant| {
            for row in ROWS {
                row.insert(tenant).await?;
            }
            Ok(())
        });
        fill.await
    }

    async fn rows(&self, tenant: &TenantName) -> Result<Vec<Dummy>, PoolError> {
        let mut tenant = self.pool.tenant(tenant).await?;
        Ok(Dummy::all(&mut tenant).await?)
    }

    /// Drops what was made: both tenants, or only the second when the first is
    /// to be kept. One that cannot be dropped is named.
    async fn clean_up(&mut self, keep: bool) -> anyhow::Result<()> {
        let from = Instant::now();
        let mut dropped = Vec::new();
        let mut failed = None;
        let kept = keep.then_some(&self.tenant);
        for name in &self.begun {
            if kept == Some(name) {
                continue;
            }
            match self.tenants.drop_tenant(name).await {
                Ok(_) => dropped.push(format!("`{name}`")),
                // It did not come to that one.
                Err(Error::Unknown(_) | Error::NotSetUp { .. }) => {}
                Err(error) => {
                    self.output.say(&self.left(name, &error));
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        if self.stop.is_requested() {
            self.output.problem(&cleaned_up(&dropped));
            return Ok(());
        }
        let text = match (keep, dropped.len()) {
            (_, 0) => return Ok(()),
            (true, _) => "Dropped the second tenant",
            (false, 1) => "Dropped the tenant",
            (false, _) => "Dropped both tenants",
        };
        self.step("clean_up", text, from.elapsed());
        Ok(())
    }

    /// What is said of a tenant that cannot be dropped.
    fn left(&self, name: &TenantName, error: &Error) -> Message {
        let why = Explained::chain(error, &self.invocation);
        let drop = self.invocation.call(&Command::DropTenant(name.clone()));
        Message::error(format!("could not drop tenant `{name}`: {}", why.text()))
            .notes(why.notes)
            .hints([Hint::new("Drop it.").run(drop)])
    }

    fn step(&mut self, step: &'static str, text: &str, took: Duration) {
        let done = console::style("\u{2713}").for_stderr().green();
        let timing = if self.timing {
            format!(" ({})", precise(took))
        } else {
            String::new()
        };
        self.output.note(&format!("{done} {text}{timing}"));
        self.steps.push(Step {
            step,
            duration_ms: milliseconds(took),
        });
    }
}

/// What is said of the tenants that an interrupted demo has dropped.
fn cleaned_up(dropped: &[String]) -> String {
    if dropped.is_empty() {
        return "No tenant was created.".to_owned();
    }
    format!("Dropped {}.", dropped.join(" and "))
}

/// A number that differs from one start to the next.
fn started_mark() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or_else(
        |_| std::process::id(),
        |since| since.subsec_micros() ^ std::process::id(),
    )
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

fn precise(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn row(row: Dummy) -> Row {
    Row {
        name: row.name,
        value: row.value,
        description: row.description,
    }
}

fn text(document: &Document, invocation: &Invocation) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".to_owned());
    let rows = document
        .rows
        .iter()
        .map(|row| [row.name.clone(), shown(&row.value), shown(&row.description)]);
    let table = columns(["name", "value", "description"], rows);
    let seen = format!(
        "Tenant `{}` has {}; tenant `{}` sees {} of them.",
        document.tenant,
        counted(document.rows.len(), "row"),
        document.other_tenant,
        document.rows_in_other_tenant
    );
    let next = if document.kept {
        let list = invocation.call(&Command::ListTenants);
        format!(
            "\nKept tenant `{}`. To list the tenants, run:\n  {list}",
            document.tenant
        )
    } else {
        let name = "acme_corp".parse().ok();
        let create = invocation.call(&Command::CreateTenant(name));
        format!("\nTo create your own tenant, run:\n  {create}")
    };
    let took = time(Duration::from_millis(
        u64::try_from(document.duration_ms).unwrap_or(u64::MAX),
    ));
    format!("{table}\n{seen} ({took}){next}")
}
