//! `create-tenant`: makes tenants.

use std::collections::HashSet;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{Parser, ValueHint};
use command_line::exit::{UsageError, usage};
use command_line::options::{Locking, Naming, Transactions};
use command_line::settings::HooksOn;
use command_line::{Common, Context, NameArg, Script, Verdict, at_least_one};
use tenant_core::{Hooks, Node, Outcome, SchemaName, TenantName};

use crate::progress::Bar;
use crate::seed::seeded;
use crate::{interrupt, json, messages, report, tenants};

/// Create tenants: schema, migrations and registration
///
/// Each tenant is made wholly or not at all. One that fails, for example
/// because the name is taken, does not stop the others. A spare tenant that is
/// ready is taken; else the tenant is built.
///
/// Exit code 1 when a tenant failed; 2 when a name is not valid, and then no
/// tenant is made.
///
/// With --json: total, created, up_to_date, failed, skipped, duration_ms, and
/// tenants: name, status (created, failed, skipped), applied (versions),
/// from_spare, messages, messages_left_out, duration_ms, error (null, or message,
/// sqlstate, migration, file, line, hint); notes: kind (same_but_for_case), detail,
/// remedy. messages: what the migrations made PostgreSQL say, warnings, and
/// notices with --verbose: severity, text, sqlstate, detail, hint, migration,
/// file, line; messages_left_out: how many more.
#[derive(Debug, Parser)]
#[command(name = "create-tenant", version)]
pub struct CreateTenant {
    /// Name of the tenant and of its schema: letters, digits and underscores
    #[arg(value_name = "NAME", required_unless_present = "names_from", value_hint = ValueHint::Other)]
    names: Vec<NameArg>,

    /// Read names from a file, one a line; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    names_from: Option<PathBuf>,

    /// Tenants to create at the same time [default: 8, or what the server has left]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<NonZeroUsize>,

    /// Schema of the new tenant, where only the list knows it
    #[arg(long, value_name = "SCHEMA")]
    schema: Option<SchemaName>,

    /// SQL file to run in each new tenant; repeatable
    ///
    /// It runs in the transaction that creates the tenant. `{name}` and `{schema}` are bound
    /// parameters.
    #[arg(long, value_name = "FILE")]
    seed: Vec<PathBuf>,

    /// Citus node to put them on [default: the cluster chooses]
    #[arg(long, value_name = "HOST:PORT")]
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
    fn common(&self) -> &Common {
        &self.common
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
        output.done(&json::Fleet::created(&report, context.invocation()), &text)?;
        messages::of_fleet(context, &report);
        report::notes(context, &report.notes);
        Ok(report::verdict(context, &report))
    }
}

impl CreateTenant {
    /// The names of the arguments and of the file, each once.
    fn all_names(&self, context: &Context) -> anyhow::Result<Vec<TenantName>> {
        let mut names = context.names(&self.names)?;
        if let Some(file) = &self.names_from {
            let parsed = parse(context, &read(file)?);
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
                "Create each tenant with a command of its own.",
            )),
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        require_input().and_then(|()| std::io::stdin().read_to_string(&mut text))
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| anyhow!(UsageError(error.to_string())))
        .with_context(|| unreadable(file))?;
    Ok(text)
}

/// Refuses a standard input that is closed. Rust's runtime opens the empty device in its place,
/// and the command would report success without a single name.
#[cfg(unix)]
fn require_input() -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    let input = std::fs::File::from(input).metadata()?;
    let empty = std::fs::metadata("/dev/null")?;
    if input.file_type().is_char_device() && input.rdev() == empty.rdev() {
        return Err(std::io::Error::other("standard input is closed"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn require_input() -> std::io::Result<()> {
    Ok(())
}

fn unreadable(file: &Path) -> String {
    format!("could not read the names from {}", file.display())
}

/// One name a line; empty lines and those that start with `#` are left out.
fn parse(context: &Context, text: &str) -> anyhow::Result<Vec<TenantName>> {
    let lines = text.lines().enumerate().map(|(number, line)| {
        // Editors of Windows write a byte order mark, and files are joined.
        let line = line.trim_start_matches('\u{feff}');
        (number + 1, line.trim())
    });
    let named = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let names = named.map(|(number, line)| {
        let name = context.name(line);
        name.map_err(|error| anyhow!(UsageError(format!("line {number}: {error}"))))
    });
    names.collect()
}
