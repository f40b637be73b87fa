//! [`Transaction`]: all that happens in one transaction of a schema, as a value.
//!
//! Its parts, in the order in which they happen:
//!
//! 1. the opening;
//! 2. the migration history, in an existing schema that has none;
//! 3. the lock is kept beyond the commit;
//! 4. the schema, with that table;
//! 5. the path, what must hold, and the record of the migrations;
//! 6. the migrations, each followed by what makes the next one begin as if alone, and by
//!    the check that the path is as it was;
//! 7. the check that nothing was changed outside the schema, where that can have happened;
//! 8. the change of the registry;
//! 9. the check that the application's own list, if that is the truth, has a new tenant;
//! 10. the commit, and what is forgotten after it.
//!
//! What an application does in the same transaction comes between 8 and 9. Then the
//! transaction is left open: see [`own_work`](crate::engine::own_work).
//!
//! The value can be rendered in two ways. As one message it begins with the opening. For
//! execution step by step, the caller has opened the transaction and read the state. Then the
//! conditions are known to hold, and need no check.

use super::between::{
    after_last, before_migration, between_migrations, leaves_nothing, prepare_between,
};
use super::opening::{BEGIN, View, begin_next, forget, opening};
use super::way::Way;
use crate::Error;
use crate::assertion::Assertion;
use crate::engine::batches::Batch;
use crate::engine::cluster::{Distribution, create_schema};
use crate::engine::elsewhere::check;
use crate::engine::ledger::{create_ledger, is_exactly, newest};
use crate::engine::lock::hold_lock;
use crate::engine::lost_entries::recorded;
use crate::engine::script::{BEGINNING, CONFIRMING, Ending, Origin, Script, UPDATING_REGISTRY};
use crate::engine::work::Work;
use crate::migration::Migration;
use crate::path;
use crate::registry::Ran;

/// How a transaction begins that is sent as one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// The first one: the connection is made as new, and the lock is taken.
    First,
    /// A later one of the same run: the lock is held.
    Next,
    /// The same after a migration outside a transaction, which it only records.
    AfterOutside,
}

/// What is made before the migrations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Make {
    Nothing,
    /// The table of applied migrations.
    Ledger,
    /// The schema, with that table.
    Schema,
}

/// All that happens in one transaction of a schema.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Transaction<'a, 't> {
    pub(in crate::engine) work: Work<'a>,
    pub(in crate::engine) way: Way,
    batch: &'t [&'a Migration],
    start: Start,
    make: Make,
    keeps_lock: bool,
    /// The versions that were applied a moment ago, if the caller has read them.
    known: Option<&'t [String]>,
    /// What ends the journal of a migration outside a transaction.
    end: Option<&'t str>,
    /// The statement that fails where something outside the schema was changed.
    elsewhere: Option<&'t str>,
    end_with: Ending,
}

/// The last step of a transaction that makes a tenant: the application's list has it.
pub(in crate::engine) fn confirm(work: Work<'_>, script: &mut Script<'_>) {
    if let Some(statement) = work.registry.confirm(work.schema) {
        script.step(CONFIRMING, path::AS_BY_DEFAULT);
        script.step(CONFIRMING, &statement);
        // What is deferred until the commit finds what it names as before.
        script.step(CONFIRMING, &work.path().set_local());
    }
}

/// The last step of a transaction that removes a tenant: the application's list does not have it.
pub(in crate::engine) fn confirm_gone(work: Work<'_>, script: &mut Script<'_>) {
    if let Some(statement) = work.registry.confirm_gone(work.schema) {
        script.step(CONFIRMING, path::AS_BY_DEFAULT);
        script.step(CONFIRMING, &statement);
    }
}

impl<'a, 't> Transaction<'a, 't> {
    /// The first one of a run: with the migrations of `batch`, which may be none.
    pub(in crate::engine) fn first(work: Work<'a>, way: Way, batch: &'t [&'a Migration]) -> Self {
        Self {
            work,
            way,
            batch,
            start: Start::First,
            make: Make::Nothing,
            keeps_lock: false,
            known: None,
            end: None,
            elsewhere: None,
            end_with: Ending::Commit,
        }
    }

    /// A later one of the same run, under the lock that an earlier one has kept.
    pub(in crate::engine) fn next(work: Work<'a>, way: Way, batch: &'t [&'a Migration]) -> Self {
        Self {
            start: Start::Next,
            ..Self::first(work, way, batch)
        }
    }

    /// The same after migrations outside a transaction, which it only records.
    pub(in crate::engine) fn after_outside(
        work: Work<'a>,
        way: Way,
        batch: &'t [&'a Migration],
    ) -> Self {
        Self {
            start: Start::AfterOutside,
            ..Self::first(work, way, batch)
        }
    }

    /// With `statement`, which removes what was kept while the migration ran.
    pub(in crate::engine) fn ending(self, statement: &'t str) -> Self {
        let end = Some(statement);
        Self { end, ..self }
    }

    /// With what is made first.
    pub(in crate::engine) fn making(self, make: Make) -> Self {
        Self { make, ..self }
    }

    /// With the lock kept beyond it where something follows.
    pub(in crate::engine) fn before(self, rest: &[Batch<'_, '_>]) -> Self {
        let keeps_lock = !rest.is_empty();
        Self { keeps_lock, ..self }
    }

    /// Left open before 9, for the application's own work.
    pub(in crate::engine) fn held(self) -> Self {
        let end_with = Ending::Hold;
        Self { end_with, ..self }
    }

    /// As one message it fails unless exactly the versions `known` are applied.
    pub(in crate::engine) fn knowing(self, known: &'t [String]) -> Self {
        let known = Some(known);
        Self { known, ..self }
    }

    /// With this statement after the migrations, which sees that they have changed nothing
    /// outside the schema: see [`elsewhere`](crate::engine::elsewhere).
    pub(in crate::engine) fn confined_by(self, elsewhere: Option<&'t str>) -> Self {
        Self { elsewhere, ..self }
    }

    /// The statement for that, if one is needed.
    ///
    /// # Errors
    ///
    /// That the database cannot be asked what is there.
    pub(in crate::engine) async fn confinement(&self) -> Result<Option<String>, Error> {
        prepare_between(self.work, self.batch).await?;
        check(self.work, &[self.way.file()], self.batch).await
    }

    /// All of it as one message, from the opening to the commit.
    pub(in crate::engine) fn as_one_message(&self) -> Script<'a> {
        let mut script = Script::default();
        match self.start {
            Start::First => script = opening(self.work, View::Newest),
            Start::Next => begin_next(self.work, &mut script),
            Start::AfterOutside => {
                script.step(BEGINNING, BEGIN);
                // Statements outside a transaction may have waited without a limit.
                let limit = self.work.settings.lock_timeout_ms();
                script.step(
                    "prepare the session",
                    &format!("SET LOCAL lock_timeout = {limit}"),
                );
            }
        }
        self.add_parts(&mut script, self.known);
        script
    }

    /// All that remains once the transaction is open, and what there is was asked in it.
    pub(in crate::engine) fn as_last_step(&self) -> Script<'a> {
        let mut script = Script::default();
        self.add_parts(&mut script, None);
        script
    }

    fn add_parts(&self, script: &mut Script<'a>, known: Option<&[String]>) {
        self.add_what_is_made(script);
        if self.start == Start::AfterOutside {
            let record = self.way.record(self.work.schema, self.batch);
            script.step("record the migration", &record);
            if let Some(end) = self.end {
                script.step("remove the stored progress of the migration", end);
            }
        } else {
            self.add_path_and_record(script, known);
            self.add_migrations(script);
        }
        self.add_end(script);
    }

    fn add_what_is_made(&self, script: &mut Script<'a>) {
        let work = self.work;
        let ledger = |script: &mut Script<'a>| {
            let create = create_ledger(work.schema);
            script.step("create the table of applied migrations", &create);
        };
        if self.make == Make::Ledger {
            ledger(script);
        }
        if self.keeps_lock {
            hold_lock(work, script);
        }
        if self.make == Make::Schema {
            create_schema(work, Distribution::Distributed, script);
            ledger(script);
        }
    }

    /// The path, what must hold, and the record. All of it is one transaction, so that the
    /// migrations can be recorded before they run.
    fn add_path_and_record(&self, script: &mut Script<'a>, known: Option<&[String]>) {
        let (work, path) = (self.work, self.work.path());
        script.step("set the search path", &path.set_local());
        let record = (!self.batch.is_empty()).then(|| self.way.record(work.schema, self.batch));
        let Some(known) = known else {
            script.step("check that the search path exists", &path.check());
            if let Some(record) = record {
                script.step("record the migrations", &record);
            }
            return;
        };
        let is_known = is_exactly(work.schema, known.iter().map(String::as_str));
        let mut as_before = format!("{} AND {is_known}", path.holds());
        if let Some(recorded) = recorded(work, self.batch).filter(|_| self.way == Way::Apply) {
            let none = format!("NOT EXISTS ({recorded})");
            // Citus refuses one statement about the list and about a table on another server.
            match work.database.is_cluster() {
                true => {
                    let check = Assertion::NotRecorded.check(&none);
                    script.step("check the migrations that the list records", &check);
                }
                false => as_before = format!("{as_before} AND {none}"),
            }
        }
        let check = Assertion::PathAndHistory.check(&as_before);
        // One statement, because each costs as much as a small migration. The check
        // sees the ledger as it was before.
        let record = record.map(|record| format!("WITH recorded AS ({record}) "));
        script.step(
            "check the search path and record the migrations",
            &format!("{}{check}", record.unwrap_or_default()),
        );
    }

    fn add_migrations(&self, script: &mut Script<'a>) {
        let file = self.way.file();
        let mut previous = None;
        for migration in self.batch.iter().copied() {
            if let Some(previous) = previous {
                between_migrations(self.work, (previous, file), script);
            }
            before_migration(migration.file(file), script);
            for (number, statement) in migration.statements(file).enumerate() {
                script.push(Origin::Migration(migration, file, number), statement);
            }
            previous = Some(migration);
        }
        after_last(self.work, self.batch, file, script);
    }

    /// The path is checked after the last migration, the registry learns of them, and all
    /// is committed.
    fn add_end(&self, script: &mut Script<'a>) {
        let (work, file) = (self.work, self.way.file());
        let last = self.batch.last().copied();
        if let (Some(first), Some(last), Some(check)) = (self.batch.first(), last, self.elsewhere) {
            script.push(Origin::Elsewhere(first, last, file), check);
        }
        match (last, self.change_of_registry(script), self.way) {
            // One statement does both: each costs as much as a small migration.
            (Some(last), Some(statement), Way::Apply | Way::Revert) => {
                script.push(Origin::Registry(last, file), &statement);
            }
            (last, statement, _) => {
                if let Some(last) = last {
                    script.push(Origin::PathCheck(last, file), &work.path().check());
                }
                if let Some(statement) = statement {
                    script.step(UPDATING_REGISTRY, &statement);
                }
            }
        }
        if self.end_with == Ending::Commit && self.way == Way::Create {
            confirm(work, script);
        }
        script.end(self.end_with);
        if self.end_with == Ending::Commit {
            self.add_forgetting(script);
        }
    }

    /// Behind a pooler another session may get the connection after this message.
    fn add_forgetting(&self, script: &mut Script<'a>) {
        let file = self.way.file();
        let mut batch = self.batch.iter();
        if batch.all(|one| leaves_nothing(self.work, one, file)) {
            return;
        }
        forget(self.work, script);
        // Another tenant of the same run may wait for a lock that was taken for the session.
        if self.start == Start::First && !self.keeps_lock {
            let unlock = "SELECT pg_catalog.pg_advisory_unlock_all()";
            script.step("release the locks of the session", unlock);
        }
    }

    /// The statement by which the registry learns of the migrations; none for a schema that
    /// is in no list.
    fn change_of_registry(&self, script: &mut Script<'a>) -> Option<String> {
        let (registry, schema) = (self.work.registry, self.work.schema);
        let ran = Ran {
            migrations: self.batch,
        };
        let holds = self.work.path().holds();
        match self.way {
            Way::Create => registry.insert(schema, ran),
            Way::Apply => registry.update(schema, ran, &holds),
            Way::Revert => registry.set_back(schema, ran, newest(self.work, script), &holds),
        }
    }
}
