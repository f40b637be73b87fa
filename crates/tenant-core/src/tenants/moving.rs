//! Moves tenants between the servers of a cluster, and puts new ones where they are to be.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::setters::setter;
use super::spares::new_name;
use crate::engine::{self, Dependents, Writers};
use crate::events::Call;
use crate::fleet::{Pace, Stop};
use crate::link::Session;
use crate::name::{Schema, Target};
use crate::report::{MoveProgress, Moved};
use crate::{Answer, Error, Node, SchemaName, TenantName};

/// How often it is looked how far a move is.
const LOOK: Duration = Duration::from_millis(250);

/// How many looks there are for each question whether a worker of replication is there.
const LOOKS_PER_QUESTION: u64 = 8;

/// How long no worker of replication has to be there before a move is called off. PostgreSQL
/// starts one at once, and one that failed again after five seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far the move of a schema's tables is, which Citus tells for each of them.
///
/// Source: Citus, its function `get_rebalance_progress`.
const PROGRESS: &str = "
    SELECT pg_catalog.min(p.status), pg_catalog.sum(p.source_shard_size)::bigint,
           pg_catalog.sum(p.target_shard_size)::bigint
    FROM pg_catalog.get_rebalance_progress() p
    JOIN pg_catalog.pg_class c ON c.oid = p.table_name
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 HAVING pg_catalog.count(*) > 0";

/// A move that is watched.
struct Watch<'a> {
    target: &'a Target,
    to: &'a Node,
    writers: Writers,
    stop: &'a Stop,
    observe: &'a (dyn Fn(&MoveProgress) + Sync),
    /// Whether no worker of replication has come.
    is_stalled: &'a AtomicBool,
}

/// A move of a tenant. Returned by [`Cluster::move_tenant`](crate::Cluster::move_tenant).
#[must_use = "nothing is moved until it is awaited"]
pub struct MoveTenant<'a> {
    tenants: &'a Tenants,
    name: &'a TenantName,
    to: &'a Node,
    writers: Writers,
    pace: Pace<'a>,
    observe: Box<dyn Fn(&MoveProgress) + Send + Sync + 'a>,
}

impl<'a> MoveTenant<'a> {
    pub(super) fn new(tenants: &'a Tenants, name: &'a TenantName, to: &'a Node) -> Self {
        Self {
            tenants,
            name,
            to,
            writers: Writers::default(),
            pace: Pace::default(),
            observe: Box::new(|_| {}),
        }
    }

    /// Sets whether sessions can write to the tenant during the move. By default, they can.
    pub fn writers(mut self, writers: Writers) -> Self {
        self.writers = writers;
        self
    }

    setter!(stop);
    setter!(observe: MoveProgress);
}

impl<'a> IntoFuture for MoveTenant<'a> {
    type Output = Result<Moved, Error>;
    type IntoFuture = Answer<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self {
                tenants,
                to,
                writers,
                ..
            } = self;
            let target = tenants.target_for(Call::MoveTenant, self.name).await?;
            let moved =
                tenants.move_and_watch(&target, to, writers, self.pace.stop, &*self.observe);
            Call::MoveTenant
                .tell_of(Schema::Tenant(&target), moved)
                .await
        })
    }
}

impl Tenants {
    /// Moves it. A move for which no worker of replication starts is called off.
    async fn move_and_watch(
        &self,
        target: &Target,
        to: &Node,
        writers: Writers,
        stop: &Stop,
        observe: &(dyn Fn(&MoveProgress) + Sync),
    ) -> Result<Moved, Error> {
        let started = Instant::now();
        self.require_node(to).await?;
        let session = self.session().await?;
        let work = self.work(&session, Schema::Tenant(target));
        let is_stalled = AtomicBool::default();
        let watch = Watch {
            target,
            to,
            writers,
            stop,
            observe,
            is_stalled: &is_stalled,
        };
        let moving = pin!(engine::relocate(work, to, writers));
        let watching = pin!(self.watch(&session, watch));
        let moved = match select(moving, watching).await {
            Either::Left((moved, _)) => moved,
            Either::Right((never, _)) => match never {},
        };
        let from = moved.map_err(|error| match error.sqlstate() {
            Some("57014") if is_stalled.load(Ordering::Relaxed) => {
                let lacks = format!("{} {to}", engine::NO_WORKER);
                Error::NoReplication(target.name.to_string(), lacks)
            }
            _ => error,
        })?;
        Ok(Moved {
            from,
            to: to.clone(),
            duration: started.elapsed(),
        })
    }

    /// Tells how far it is, and calls it off once that is wanted, or it cannot come to its
    /// end.
    async fn watch(&self, session: &Session, watch: Watch<'_>) -> Infallible {
        let mut client = None;
        let mut waiting_since = None;
        let has_no_worker = engine::has_no_worker(watch.to);
        let mut looks = 0_u64;
        loop {
            tokio::time::sleep(LOOK).await;
            looks += 1;
            if watch.stop.is_requested() || watch.is_stalled.load(Ordering::Relaxed) {
                // It may still wait for another run.
                session.stop_waiting();
                self.database.cancel(session.client().cancel_token()).await;
            }
            if client.is_none() {
                client = self.database.pinned_driver().await.ok();
            }
            let Some(client) = &client else { continue };
            if let Some(progress) = progress(client, &watch.target.schema).await {
                (watch.observe)(&progress);
            }
            if watch.writers == Writers::Wait || !looks.is_multiple_of(LOOKS_PER_QUESTION) {
                continue;
            }
            if is_true(client, &has_no_worker).await {
                let since = *waiting_since.get_or_insert_with(Instant::now);
                let is_over = since.elapsed() > PATIENCE;
                watch.is_stalled.store(is_over, Ordering::Relaxed);
            } else {
                waiting_since = None;
            }
        }
    }

    /// See `Cluster::placed_on`.
    pub(super) async fn placed(&self, node: Node) -> Result<Self, Error> {
        self.require_node(&node).await?;
        self.require_list().await?;
        let mut placed = self.clone();
        placed.placement = Some(node);
        Ok(placed)
    }

    /// Creates the tenant `target` on the node `node`: a separate spare schema is created, moved,
    /// and then given the name. Until then the tenant is not visible, and an interrupted run leaves
    /// only a spare.
    pub(super) async fn build_on(
        &self,
        session: &Session,
        target: &Target,
        node: &Node,
    ) -> Result<(), Error> {
        let spare = self.spare_on(session, target, node).await?;
        let tenant = self.work(session, Schema::Tenant(target));
        let placed = engine::claim_this(tenant, &spare).await;
        if placed.is_err() {
            self.drop_unused(session, &spare).await;
        }
        placed
    }

    /// A spare on the server `node`, to make the tenant of.
    pub(super) async fn spare_on(
        &self,
        session: &Session,
        target: &Target,
        node: &Node,
    ) -> Result<SchemaName, Error> {
        engine::require_free(self.work(session, Schema::Tenant(target))).await?;
        let spare = new_name(&self.registry)?;
        let work = self.work(session, Schema::Spare(&spare));
        engine::create(work).await?;
        match engine::relocate(work, node, Writers::Wait).await {
            Ok(_) => Ok(spare),
            Err(error) => {
                self.drop_unused(session, &spare).await;
                Err(error)
            }
        }
    }

    /// If it cannot be removed, it remains a spare, which does no harm.
    async fn drop_unused(&self, session: &Session, spare: &SchemaName) {
        let work = self.work(session, Schema::Spare(spare));
        drop(engine::remove(work, Dependents::Refuse).await);
    }

    /// Sees that tenants can be on the server `node`.
    async fn require_node(&self, node: &Node) -> Result<(), Error> {
        if !self.database.is_cluster() {
            return Err(Error::NotACluster);
        }
        let nodes = self.find_nodes().await?;
        match nodes.iter().find(|it| it.node == *node) {
            Some(it) if it.holds_tenants => Ok(()),
            Some(_) => Err(Error::HoldsNoTenants(node.clone())),
            None => {
                let fit = nodes.into_iter().filter(|it| it.holds_tenants);
                Err(Error::UnknownNode {
                    node: node.clone(),
                    nodes: fit.map(|it| it.node).collect(),
                })
            }
        }
    }
}

/// How far it is; nothing before it has begun, or when that cannot be asked.
async fn progress(client: &Client, schema: &SchemaName) -> Option<MoveProgress> {
    let parameter = (&schema.as_str() as &(dyn ToSql + Sync), Type::TEXT);
    let rows = client.query_typed(PROGRESS, &[parameter]).await.ok()?;
    let row = rows.first()?;
    let bytes = |column| u64::try_from(row.try_get::<_, i64>(column).ok()?).ok();
    Some(MoveProgress {
        step: row.try_get(0).ok()?,
        total: bytes(1)?,
        copied: bytes(2)?,
    })
}

/// Whether the second column of what `query` gives is `t`. Not where that cannot be asked.
async fn is_true(client: &Client, query: &str) -> bool {
    let rows = client.query_typed(query, &[]).await.unwrap_or_default();
    let answer = rows
        .first()
        .and_then(|row| row.try_get::<_, String>(1).ok());
    answer.as_deref() == Some("t")
}
