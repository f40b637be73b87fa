//! A tenant whose transaction is open: all is done but the application's own work, and the
//! commit.

use tokio_postgres::SimpleQueryRow;

use super::hooks::{commit_own_work, forget_own_work, has_hooks, run_hooks};
use super::kept::Kept;
use super::script::{Ending, Script};
use super::send::{ask, run_script};
use super::settle::status;
use super::transaction::{begin_next, close, confirm};
use super::undo::undo;
use super::work::Work;
use crate::hook::Occasion;
use crate::link::Database;
use crate::migration::MigrationSet;
use crate::name::Schema;
use crate::registry::RowBefore;
use crate::{Error, SchemaName, events};

/// A tenant in an open transaction.
pub(crate) struct Open {
    /// The transaction's, by which the server knows how it ended.
    pub(crate) number: String,
    /// The spare that it was made of.
    pub(crate) spare: Option<SchemaName>,
    /// The tenant itself is committed, because some migrations run outside a transaction.
    pub(crate) is_committed: bool,
    /// The row that there was before it, if it is committed.
    pub(crate) before: RowBefore,
}

impl Open {
    /// What came of a script that was to leave the transaction open.
    pub(super) fn read(rows: &[SimpleQueryRow]) -> Self {
        let number = rows.last().and_then(|row| row.get(0));
        Self {
            number: number.unwrap_or_default().to_owned(),
            spare: None,
            is_committed: false,
            before: RowBefore::None,
        }
    }

    pub(super) fn of_spare(self, spare: SchemaName) -> Self {
        let spare = Some(spare);
        Self { spare, ..self }
    }

    /// Tells that it is committed.
    pub(crate) fn tell(&self, schema: Schema<'_>, migrations: &MigrationSet) {
        let migrations = migrations.iter().collect::<Vec<_>>();
        match &self.spare {
            Some(spare) => events::spare_taken(schema, spare),
            None if self.is_committed => {}
            None => events::migrations_applied(schema, &migrations),
        }
    }

    /// Runs the hooks of a new tenant, and forgets what they have set: for
    /// [`create_with`](crate::Tenants::create_with), whose work comes next. Returns what both must
    /// keep.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub(crate) async fn run_hooks(&self, work: Work<'_>) -> Result<Kept, Error> {
        let ran = async {
            let kept = Kept::of_new(work).await?;
            if has_hooks(work, Occasion::Create) {
                let mut script = Script::default();
                forget_own_work(work, &mut script);
                run_hooks(work, Occasion::Create).await?;
                run_script(work, &script).await?;
            }
            Ok(kept)
        };
        match ran.await {
            Ok(kept) => Ok(kept),
            Err(error) => Err(self.give_up(work, error).await),
        }
    }

    /// Runs the hooks, and commits.
    ///
    /// # Errors
    ///
    /// [`Error::Hook`], or what the commit meets. Then there is no such tenant.
    pub(super) async fn complete(self, work: Work<'_>) -> Result<(), Error> {
        let ran = async {
            let kept = Kept::of_new(work).await?;
            run_hooks(work, Occasion::Create).await?;
            run_script(work, &commit(work, &kept)).await
        };
        if let Err(error) = ran.await {
            return Err(self.give_up(work, error).await);
        }
        work.session.keep_said();
        work.session.finish();
        self.tell(work.schema, work.migrations);
        Ok(())
    }

    /// Rolls back, and removes what was committed before.
    pub(super) async fn give_up(&self, work: Work<'_>, error: Error) -> Error {
        if self.is_committed {
            return undo(work, self.before, error).await;
        }
        close(work).await;
        error
    }
}

/// Opens a separate transaction after migrations outside a transaction, under the lock that is
/// held.
pub(super) async fn open_again(work: Work<'_>) -> Result<Open, Error> {
    let mut script = Script::default();
    begin_next(work, &mut script);
    script.end(Ending::Hold);
    let rows = ask(work, &script).await?;
    Ok(Open {
        is_committed: true,
        ..Open::read(&rows)
    })
}

/// The messages that check what the application's own work has left: that nothing
/// which it has set is left, and that the tenant is as it was created.
pub(crate) fn checks(work: Work<'_>, kept: &Kept) -> Vec<String> {
    let mut script = Script::default();
    add_checks(work, kept, &mut script);
    if !work.database.is_cluster() {
        return vec![script.text().to_owned()];
    }
    script
        .statements()
        .map(|(text, _)| text.to_owned())
        .collect()
}

fn add_checks(work: Work<'_>, kept: &Kept, script: &mut Script<'_>) {
    forget_own_work(work, script);
    kept.require(work, script);
    script.step("set the search path", &work.path().set_local());
    script.step("check that the schema exists", &work.path().check());
    confirm(work, script);
}

fn commit(work: Work<'_>, kept: &Kept) -> Script<'static> {
    let mut script = Script::default();
    add_checks(work, kept, &mut script);
    commit_own_work(work, &mut script);
    script
}

/// Whether the transaction with that number is committed; `None` where it is not known.
pub(crate) async fn has_committed(database: &Database, number: &str) -> Option<bool> {
    match status(database, number).await.as_deref() {
        Some("committed") => Some(true),
        Some("aborted") => Some(false),
        _ => None,
    }
}
