//! `resume-tenants`: serves suspended tenants again.

use clap::Parser;
use command_line::help::{Example, example};
use command_line::json::{Documents, ErrorDetail};
use command_line::words::counted;
use command_line::{Common, Context, Message, Script, Selecting, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Resumed, Tenants};

use crate::failures::Failures;
use crate::one_by_one::{Done, for_each_of};
use crate::tenants;

/// Resume suspended tenants, so that applications serve them
///
/// Ends the suspensions of these tenants. A state in your own table of tenants does not
/// change: change it there.
///
/// Exit code 1: a tenant could not be resumed.
#[derive(Debug, Parser)]
#[command(name = "resume-tenants", version)]
pub struct ResumeTenants {
    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    common: Common,
}

/// The end of suspensions.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResumedTenants")]
struct Document<'a> {
    /// Number of tenants.
    total: usize,
    /// Tenants that were suspended and are served again.
    resumed: usize,
    /// Tenants that were not suspended.
    up_to_date: usize,
    /// Tenants that failed.
    failed: usize,
    /// Each tenant.
    tenants: Vec<Row<'a>>,
}

/// A tenant that was to be resumed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResumedTenant")]
struct Row<'a> {
    /// Name of the tenant.
    name: &'a str,
    /// How it ended.
    #[schemars(extend("enum" = ["resumed", "up_to_date", "failed"]))]
    status: &'static str,
    /// Why it failed.
    error: Option<ErrorDetail>,
}

impl Script for ResumeTenants {
    const EXAMPLES: &'static [Example] = &[
        example("acme", "serve tenant acme again"),
        example("--match 'trial_*'", "serve all that match again"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let wanted = self.selecting.read(context)?;
        wanted.require_some("resume")?;
        let tenants = tenants::open(context).await?;
        let select = wanted.among(context, &tenants).await?;
        let names = select.names().cloned().collect::<Vec<_>>();
        let resume = |tenants: Tenants, name| async move { tenants.resume(&name).await };
        let done = for_each_of(&names, &tenants, resume).await;
        let rows = done.iter().map(|one| Row {
            name: &one.name,
            status: status(one),
            error: one.detail(context.invocation()),
        });
        let rows = rows.collect::<Vec<_>>();
        let count = |status: &str| rows.iter().filter(|row| row.status == status).count();
        let document = Document {
            total: rows.len(),
            resumed: count("resumed"),
            up_to_date: count("up_to_date"),
            failed: count("failed"),
            tenants: rows,
        };
        context.output.done(&document, &text(&done))?;
        if document.up_to_date > 0 && context.output.shows_progress() {
            let whom = counted(document.up_to_date, "tenant");
            context
                .output
                .say(&Message::note(format!("{whom} not suspended")));
        }
        let failed = done.iter().filter_map(Done::failure).collect();
        Ok(Failures::new(failed, done.len(), "could not be resumed").show(context))
    }
}

fn status(done: &Done<Resumed>) -> &'static str {
    match &done.result {
        Ok(resumed) if resumed.was_suspended => "resumed",
        Ok(_) => "up_to_date",
        Err(_) => "failed",
    }
}

fn text(done: &[Done<Resumed>]) -> String {
    let resumed = done.iter().filter(|one| status(one) == "resumed");
    match resumed.collect::<Vec<_>>().as_slice() {
        [] => match done {
            [one] if one.result.is_ok() => format!("Tenant `{}` is not suspended.", one.name),
            _ => String::new(),
        },
        [one] => format!("Resumed tenant `{}`.", one.name),
        several => format!("Resumed {}.", counted(several.len(), "tenant")),
    }
}
