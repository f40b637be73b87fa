//! Makes a tenant together with the application's own work: in one transaction.

mod making;
mod undo;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::handle::Tenants;
use crate::engine::{self, Open};
use crate::events::Call;
use crate::link::{Alone, Session};
use crate::name::{Schema, Target};
use crate::pool::{Begun, NewTenant};
use crate::{Answer, Error, TenantName, events};

use making::Making;
use undo::Undo;

impl Tenants {
    /// Creates one tenant as [`create`](Self::create) does, and runs `work` in the transaction that
    /// creates it. `work` runs after the migrations and the registration, and before the commit. It
    /// runs in the same way if a spare is taken.
    ///
    /// ```no_run
    /// # use diesel::prelude::*;
    /// # use diesel_async::RunQueryDsl;
    /// # use tenant_core::{Error, TenantName, Tenants};
    /// # diesel::table! { organizations (id) { id -> BigInt, slug -> Text, } }
    /// # diesel::table! { boards (id) { id -> BigInt, title -> Text, } }
    /// async fn sign_up(tenants: &Tenants, name: &TenantName) -> Result<i64, Error> {
    ///     tenants
    ///         .create_with(name, async |new| {
    ///             let id = diesel::insert_into(organizations::table)
    ///                 .values(organizations::slug.eq(name.as_str()))
    ///                 .returning(organizations::id)
    ///                 .get_result(new.public().await?)
    ///                 .await?;
    ///             diesel::insert_into(boards::table)
    ///                 .values(boards::title.eq("First steps"))
    ///                 .execute(new.tenant().await?)
    ///                 .await?;
    ///             Ok(id)
    ///         })
    ///         .await
    /// }
    /// ```
    ///
    /// If `work` returns an error or panics, or if the future is dropped, nothing remains: no
    /// schema, no registration, and no row of `work`. `work` runs at most once. If another session
    /// holds a lock before `work` starts, the call tries again as [`create`](Self::create) does.
    ///
    /// The error type of `work` is your own type, which implements `From<Error>`. [`Error`] itself
    /// works too.
    ///
    /// The transaction has its own connection. At most 8 of these connections are open at a time,
    /// and further calls wait. Therefore `work` must not call `create_with`. The transaction holds
    /// its locks while `work` runs, so send e-mails and call other services afterwards.
    ///
    /// If migrations run outside a transaction, the tenant is committed with the first of them.
    /// `work` then runs in a transaction after the last migration. If the creation fails in
    /// between, the tenant is dropped. If the process is killed in between, the tenant exists
    /// without the work. [`Health`](crate::Health) then reports pending migrations, but not the
    /// missing rows of `work`.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create), the error of `work`, and errors of the commit
    /// ([`Error::OwnWork`]). For example, the commit fails with [`crate::PoolError::Aborted`] if a
    /// query of `work` failed and its error was ignored. If the connection is lost during the
    /// commit, the call asks the server over another connection how the transaction ended.
    pub async fn create_with<T, E: From<Error>>(
        &self,
        name: &TenantName,
        work: impl AsyncFnOnce(&mut NewTenant) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut making = self.begin_with(name).await?;
        match work(&mut making.new).await {
            Ok(value) => {
                making.commit().await?;
                Ok(value)
            }
            Err(error) => {
                making.give_up().await;
                Err(error)
            }
        }
    }

    /// Makes the tenant up to the commit. Boxed, so that it is compiled once.
    fn begin_with<'a>(&'a self, name: &'a TenantName) -> Answer<'a, Result<Making, Error>> {
        Box::pin(async move {
            let started = Instant::now();
            let target = self.new_target_for(Call::Create, name, None).await?;
            match self.open_with(&target, started).await {
                Ok(making) => Ok(making),
                Err(error) => {
                    let error = self.told_apart(error).await;
                    let schema = Schema::Tenant(&target);
                    events::created_with(schema, Err(&error), started.elapsed());
                    Err(error)
                }
            }
        })
    }

    async fn open_with(&self, target: &Target, started: Instant) -> Result<Making, Error> {
        self.prepare_references().await?;
        self.surroundings.forget();
        let spares = AtomicBool::new(self.may_take_spares().await?);
        let Alone {
            session,
            wire,
            permit,
        } = self.sessions.alone().await?;
        session.hear(self.settings.notices);
        let open = match self.claim_or_build_open(&session, target, &spares).await {
            Ok(open) => open,
            Err(error) => return Err(self.told_of_lacking(&session, target, error).await),
        };
        let work = self.work(&session, Schema::Tenant(target));
        let kept = open.run_hooks(work).await?;
        let checks = engine::checks(work, &kept);
        session.keep_said();
        let messages = session.heard().said;
        let undo = match open.is_committed {
            true => Undo::new(self, target, open.before),
            false => Undo::nothing(),
        };
        let begun = Begun {
            client: session.into_client(),
            wire,
            target: target.clone(),
            path: self.runtime_path(),
            directory: self.directory.clone(),
            from_spare: open.spare.is_some(),
            is_direct: self.database.is_surely_direct().await,
        };
        let new = NewTenant::open(begun).await?;
        Ok(Making {
            tenants: self.clone(),
            target: target.clone(),
            new,
            open,
            checks,
            messages,
            started,
            undo,
            permit,
        })
    }

    async fn claim_or_build_open(
        &self,
        session: &Session,
        target: &Target,
        spares: &AtomicBool,
    ) -> Result<Open, Error> {
        let work = self.work(session, Schema::Tenant(target));
        if let Some(node) = &self.placement {
            let builder = self.session().await?;
            let spare = self.spare_on(&builder, target, node).await?;
            drop(builder);
            // Where it is not taken, it stays a spare.
            return engine::claim_this_open(work, &spare).await;
        }
        if spares.load(Ordering::Relaxed)
            && let Some(open) = engine::claim_open(work).await?
        {
            return Ok(open);
        }
        engine::create_open(work).await
    }
}
