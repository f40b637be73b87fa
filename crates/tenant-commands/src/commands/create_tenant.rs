//! `create-tenant`: makes tenants.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Parser, ValueHint};
use command_line::exit::{UsageError, usage};
use command_line::help::{Example, example};
use command_line::json::Documents;
use command_line::options::{Locking, Naming, Transactions};
use command_line::selection::{Line, lines_of};
use command_line::settings::HooksOn;
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::{Hooks, Node, Outcome, SchemaName, TenantName};

use crate::progress::Bar;
use crate::seed::seeded;
use crate::{interrupt, json, messages, report, tenants};

/// Create tenants: schema, migrations and registration
///
/// Each tenant is created completely or not at all. A tenant that fails, for example
/// because the name is taken, does not stop the others. If a spare is ready, the tenant
/// gets that one.
///
/// Exit code 1: a tenant failed. 2: a name is not valid, and no tenant was created.
#[derive(Debug, Parser)]
#[command(name = "create-tenant", version)]
pub struct CreateTenant {
    /// Names of the tenants: letters, digits and underscores
    #[arg(value_name = "NAME", required_unless_present = "from_file", value_hint = ValueHint::Other)]
    names: Vec<NameArg>,

    /// File with names, one per line; -: stdin
    #[arg(long, value_name = "FILE", alias = "names-from", value_hint = ValueHint::FilePath)]
    from_file: Option<PathBuf>,

    /// Tenants at a time [default: up to 8]
    #[arg(long, value_name = "N", value_parser = at_least_one, hide_short_help = true)]
    jobs: Option<NonZeroUsize>,

    /// Schema, if the list of tenants decides it
    #[arg(long, value_name = "SCHEMA", hide_short_help = true)]
    schema: Option<SchemaName>,

    /// SQL file to run in each new tenant
    ///
    /// Repeatable. It runs in the transaction that creates the tenant. `{name}` and `{schema}` are bound
    /// parameters.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    /// Citus node to place them on
    #[arg(long, value_name = "HOST:PORT", hide_short_help = true)]
    placement: Option<Node>,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    transactions: Transactions,

    #[command(flatten)]
    naming: Naming,

    #[command(flatten)]
    common: Common,
}

impl Script for CreateTenant {
    const EXAMPLES: &'static [Example] = &[
        example("acme globex", "create two tenants"),
        example("--from-file names.txt", "create one tenant per line"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<json::Created>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let names = self.all_names(context)?;
        let schema = self.schema_of(&names)?;
        let settings = self.transactions.settings(self.locking.settings());
        let settings = self.naming.settings(settings);
        let settings = seeded(settings, &self.seed, Hooks::on_create)?;
        let mut tenants = tenants::open_for(&[HooksOn::Create], context, settings).await?;
        if let Some(node) = self.placement.clone() {
            tenants = tenants.cluster().placed_on(node).await?;
        }
        let output = context.output;
        let stop = interrupt::stop_on_signal(output, interrupt::OF_A_FLEET)?;
        let bar = Bar::new(output, names.len());
        let observe = |outcome: &Outcome| bar.ended(outcome);
        let mut call = tenants.create_many(&names).stop(&stop).observe(observe);
        if let Some(jobs) = self.jobs {
            call = call.jobs(jobs.get());
        }
        if let Some((name, schema)) = schema {
            call = call.in_schema(name, schema);
        }
        let ran = call.await;
        bar.finish();
        let report = ran?;
        let text = report::summary(&report, "There were no names.");
        output.done(&json::Created::new(&report, context.invocation()), &text)?;
        messages::of_fleet(context, &report);
        report::notes(context, &report.notes);
        Ok(report::verdict(context, &report))
    }
}

impl CreateTenant {
    /// The names of the arguments and of the file, each once.
    fn all_names(&self, context: &Context) -> anyhow::Result<Vec<TenantName>> {
        let mut names = context.names(&self.names)?;
        if let Some(file) = &self.from_file {
            let parsed = parse(context, &lines_of(file)?);
            names.extend(parsed.with_context(|| unreadable(file))?);
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }
}

impl CreateTenant {
    /// The tenant whose schema is named.
    fn schema_of<'a>(
        &'a self,
        names: &'a [TenantName],
    ) -> anyhow::Result<Option<(&'a TenantName, &'a SchemaName)>> {
        match (&self.schema, names) {
            (None, _) => Ok(None),
            (Some(schema), [name]) => Ok(Some((name, schema))),
            (Some(_), _) => Err(usage(
                "--schema names the schema of one tenant, and there are several",
                "Create each tenant with a separate command.",
            )),
        }
    }
}

fn unreadable(file: &Path) -> String {
    format!("could not read the names from {}", file.display())
}

/// One name per line of a file.
fn parse(context: &Context, lines: &[Line]) -> anyhow::Result<Vec<TenantName>> {
    let names = lines.iter().map(|line| {
        let name = context.name(&line.text);
        name.map_err(|error| anyhow!(UsageError(format!("line {}: {error}", line.number))))
    });
    names.collect()
}
