//! `list-tenants`: lists the tenants and where they stand.

use chrono::{DateTime, Utc};
use clap::Parser;
use command_line::json::ErrorDetail;
use command_line::output::{shown, table};
use command_line::words::counted;
use command_line::{Common, Context, Script, Verdict};
use serde::Serialize;
use tenant_core::Tenant;

use crate::report::problems;
use crate::tenants;

/// List the tenants, with the version and the number of pending migrations
///
/// Exit code 1 when the state of a tenant could not be read.
///
/// With --json: tenants: name, created_at (RFC 3339), version (the newest
/// applied migration, or null), pending (how many are missing), error (null,
/// or message, sqlstate, migration, line, hint).
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
    created_at: DateTime<Utc>,
    version: Option<&'a str>,
    pending: usize,
    error: Option<ErrorDetail>,
}

impl Script for ListTenants {
    fn common(&self) -> &Common {
        &self.common
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let tenants = tenants::open(context).await?.list().await?;
        let rows = tenants.iter().map(|tenant| Row {
            name: &tenant.name,
            created_at: tenant.created_at,
            version: tenant.version.as_deref(),
            pending: tenant.pending,
            error: tenant.error.as_ref().map(ErrorDetail::of),
        });
        let document = Document {
            tenants: rows.collect(),
        };
        context.output.answer(&document, &text(&tenants))?;
        let broken = tenants.iter().filter_map(|tenant| {
            let error = tenant.error.as_ref()?;
            Some((tenant.name.as_str(), error))
        });
        Ok(problems(
            context.output,
            "unreadable:",
            &broken.collect::<Vec<_>>(),
        ))
    }
}

fn text(tenants: &[Tenant]) -> String {
    if tenants.is_empty() {
        return "There are no tenants yet; `cargo xtask db:create:tenant NAME` makes one."
            .to_owned();
    }
    let rows = tenants.iter().map(|tenant| {
        let created = tenant.created_at.format("%Y-%m-%d %H:%M UTC").to_string();
        let version = tenant.version.clone().unwrap_or_else(|| "-".to_owned());
        [
            shown(&tenant.name).into_owned(),
            created,
            version,
            state(tenant),
        ]
    });
    let table = table(["Tenant", "Created", "Version", "State"], rows);
    format!("{table}\n{}", counted(tenants.len(), "tenant"))
}

fn state(tenant: &Tenant) -> String {
    match (&tenant.error, tenant.pending) {
        (Some(_), _) => "unreadable (see below)".to_owned(),
        (None, 0) => "up to date".to_owned(),
        (None, pending) => format!("{pending} pending"),
    }
}
