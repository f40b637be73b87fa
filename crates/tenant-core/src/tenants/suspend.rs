//! Suspends tenants, and resumes them.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::time::sleep;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::state::registry_error;
use crate::engine::{self, settings_of};
use crate::events::Call;
use crate::link::Session;
use crate::name::{Schema, Target};
use crate::registry::{Suspension, told};
use crate::report::{Resumed, Suspended};
use crate::{Answer, Error, LockHolder, PgError, TenantName};

/// How long to wait before the sessions of a tenant are looked for again, at first and at most.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// How long sessions may take to end that were told to.
const ENDING: Duration = Duration::from_secs(10);

/// A tenant to suspend. Returned by [`Tenants::suspend`].
#[must_use = "nothing is suspended until it is awaited"]
pub struct Suspend<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    wanted: Suspension,
    wait: Duration,
    ends_sessions: bool,
}

impl Suspend<'_> {
    /// Sets the reason. The list and the errors of pools show it.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.wanted.reason = Some(reason.into());
        self
    }

    /// Sets the person or program that suspends the tenant. The default is the role.
    pub fn by(mut self, who: impl Into<String>) -> Self {
        self.wanted.by = Some(who.into());
        self
    }

    /// Ends the suspension at this time, by the clock of the server. The default is no end.
    pub fn until(mut self, time: DateTime<Utc>) -> Self {
        self.wanted.until = Some(time);
        self
    }

    /// Waits at most this long for transactions that use the tenant's tables. The default is no
    /// wait. [`Suspended::sessions`] has those that continue.
    pub fn wait(mut self, at_most: Duration) -> Self {
        self.wait = at_most;
        self
    }

    /// Ends the sessions that still use the tenant's tables after the wait. Their transactions are
    /// rolled back. Runs of this library are not ended.
    pub fn end_sessions(mut self) -> Self {
        self.ends_sessions = true;
        self
    }
}

impl<'a> IntoFuture for Suspend<'a> {
    type Output = Result<Suspended, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let tenants = self.tenants;
            let target = tenants.target_for(Call::Suspend, self.name).await?;
            let suspended = tenants.suspend_and_wait(&target, &self);
            Call::Suspend
                .tell_of(Schema::Tenant(&target), suspended)
                .await
        })
    }
}

impl Tenants {
    /// Suspends the tenant `name`: from then on, a [`TenantPool`](crate::TenantPool) refuses it with
    /// [`PoolError::Suspended`](crate::PoolError::Suspended), before any query. Its data do not
    /// change. Migrations, health checks and all other calls work as before.
    ///
    /// Pools of [`Tenants::pool`] learn of it immediately, and so do pools of other programs that
    /// [`listen`](crate::TenantPoolBuilder::listen). Other pools learn of it within a minute.
    /// Transactions that have begun continue to their end: see [`Suspend::wait`] and
    /// [`Suspend::end_sessions`].
    ///
    /// If the tenant is suspended already, the call replaces the reason and the end. The call is
    /// not for a table that belongs to the application, with a condition or a column of schemas.
    /// Such a table has its own states: see
    /// [`Registry::state_column`](crate::Registry::state_column).
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use tenant_core::{Error, TenantName, Tenants};
    /// # async fn example(tenants: &Tenants, acme: &TenantName) -> Result<(), Error> {
    /// let suspended = tenants.suspend(acme).reason("unpaid").wait(Duration::from_secs(30));
    /// assert!(suspended.await?.sessions.is_empty());
    /// tenants.resume(acme).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], [`Error::NoSuspensions`] if the list has no column for it,
    /// [`Error::NotListed`] if a trigger changed the row, [`Error::Connect`], [`Error::NotSetUp`],
    /// [`Error::Standby`], or a server error. If an error is about sessions, the tenant is
    /// suspended.
    pub fn suspend<'a>(&'a self, name: &'a TenantName) -> Suspend<'a> {
        Suspend {
            tenants: self,
            name,
            wanted: Suspension::default(),
            wait: Duration::ZERO,
            ends_sessions: false,
        }
    }

    /// Ends the suspension of the tenant `name`. If it is not suspended, nothing changes. A state in
    /// the application's own list does not change.
    ///
    /// # Errors
    ///
    /// As [`Tenants::suspend`].
    pub fn resume<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Resumed, Error>> {
        Box::pin(async move {
            let target = self.target_for(Call::Resume, name).await?;
            let resumed = async {
                let written = self.write_suspension(&target, None).await?;
                Ok(Resumed {
                    tenant: name.clone(),
                    was_suspended: written.before.is_some(),
                })
            };
            let schema = Schema::Tenant(&target);
            Call::Resume.tell_of(schema, resumed).await
        })
    }

    async fn suspend_and_wait(
        &self,
        target: &Target,
        call: &Suspend<'_>,
    ) -> Result<Suspended, Error> {
        let written = self.write_suspension(target, Some(&call.wanted)).await?;
        let (sessions, ended) = self.wait_for_users(target, call).await?;
        Ok(Suspended {
            tenant: target.name.clone(),
            suspension: written.after.unwrap_or_default(),
            was_suspended: written.before.is_some(),
            sessions,
            ended,
        })
    }

    /// Writes the suspension that is `wanted` in one transaction.
    async fn write_suspension(
        &self,
        target: &Target,
        wanted: Option<&Suspension>,
    ) -> Result<Written, Error> {
        if !self.registry.keeps_suspensions() {
            // Another program may have applied the migration.
            self.look_for_columns().await?;
        }
        let session = self.session().await?;
        session.begin();
        let written = self.write_in(&session, target, wanted).await;
        let ending = match &written {
            Ok(_) => "COMMIT",
            Err(_) => "ROLLBACK",
        };
        let ended = session.client().batch_execute(ending).await;
        if ended.is_ok() {
            session.finish();
        }
        drop(session);
        self.directory.forget(&target.name);
        match written {
            Ok(written) => ended.map(|()| written).map_err(|error| self.failed(error)),
            Err(error) => Err(self.told_apart(error).await),
        }
    }

    async fn write_in(
        &self,
        session: &Session,
        target: &Target,
        wanted: Option<&Suspension>,
    ) -> Result<Written, Error> {
        let (client, name) = (session.client(), target.name.as_str());
        let failed = |error| self.failed(error);
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; RESET ALL";
        client.batch_execute(begin).await.map_err(failed)?;
        for set in settings_of(&self.database, session, self.settings.limits()) {
            client.batch_execute(&set).await.map_err(failed)?;
        }
        let key = (&name as &(dyn ToSql + Sync), Type::TEXT);
        let question = self.registry.suspension();
        let rows = client.query_typed(&question, &[key]).await;
        let rows = rows.map_err(|error| registry_error(&self.registry, error))?;
        let Some(row) = rows.first() else {
            return Err(Error::Unknown(target.name.clone()));
        };
        if !self.registry.keeps_suspensions() {
            return Err(Error::NoSuspensions(self.registry.words_for_list()));
        }
        let read = || {
            Ok((
                row.try_get(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
            ))
        };
        let (schema, kept, now, role): (Option<String>, Option<String>, DateTime<Utc>, String) =
            read().map_err(failed)?;
        let before = kept.as_deref().and_then(Suspension::read);
        let before = before.filter(|it| it.holds_at(now));
        if wanted.is_none() && kept.is_none() {
            return Ok(Written {
                before,
                after: None,
            });
        }
        let after = wanted.map(|wanted| Suspension {
            since: before.as_ref().and_then(|it| it.since).or(Some(now)),
            by: wanted.by.clone().or(Some(role)),
            ..wanted.clone()
        });
        let (text, told) = (after.as_ref().map(Suspension::text), told(&target.name));
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&name, Type::TEXT),
            (&text, Type::TEXT),
            (&told, Type::TEXT),
            (&schema, Type::TEXT),
        ];
        let used = if self.registry.is_query() { 4 } else { 3 };
        let statement = self.registry.suspend();
        let rows = client
            .query_typed(&statement, parameters.get(..used).unwrap_or_default())
            .await;
        let rows = rows.map_err(failed)?;
        let is_written = |row: &tokio_postgres::Row| {
            let key = row.try_get::<_, String>(0);
            key.is_ok_and(|key| key == name)
        };
        match rows.as_slice() {
            [row] if is_written(row) => Ok(Written { before, after }),
            _ => Err(Error::NotListed {
                schema: Schema::Tenant(target).to_string(),
                list: self.registry.sql_table().to_owned(),
            }),
        }
    }

    fn failed(&self, error: tokio_postgres::Error) -> Error {
        let error = PgError::from(error);
        match error.sqlstate() {
            Some("25006" | "0A000") => Error::standby(&self.database),
            _ => Error::database("write the list of tenants", error),
        }
    }

    /// Waits for the sessions that use the tenant's tables, and ends them if they are to be
    /// ended: those that are left, and those that were ended.
    async fn wait_for_users(
        &self,
        target: &Target,
        call: &Suspend<'_>,
    ) -> Result<(Vec<LockHolder>, Vec<LockHolder>), Error> {
        let schema = Schema::Tenant(target);
        let started = Instant::now();
        let mut pause = FIRST;
        let mut ended = Vec::<LockHolder>::new();
        loop {
            let session = self.session().await?;
            let users = engine::users(session.client(), schema).await?;
            let (is_over, is_late) = match call.ends_sessions {
                true => (
                    started.elapsed() >= call.wait + ENDING,
                    started.elapsed() >= call.wait,
                ),
                false => (started.elapsed() >= call.wait, false),
            };
            if users.is_empty() || is_over {
                return Ok((users, ended));
            }
            if is_late {
                for user in users {
                    engine::end_user(session.client(), schema, &user).await?;
                    if !ended.iter().any(|one| one.pid == user.pid) {
                        ended.push(user);
                    }
                }
                pause = FIRST;
            }
            drop(session);
            let left = call.wait.saturating_sub(started.elapsed());
            sleep(if is_late { pause } else { pause.min(left) }).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

/// What the list kept of the tenant, if it was in force, and what it keeps now.
struct Written {
    before: Option<Suspension>,
    after: Option<Suspension>,
}
