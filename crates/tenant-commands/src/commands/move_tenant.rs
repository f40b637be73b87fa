//! `move-tenant`: moves a tenant to another server of the cluster.

use clap::Parser;
use command_line::exit::Interrupted;
use command_line::help::{Example, example};
use command_line::hints::Advised;
use command_line::json::Documents;
use command_line::options::Locking;
use command_line::words::time;
use command_line::{Common, Context, Explained, Hint, Message, NameArg, Script, Verdict, ask};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::remedy::{Advice, Command};
use tenant_core::{Error, MoveProgress, Moved, Node, Stop, TenantName, Tenants, Writers};

use crate::progress::CopyBar;
use crate::{interrupt, tenants};

/// Move a tenant to another node of a Citus cluster
///
/// Applications continue to read and write while it runs, and wait for a moment at the
/// end. The move first waits for all transactions that write on the tenant's node.
/// Where a table has no primary key or is unlogged, writes have to wait until the end:
/// the command asks first, or give --block-writes. Ctrl-C cancels the move.
///
/// Exit code 1: the tenant could not be moved, and is where it was.
#[derive(Debug, Parser)]
#[command(name = "move-tenant", version)]
pub struct MoveTenant {
    /// Name of the tenant
    #[arg(value_name = "NAME")]
    name: NameArg,

    /// Node to move it to, as `list` shows it
    #[arg(long, value_name = "HOST:PORT")]
    to: Node,

    /// Let writes to the tenant wait until it is moved
    #[arg(long)]
    block_writes: bool,

    #[command(flatten)]
    locking: Locking,

    #[command(flatten)]
    common: Common,
}

/// A tenant that was to be moved.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MovedTenant")]
struct Document<'a> {
    /// Name of the tenant.
    tenant: &'a str,
    /// Node that it was on: `HOST:PORT`.
    from: String,
    /// Node that it is on.
    to: String,
    /// Whether it was moved. `false` if it was there already.
    moved: bool,
    /// Whether writes to the tenant waited until it was moved.
    blocked_writes: bool,
    /// Duration, in milliseconds.
    duration_ms: u128,
}

impl Script for MoveTenant {
    const EXAMPLES: &'static [Example] = &[example("acme --to 10.0.0.12:5432", "move one tenant")];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        context.require_possible([&self.name])?;
        let tenants = tenants::open_with(context, self.locking.settings()).await?;
        let name = context.existing_name(&tenants, &self.name).await?;
        let output = context.output;
        let writers = if self.block_writes {
            Writers::Wait
        } else {
            Writers::GoOn
        };
        let (moved, writers) = match self.try_it(&name, &tenants, context, writers).await {
            Err(refused) if is_about_writers(&refused) && ask::is_possible() => {
                output.say(&Explained::of(&refused, context.invocation()).message());
                let question = "Let those who write to it wait until it is moved?";
                if !ask::confirm(question, false)? {
                    output.say(&Message::error("the move was not confirmed"));
                    return Ok(Verdict::Wrong);
                }
                let moved = self.try_it(&name, &tenants, context, Writers::Wait).await?;
                (moved, Writers::Wait)
            }
            moved => (moved?, writers),
        };
        let is_moved = moved.from != moved.to;
        let document = Document {
            tenant: name.as_str(),
            from: moved.from.to_string(),
            to: moved.to.to_string(),
            moved: is_moved,
            blocked_writes: is_moved && writers == Writers::Wait,
            duration_ms: moved.duration.as_millis(),
        };
        output.done(&document, &text(&name, &moved))?;
        Ok(Verdict::Done)
    }
}

impl MoveTenant {
    /// Moves it, and shows how far it is.
    async fn try_it(
        &self,
        name: &TenantName,
        tenants: &Tenants,
        context: &Context,
        writers: Writers,
    ) -> anyhow::Result<Moved> {
        let output = context.output;
        let stop = interrupt::stop_on_signal(output, CALLED_OFF)?;
        let bar = CopyBar::new(output);
        let observe = |progress: &MoveProgress| bar.show(progress);
        let call = tenants.cluster().move_tenant(name, &self.to);
        let moved = call.writers(writers).stop(&stop).observe(observe).await;
        bar.finish();
        moved.map_err(|error| explained(name, error, &stop, context))
    }
}

/// That it was called off is no failure of it, and what Citus says of a server that
/// does not answer seldom names it.
fn explained(name: &TenantName, error: Error, stop: &Stop, context: &Context) -> anyhow::Error {
    let failed = format!("could not move tenant `{name}`, which stays where it was");
    match (&error, error.sqlstate()) {
        (_, Some("57014")) if stop.is_requested() => {
            let stays = format!("the move was called off, and tenant `{name}` is where it was");
            context.output.problem(&Message::note(stays).to_string());
            Interrupted.into()
        }
        (Error::Database { .. }, Some("08006" | "58030" | "XX000"))
            if !error
                .remedies_for(context.invocation().registry())
                .contains(&Advice::CopyReferenceTables.into()) =>
        {
            let check = context.invocation().call(&Command::CheckQuickly);
            let hint = Hint::new("Check the tenants to find a node that does not answer.");
            anyhow::Error::new(error).context(Advised::with(failed, [hint.run(check)]))
        }
        (Error::Database { .. }, Some("42501")) => {
            let hint = "Use the role that owns it and the reference tables that it refers to.";
            anyhow::Error::new(error).context(Advised::new(failed, hint))
        }
        _ => error.into(),
    }
}

/// What is said at the first Ctrl-C.
const CALLED_OFF: &str = "Calling the move off. Ctrl-C again ends at once; the server may then \
                          complete the move by itself.";

fn is_about_writers(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<Error>();
    matches!(
        error,
        Some(Error::WouldBlockWrites { .. } | Error::NoReplication(..))
    )
}

fn text(name: &TenantName, moved: &Moved) -> String {
    if moved.from == moved.to {
        return format!("Tenant `{name}` is on {} already.", moved.to);
    }
    format!(
        "Moved tenant `{name}` from {} to {} in {}.",
        moved.from,
        moved.to,
        time(moved.duration)
    )
}
