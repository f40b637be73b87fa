//! Moves tenants between the servers of a cluster, and puts new ones where they are to be.

use std::convert::Infallible;
use std::pin::pin;
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

/// A move of a tenant. Made by [`Cluster::move_tenant`](crate::Cluster::move_tenant).
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

    /// What those who write to the tenant do; they go on unless you say so.
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
            let target = tenants.target(self.name);
            let moved =
                tenants.move_and_watch(&target, to, writers, self.pace.stop, &*self.observe);
            Call::MoveTenant
                .tell_of(Schema::Tenant(&target), moved)
                .await
        })
    }
}

impl Tenants {
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
        let moving = pin!(engine::relocate(work, to, writers));
        let watching = pin!(self.watch(&target.schema, &session, stop, observe));
        let from = match select(moving, watching).await {
            Either::Left((moved, _)) => moved?,
            Either::Right((never, _)) => match never {},
        };
        Ok(Moved {
            from,
            to: to.clone(),
            duration: started.elapsed(),
        })
    }

    /// Tells how far it is, and calls it off once that is wanted.
    async fn watch(
        &self,
        schema: &SchemaName,
        session: &Session,
        stop: &Stop,
        observe: &(dyn Fn(&MoveProgress) + Sync),
    ) -> Infallible {
        let mut client = None;
        loop {
            tokio::time::sleep(LOOK).await;
            if stop.is_requested() {
                // It may still wait for another run.
                session.stop_waiting();
                self.database.cancel(session.client().cancel_token()).await;
            }
            if client.is_none() {
                client = self.database.pinned_driver().await.ok();
            }
            let Some(client) = &client else { continue };
            if let Some(progress) = progress(client, schema).await {
                observe(&progress);
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

    /// Makes the tenant `target` on the server `node`: a spare schema of its own, which is
    /// moved and then given the name. Before that nobody hears of the tenant, and what is
    /// left of a run that is cut off is a spare.
    pub(super) async fn build_on(
        &self,
        session: &Session,
        target: &Target,
        node: &Node,
    ) -> Result<(), Error> {
        let tenant = self.work(session, Schema::Tenant(target));
        engine::require_free(tenant).await?;
        let spare = new_name(&self.registry)?;
        let work = self.work(session, Schema::Spare(&spare));
        engine::create(work).await?;
        let placed = match engine::relocate(work, node, Writers::Wait).await {
            Ok(_) => engine::claim_this(tenant, &spare).await,
            Err(error) => Err(error),
        };
        if placed.is_err() {
            // It stays a spare where it cannot be removed, which harms nobody.
            drop(engine::remove(work, Dependents::Refuse).await);
        }
        placed
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
