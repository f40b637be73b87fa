//! Applies the pending public migrations.

use std::time::{Duration, Instant};

use super::handle::Tenants;
use super::reading::Reading;
use super::setters::setter;
use super::state;
use crate::engine::Work;
use crate::events::{self, Call};
use crate::migration::versions;
use crate::name::Schema;
use crate::registry::List;
use crate::report::PublicOutcome;
use crate::{Answer, Error, Version, engine};

/// A migration of the public schema. Returned by [`Tenants::migrate_public`].
#[must_use = "nothing is migrated until it is awaited"]
pub struct MigratePublic<'a> {
    tenants: &'a Tenants,
    dry_run: bool,
}

impl MigratePublic<'_> {
    setter!(dry_run);
}

impl<'a> IntoFuture for MigratePublic<'a> {
    type Output = Result<PublicOutcome, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let migrated = self.tenants.bring_public_up(self.dry_run);
        Call::MigratePublic.tell_of(Schema::Public, migrated)
    }
}

impl Tenants {
    /// Applies the pending public migrations.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`], [`Error::Busy`] if another run migrates the public schema,
    /// [`Error::Refused`] if a pending migration cannot run, [`Error::RegistryLost`], or an error
    /// of a migration. Migrations in a transaction leave nothing behind.
    pub fn migrate_public(&self) -> MigratePublic<'_> {
        MigratePublic {
            tenants: self,
            dry_run: false,
        }
    }

    async fn bring_public_up(&self, dry_run: bool) -> Result<PublicOutcome, Error> {
        let started = Instant::now();
        let mut outcome = PublicOutcome {
            applied: Vec::new(),
            pending: Vec::new(),
            messages: Vec::new(),
            messages_left_out: 0,
            duration: Duration::ZERO,
        };
        if dry_run {
            let reading = self.reading().await?;
            outcome.pending = self.public_pending(&reading).await?;
        } else {
            let taking_over = self.taking_list_over().await?;
            let session = self.session().await?;
            let work = self.work(&session, Schema::Public);
            let work = Work {
                migrations: taking_over.as_ref().unwrap_or(work.migrations),
                ..work
            };
            session.hear(self.settings.notices);
            let migrated = engine::migrate(work, None).await;
            let heard = session.heard();
            events::migrations_said(Schema::Public, &heard.said);
            let applied = match migrated.require_all() {
                Ok(applied) => applied,
                Err(error @ Error::Standby { .. }) => {
                    drop(session);
                    return self.as_it_stands(error, outcome).await;
                }
                Err(error) => return Err(error.after_saying(heard.said)),
            };
            outcome.applied = versions(&applied);
            outcome.messages = heard.said;
            outcome.messages_left_out = heard.left_out;
            drop(session);
            self.look_for_columns().await?;
            self.make_reference_tables().await?;
            self.record_listed().await?;
        }
        self.require_kept(List::Tenants).await?;
        outcome.duration = started.elapsed();
        Ok(outcome)
    }

    /// On a standby nothing can be applied, which is an error where something is to be. A
    /// program that migrates whenever it starts can start there as well.
    async fn as_it_stands(
        &self,
        standby: Error,
        outcome: PublicOutcome,
    ) -> Result<PublicOutcome, Error> {
        let reading = self.reading().await?;
        if self.public_pending(&reading).await?.is_empty() {
            Ok(outcome)
        } else {
            Err(standby)
        }
    }

    /// The versions that the public schema lacks, oldest first.
    pub(super) async fn public_pending(
        &self,
        reading: &Reading<'_>,
    ) -> Result<Vec<Version>, Error> {
        let migrations = &self.migrations.public;
        let applied = state::read_public(reading).await?;
        Ok(versions(&migrations.pending(&applied)))
    }
}
