//! [`Worker`]: nightly digests, with plain synchronous Diesel and an r2d2 pool.
//!
//! The connection is diesel-async's blocking wrapper, so that the build needs no libpq.
//! With `diesel::PgConnection` only the alias `Manager` would differ.

use std::thread::{self, ScopedJoinHandle};

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

use crate::database::path;
use crate::models::digests::Digest;
use crate::models::organizations::Organization;
use crate::schema::{cards, comments, digests};

type Manager = ConnectionManager<AsyncConnectionWrapper<AsyncPgConnection>>;

/// The number of organizations at a time.
const THREADS: usize = 4;

/// Computes digests. Its methods block.
#[derive(Clone)]
pub struct Worker {
    pool: Pool<Manager>,
}

impl Worker {
    /// Opens a pool of at most 4 connections.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let pool = Pool::builder().max_size(4).build(Manager::new(url))?;
        Ok(Self { pool })
    }

    /// Computes the digest of `day` for each organization, and replaces an existing
    /// one. Returns the number of organizations.
    ///
    /// # Errors
    ///
    /// If a digest fails. Other organizations may have theirs.
    pub fn digest(&self, day: NaiveDate) -> anyhow::Result<usize> {
        let organizations = Organization::active()
            .select(Organization::as_select())
            .load(&mut self.connection("public")?)?;
        let share = organizations.len().div_ceil(THREADS).max(1);
        thread::scope(|scope| {
            let spawn = |share| scope.spawn(move || self.digest_each(share, day));
            let threads: Vec<_> = organizations.chunks(share).map(spawn).collect();
            let mut joined = threads.into_iter().map(ScopedJoinHandle::join);
            joined.try_for_each(|done| {
                done.unwrap_or_else(|_| bail!("a thread of the worker panicked"))
            })
        })?;
        Ok(organizations.len())
    }

    fn digest_each(&self, organizations: &[Organization], day: NaiveDate) -> anyhow::Result<()> {
        for organization in organizations {
            let digested = self.digest_one(organization, day);
            digested.with_context(|| format!("the digest of `{}`", organization.slug))?;
        }
        Ok(())
    }

    fn digest_one(&self, organization: &Organization, day: NaiveDate) -> anyhow::Result<()> {
        let connection = &mut self.connection(&organization.schema())?;
        let open = cards::table.filter(cards::archived_at.is_null());
        let digest = Digest {
            day,
            open_cards: open.count().get_result(connection)?,
            overdue_cards: open
                .filter(cards::due_on.lt(day))
                .count()
                .get_result(connection)?,
            comments: comments::table.count().get_result(connection)?,
        };
        diesel::insert_into(digests::table)
            .values(&digest)
            .on_conflict(digests::day)
            .do_update()
            .set(&digest)
            .execute(connection)?;
        Ok(())
    }

    /// Returns a connection with `schema` first in its path.
    fn connection(&self, schema: &str) -> anyhow::Result<PooledConnection<Manager>> {
        let mut connection = self.pool.get()?;
        connection.batch_execute(&path(schema))?;
        Ok(connection)
    }
}
