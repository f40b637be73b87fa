//! What runs over many schemas do with each of them.

use std::sync::atomic::AtomicBool;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::handle::Tenants;
use super::recording::Jobs;
use crate::Error;
use crate::fleet::{Action, Item, Limits, Run, Stop};
use crate::link::Session;
use crate::migration::Migration;
use crate::name::Entry;
use crate::report::{Outcome, Status};

/// What is done with each schema of a run.
#[derive(Clone, Copy)]
pub(super) enum Task<'a> {
    Create,
    Migrate,
    /// These, where it has them.
    Revert(&'a [&'a Migration]),
    /// Only a spare: a tenant is dropped by a separate call.
    Drop,
    Distribute,
    /// What these say of it, where its shape allows that.
    Record(&'a Jobs<'a>),
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
        self.surroundings.forget();
        let may_take = matches!(task, Task::Create) && self.may_take_spares().await?;
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
            spares: AtomicBool::new(may_take),
        };
        run.over(items, &doing).await
    }
}

impl Action for Doing<'_> {
    fn act<'a>(&'a self, session: &'a Session, item: &'a Item) -> BoxFuture<'a, Outcome> {
        self.do_one(session, item).boxed()
    }
}

impl Doing<'_> {
    async fn do_one(&self, session: &Session, Item { entry, applied }: &Item) -> Outcome {
        let tenants = self.tenants;
        let schema = entry.schema();
        match (self.task, entry) {
            (Task::Create, Entry::Tenant(target)) => {
                tenants.create_one(session, target, &self.spares).await
            }
            (Task::Create, Entry::Spare(name)) => tenants.build_spare(session, name).await,
            (Task::Migrate, _) => {
                tenants
                    .migrate_one(session, schema, applied.as_deref())
                    .await
            }
            (Task::Revert(migrations), _) => tenants.revert_one(session, schema, migrations).await,
            (Task::Drop, Entry::Spare(name)) => tenants.drop_spare(session, name).await,
            (Task::Drop, Entry::Tenant(_)) => Outcome::idle(entry.key(), Status::Skipped),
            (Task::Distribute, _) => tenants.distribute_one(session, schema).await,
            (Task::Record(jobs), _) => tenants.record_one(session, schema, jobs).await,
        }
    }
}
