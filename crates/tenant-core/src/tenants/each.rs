//! What runs over many schemas do with each of them.

use std::sync::atomic::AtomicBool;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::handle::Tenants;
use crate::fleet::{Action, Item, Limits, Run, Stop};
use crate::link::Session;
use crate::migration::Migration;
use crate::name::Schema;
use crate::report::Outcome;
use crate::{Error, TenantName};

/// What is done with each schema of a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task<'a> {
    Create,
    Migrate,
    /// These, where it has them.
    Revert(&'a [&'a Migration]),
    BuildSpare,
    MigrateSpare,
    RevertSpare(&'a [&'a Migration]),
    DropSpare,
    Distribute,
    DistributeSpare,
}

impl Task<'_> {
    /// The schema called `name` that it is done with.
    fn schema(self, name: &TenantName) -> Schema<'_> {
        match self {
            Self::Create | Self::Migrate | Self::Revert(_) | Self::Distribute => {
                Schema::Tenant(name)
            }
            Self::BuildSpare
            | Self::MigrateSpare
            | Self::RevertSpare(_)
            | Self::DropSpare
            | Self::DistributeSpare => Schema::Spare(name),
        }
    }
}

/// A task, with what it needs.
struct Doing<'a> {
    tenants: &'a Tenants,
    task: Task<'a>,
    /// Whether there may be spare schemas left to take.
    spares: AtomicBool,
}

impl Tenants {
    /// Does `task` with each of `items`, several at a time; gives back the outcomes by
    /// name. `observe` hears of each as it ends.
    pub(super) async fn for_each(
        &self,
        items: Vec<Item>,
        task: Task<'_>,
        limits: Limits,
        stop: &Stop,
        observe: &(dyn Fn(&Outcome) + Sync),
    ) -> Result<Vec<Outcome>, Error> {
        let run = Run {
            database: &self.database,
            sessions: &self.sessions,
            limits,
            stop,
            observe,
        };
        let doing = Doing {
            tenants: self,
            task,
            spares: AtomicBool::new(true),
        };
        run.over(items, &doing).await
    }
}

impl Action for Doing<'_> {
    fn schema<'a>(&self, name: &'a TenantName) -> Schema<'a> {
        self.task.schema(name)
    }

    fn act<'a>(&'a self, session: &'a Session, item: &'a Item) -> BoxFuture<'a, Outcome> {
        self.do_one(session, item).boxed()
    }
}

impl Doing<'_> {
    async fn do_one(&self, session: &Session, Item { name, applied }: &Item) -> Outcome {
        let tenants = self.tenants;
        let schema = self.task.schema(name);
        match self.task {
            Task::Create => tenants.create_one(session, name, &self.spares).await,
            Task::Migrate | Task::MigrateSpare => {
                tenants
                    .migrate_one(session, schema, applied.as_deref())
                    .await
            }
            Task::Revert(migrations) | Task::RevertSpare(migrations) => {
                tenants.revert_one(session, schema, migrations).await
            }
            Task::BuildSpare => tenants.build_spare(session, name).await,
            Task::DropSpare => tenants.drop_spare(session, name).await,
            Task::Distribute | Task::DistributeSpare => {
                tenants.distribute_one(session, schema).await
            }
        }
    }
}
