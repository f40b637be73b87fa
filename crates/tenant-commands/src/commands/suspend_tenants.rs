//! `suspend-tenants`: stops serving tenants for some time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Parser;
use command_line::help::{Example, example};
use command_line::interrupt::interruptible;
use command_line::json::{Documents, ErrorDetail, TimeText};
use command_line::options::duration;
use command_line::output::shown;
use command_line::words::counted;
use command_line::{Common, Context, Hint, Invocation, Message, Script, Selecting, Verdict};
use schemars::JsonSchema;
use serde::Serialize;
use tenant_core::{Error, LockHolder, Suspended, TenantName, Tenants};

use crate::failures::Failures;
use crate::one_by_one::{Done, for_each_of};
use crate::{moment, tenants};

/// Suspend tenants, so that applications do not serve them
///
/// Pools of tenant-core refuse a suspended tenant before any query. An application that
/// listens refuses it at once, others within a minute. Transactions that have begun
/// continue. Data do not change. Migrations, health checks and the studio work as before.
///
/// Exit code 1: a tenant could not be suspended, or is still in use after --wait.
#[derive(Debug, Parser)]
#[command(name = "suspend-tenants", version)]
pub struct SuspendTenants {
    #[command(flatten)]
    selecting: Selecting,

    /// Why; errors and the list show it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// End: 2h, 2027-01-31 or '2027-01-31 18:00'
    ///
    /// A duration from now, or a time in UTC. Without it, the suspension lasts until
    /// tenants are resumed.
    #[arg(long, value_name = "TIME", value_parser = moment::in_the_future)]
    until: Option<DateTime<Utc>>,

    /// Who suspends them [default: the role]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    by: Option<String>,

    /// Longest wait for sessions that use them
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true)]
    wait: Option<Duration>,

    /// End sessions that use them after the wait
    #[arg(long)]
    end_sessions: bool,

    #[command(flatten)]
    common: Common,
}

/// Suspended tenants.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SuspendedTenants")]
struct Document<'a> {
    /// Number of tenants.
    total: usize,
    /// Tenants that are suspended now.
    suspended: usize,
    /// Tenants that failed.
    failed: usize,
    /// Each tenant.
    tenants: Vec<Row<'a>>,
}

/// A tenant that was to be suspended.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SuspendedTenant")]
struct Row<'a> {
    /// Name of the tenant.
    name: &'a str,
    /// How it ended.
    #[schemars(extend("enum" = ["suspended", "failed"]))]
    status: &'static str,
    /// Whether it was suspended before. Null if it failed.
    was_suspended: Option<bool>,
    /// When the suspension began. Null if it failed.
    #[schemars(with = "Option<TimeText>")]
    since: Option<DateTime<Utc>>,
    /// Role that suspended the tenant.
    by: Option<&'a str>,
    /// The reason. Null if none was given.
    reason: Option<&'a str>,
    /// When it ends. Null if it has no end.
    #[schemars(with = "Option<TimeText>")]
    until: Option<DateTime<Utc>>,
    /// Sessions that still use the tenant.
    sessions: Vec<SessionRow<'a>>,
    /// Sessions that were ended.
    ended: Vec<SessionRow<'a>>,
    /// Why it failed.
    error: Option<ErrorDetail>,
}

/// A session of the server.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
struct SessionRow<'a> {
    /// Process id.
    pid: i32,
    /// `application_name`. Null if hidden from this role.
    application: Option<&'a str>,
    /// Role of the session. Null if hidden from this role.
    role: Option<&'a str>,
    /// State, such as `idle in transaction`. Null if hidden from this role.
    state: Option<&'a str>,
}

impl Script for SuspendTenants {
    const EXAMPLES: &'static [Example] = &[
        example("acme --reason unpaid", "suspend tenant acme"),
        example("acme --until 2h --wait 30s", "for two hours, once idle"),
        example("--match 'trial_*'", "suspend all that match"),
    ];

    fn common(&self) -> &Common {
        &self.common
    }

    fn documents(failure: Documents) -> Documents {
        failure.or::<Document>()
    }

    async fn run(self, context: &Context) -> anyhow::Result<Verdict> {
        let wanted = self.selecting.read(context)?;
        wanted.require_some("suspend")?;
        let tenants = tenants::open(context).await?;
        let select = wanted.among(context, &tenants).await?;
        let names = select.names().cloned().collect::<Vec<_>>();
        let done = interruptible(async {
            let suspend = |tenants, name| self.suspend(tenants, name);
            Ok(for_each_of(&names, &tenants, suspend).await)
        });
        let done = done.await?;
        let document = document(&done, context.invocation());
        context.output.done(&document, &text(&done))?;
        let is_in_use = self.tell_of_sessions(context, &done);
        let total = done.len();
        let failed = done.iter().filter_map(Done::failure).collect();
        let verdict = Failures::new(failed, total, "could not be suspended").show(context);
        Ok(match verdict {
            Verdict::Done if is_in_use && self.waits() => Verdict::Wrong,
            verdict => verdict,
        })
    }
}

impl SuspendTenants {
    fn suspend(
        &self,
        tenants: Tenants,
        name: TenantName,
    ) -> impl Future<Output = Result<Suspended, Error>> + Send + use<> {
        let (reason, by, until) = (self.reason.clone(), self.by.clone(), self.until);
        let (wait, ends_sessions) = (self.wait.unwrap_or_default(), self.end_sessions);
        async move {
            let mut call = tenants.suspend(&name).wait(wait);
            if let Some(reason) = reason {
                call = call.reason(reason);
            }
            if let Some(by) = by {
                call = call.by(by);
            }
            if let Some(until) = until {
                call = call.until(until);
            }
            if ends_sessions {
                call = call.end_sessions();
            }
            call.await
        }
    }

    /// Whether sessions that are left are a failure.
    fn waits(&self) -> bool {
        self.wait.is_some() || self.end_sessions
    }

    /// Tells of sessions that use a suspended tenant; whether there are some.
    fn tell_of_sessions(&self, context: &Context, done: &[Done<Suspended>]) -> bool {
        let mut is_in_use = false;
        for one in done {
            let Ok(suspended) = &one.result else { continue };
            let sessions = &suspended.sessions;
            if sessions.is_empty() {
                continue;
            }
            is_in_use = true;
            let name = shown(&one.name);
            let count = counted(sessions.len(), "session");
            let verb = if sessions.len() == 1 { "uses" } else { "use" };
            let message = match self.waits() {
                true => Message::error(format!(
                    "tenant `{name}` is suspended, but {count} still {verb} its tables"
                ))
                .hints([Hint::new(
                    "Run the command again with a longer --wait, or with --end-sessions.",
                )]),
                false => Message::note(format!(
                    "{count} still {verb} the tables of tenant `{name}`, until the transaction ends"
                )),
            };
            let rows = sessions.iter().map(ToString::to_string);
            context.output.say(&message.rows(rows));
        }
        is_in_use
    }
}

fn text(done: &[Done<Suspended>]) -> String {
    let suspended = done.iter().filter_map(|one| one.result.as_ref().ok());
    let suspended = suspended.collect::<Vec<_>>();
    let whom = match suspended.as_slice() {
        [] => return String::new(),
        [one] => format!("tenant `{}`", one.tenant),
        several => counted(several.len(), "tenant"),
    };
    let until = suspended.first().and_then(|one| one.suspension.until);
    let until = until.map_or_else(String::new, |until| {
        format!(" until {} UTC", until.format("%Y-%m-%d %H:%M"))
    });
    let ended = suspended.iter().map(|one| one.ended.len()).sum::<usize>();
    let ended = match ended {
        0 => String::new(),
        count => format!(" Ended {}.", counted(count, "session")),
    };
    format!("Suspended {whom}{until}.{ended}")
}

fn document<'a>(done: &'a [Done<Suspended>], invocation: &Invocation) -> Document<'a> {
    let failed = done.iter().filter(|one| one.result.is_err()).count();
    Document {
        total: done.len(),
        suspended: done.len() - failed,
        failed,
        tenants: done.iter().map(|one| row(one, invocation)).collect(),
    }
}

fn row<'a>(done: &'a Done<Suspended>, invocation: &Invocation) -> Row<'a> {
    let suspended = done.result.as_ref().ok();
    let suspension = suspended.map(|it| &it.suspension);
    let sessions = |of: Option<&'a Vec<LockHolder>>| {
        let sessions = of.into_iter().flatten();
        sessions.map(session).collect()
    };
    Row {
        name: &done.name,
        status: if suspended.is_some() {
            "suspended"
        } else {
            "failed"
        },
        was_suspended: suspended.map(|it| it.was_suspended),
        since: suspension.and_then(|it| it.since),
        by: suspension.and_then(|it| it.by.as_deref()),
        reason: suspension.and_then(|it| it.reason.as_deref()),
        until: suspension.and_then(|it| it.until),
        sessions: sessions(suspended.map(|it| &it.sessions)),
        ended: sessions(suspended.map(|it| &it.ended)),
        error: done.detail(invocation),
    }
}

fn session(session: &LockHolder) -> SessionRow<'_> {
    SessionRow {
        pid: session.pid,
        application: session.application.as_deref(),
        role: session.role.as_deref(),
        state: session.state.as_deref(),
    }
}
