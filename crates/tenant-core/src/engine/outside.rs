//! A migration outside a transaction: one message for each statement.
//!
//! It can be cut off half way. The [`journal`](super::journal) says how far it is, so that
//! the next run continues where this one ended; what a statement has left half done is
//! repaired first: see [`leftovers`](super::leftovers).

use sql_text::fingerprint;

use super::batches::{Batch, first_outside};
use super::built_index::{is_still_there, made};
use super::elsewhere::{self, refuse_outside};
use super::journal::{Journal, Progress};
use super::ledger::{comment, history, history_as_of, set_comment};
use super::leftovers::{Next, begin, resume};
use super::lock::require_lock;
use super::pinned::{in_transaction, set_for_session};
use super::script::{Origin, Script};
use super::send::{ask, execute, run_script};
use super::transaction::{Transaction, Way};
use super::work::Work;
use crate::migration::{Effect, Migration, Pace, effect, pace, waits_by_design};
use crate::{Error, PgError};

/// Refuses `batches`, which follow the first transaction, where a pooler is at the other
/// end: the lock cannot be kept for them, and the statements of a migration outside a
/// transaction could reach another connection than the path that is set for them, and so
/// another tenant.
///
/// # Errors
///
/// [`Error::NeedsDirect`], [`Error::EachNeedsDirect`], or that the database cannot be asked.
pub(super) async fn require_direct(work: Work<'_>, batches: &[Batch<'_, '_>]) -> Result<(), Error> {
    match first_outside(batches) {
        Some(migration) if !work.database.is_direct().await? => Err(Error::NeedsDirect {
            schema: work.schema.to_string(),
            migration: migration.name().to_owned(),
        }),
        None if !batches.is_empty() && !work.database.is_direct().await? => {
            Err(Error::EachNeedsDirect {
                schema: work.schema.to_string(),
            })
        }
        _ => Ok(()),
    }
}

/// Applies or reverts the migrations of such a batch under the lock that is held, and
/// records them. An error leaves the session marked as busy; it is closed, and the lock
/// with it.
///
/// A file of which each statement can be in a transaction is one, together with its record:
/// that is what PostgreSQL makes of the one message in which Diesel sends it.
pub(super) async fn run_outside<'a>(
    work: Work<'a>,
    batch: &[&'a Migration],
    way: Way,
) -> Result<(), Error> {
    for migration in batch.iter().copied() {
        refuse_outside(work, migration, way.file()).await?;
        let one = [migration];
        if migration.fits_in_transaction(way.file()) {
            let transaction = Transaction::next(work, way, &one);
            let elsewhere = transaction.confinement().await?;
            let confined = transaction.confined_by(elsewhere.as_deref());
            run_script(work, &confined.as_one_message()).await?;
            continue;
        }
        prepare(work).await?;
        let end = Steps::of(work, migration, way).await?.run().await?;
        let recording = Transaction::after_outside(work, way, &one).ending(&end);
        run_script(work, &recording.as_one_message()).await?;
    }
    Ok(())
}

/// The path, and the settings of the session as they are at its start.
async fn prepare(work: Work<'_>) -> Result<(), Error> {
    let mut script = Script::default();
    set_for_session(work, &mut script);
    script.step("set the search path", &work.path().set_session());
    script.step("check that the search path exists", &work.path().check());
    run_script(work, &script).await
}

/// The statements of a file, one after the other.
struct Steps<'a> {
    work: Work<'a>,
    migration: &'a Migration,
    way: Way,
    journal: Journal,
    progress: Progress,
    /// Which of what is done in `progress` was met in the file.
    met: Vec<bool>,
    /// Whether the file says itself how long a statement waits for a lock.
    sets_lock_timeout: bool,
    /// The statement that fails where a transaction has changed something outside the
    /// schema.
    elsewhere: Option<String>,
    /// Whether the file continues as another role that may not write here.
    sets_role: bool,
}

impl<'a> Steps<'a> {
    async fn of(work: Work<'a>, migration: &'a Migration, way: Way) -> Result<Self, Error> {
        let elsewhere = elsewhere::check(work, &[way.file()], &[migration]).await?;
        let (journal, progress) = read(work, migration, way).await?;
        let sets = |what: &str| {
            let mut statements = migration.statements(way.file());
            statements
                .any(|one| pace(one) == Pace::Session && one.to_ascii_lowercase().contains(what))
        };
        let sets_lock_timeout = sets("lock_timeout");
        let sets_role = sets("role") || sets("authorization");
        Ok(Self {
            work,
            migration,
            way,
            met: vec![false; progress.done.len()],
            journal,
            progress,
            sets_lock_timeout,
            sets_role,
            elsewhere,
        })
    }

    /// Runs those that an earlier run has not done. Gives back the statement that removes
    /// the journal, for the transaction that records the migration.
    async fn run(mut self) -> Result<String, Error> {
        let statements = self.migration.statements(self.way.file());
        let last = statements.count().saturating_sub(1);
        for (number, statement) in self.migration.statements(self.way.file()).enumerate() {
            match pace(statement) {
                Pace::Session => self.send(number, statement).await?,
                Pace::Inside => self.run_inside(number, statement).await?,
                Pace::Alone => {
                    self.run_alone(number, statement).await?;
                    // What follows is the record, which says more.
                    if number < last {
                        self.write().await?;
                    }
                }
            }
        }
        if self.sets_role {
            let mut script = Script::default();
            script.step("reset the role", "RESET SESSION AUTHORIZATION");
            script.step("reset the role", "RESET ROLE");
            run_script(self.work, &script).await?;
        }
        let rest = self.journal.without(self.migration.version());
        Ok(self.comment(&rest))
    }

    /// A statement that can be in a transaction is in one with the journal, and so happens
    /// once.
    async fn run_inside(&mut self, number: usize, statement: &'a str) -> Result<(), Error> {
        let fingerprint = fingerprint(statement, false);
        if self.meets(&fingerprint).is_some() {
            return Ok(());
        }
        self.progress.finish(&fingerprint, None);
        self.met.push(true);
        let mut script = self.opening();
        let origin = Origin::Migration(self.migration, self.way.file(), number);
        script.push(origin, statement);
        if let Some(check) = &self.elsewhere {
            let origin = Origin::Elsewhere(self.migration, self.migration, self.way.file());
            script.push(origin, check);
        }
        self.add_end(&mut script);
        run_script(self.work, &script).await
    }

    async fn run_alone(&mut self, number: usize, statement: &'a str) -> Result<(), Error> {
        let fingerprint = fingerprint(statement, false);
        let effect = effect(statement);
        if self.is_done(&fingerprint, &effect).await? {
            return Ok(());
        }
        let earlier = self.progress.known(&fingerprint).map(<[String]>::to_vec);
        let has_begun = earlier.is_some();
        let next = match &earlier {
            Some(known) => resume(self.work, statement, &effect, known).await?,
            None => Next::Run,
        };
        let mut known = earlier.unwrap_or_default();
        match next {
            Next::Done => {}
            Next::Complete(other) => {
                self.limit(&other).await?;
                self.send(number, &other).await?;
            }
            Next::Run => {
                // Also again: what is there now is not the work of the run before.
                known = begin(self.work, statement, &effect).await?;
                self.progress.begin(&fingerprint, known.clone());
                self.write().await?;
                self.limit(statement).await?;
                match self.send(number, statement).await {
                    Err(error) if has_begun && says_it_is_done(&error, statement) => {}
                    done => done?,
                }
            }
        }
        let made = self.require_valid(number, &effect, &known).await?;
        self.progress.finish(&fingerprint, made);
        self.met.push(true);
        Ok(())
    }

    /// Whether an earlier run has done the statement, and what it has built is still there.
    async fn is_done(&mut self, fingerprint: &str, effect: &Effect) -> Result<bool, Error> {
        let Some(at) = self.meets(fingerprint) else {
            return Ok(false);
        };
        let made = self
            .progress
            .done
            .get(at)
            .and_then(|done| done.made.clone());
        let (Effect::BuildsIndex(index), Some(made)) = (effect, made) else {
            return Ok(true);
        };
        let is_there = is_still_there(self.work, index, &made).await?;
        if !is_there {
            self.progress.done.remove(at);
            self.met.remove(at);
        }
        Ok(is_there)
    }

    /// Meets a statement of the file: gives back where it stands in what is done, if it
    /// does. The same statement may be in a file twice.
    fn meets(&mut self, fingerprint: &str) -> Option<usize> {
        let done = self.progress.done.iter().zip(&self.met);
        let mut not_met = done.enumerate().filter(|(_, (_, met))| !**met);
        let (at, _) = not_met.find(|(_, (done, _))| done.fingerprint == fingerprint)?;
        *self.met.get_mut(at)? = true;
        Some(at)
    }

    /// After an index was built: it is valid. Gives back its name, if it is new.
    async fn require_valid(
        &self,
        number: usize,
        effect: &Effect,
        known: &[String],
    ) -> Result<Option<String>, Error> {
        let Effect::BuildsIndex(index) = effect else {
            return Ok(None);
        };
        made(self.work, index, known).await?.map_err(|invalid| {
            let problem = format!("the index `{invalid}` exists and is invalid");
            Error::migration(
                self.work.schema,
                (self.migration, self.way.file()),
                (number, 0),
                PgError::from_text(&problem),
            )
        })
    }

    /// Bounds how long the next statement waits for a lock, unless the file says so itself.
    /// There is no limit where a statement waits for older transactions by design, and
    /// blocks no session while it waits.
    async fn limit(&self, statement: &str) -> Result<(), Error> {
        if self.sets_lock_timeout {
            return Ok(());
        }
        let limit = if waits_by_design(statement) {
            0
        } else {
            self.work.settings.lock_timeout_ms()
        };
        let set = format!("SET lock_timeout = {limit}");
        execute(self.work.session, "set the lock timeout", &set).await
    }

    async fn send(&self, number: usize, statement: &str) -> Result<(), Error> {
        let mut script = Script::default();
        let origin = Origin::Migration(self.migration, self.way.file(), number);
        script.push(origin, statement);
        run_script(self.work, &script).await
    }

    /// Writes down how far the migration is.
    async fn write(&self) -> Result<(), Error> {
        let mut script = self.opening();
        self.add_end(&mut script);
        run_script(self.work, &script).await
    }

    /// A transaction under the lock that the session holds: a statement may have given it
    /// back.
    fn opening(&self) -> Script<'a> {
        let mut script = Script::default();
        script.step("prepare the session", "BEGIN");
        for set in in_transaction(self.work) {
            script.step("prepare the session", &set);
        }
        if !self.sets_lock_timeout {
            let limit = self.work.settings.lock_timeout_ms();
            script.step(
                "prepare the session",
                &format!("SET LOCAL lock_timeout = {limit}"),
            );
        }
        script.step("take the lock", &require_lock(self.work.schema));
        script
    }

    fn add_end(&self, script: &mut Script<'a>) {
        let origin = Origin::PathCheck(self.migration, self.way.file());
        script.push(origin, &self.work.path().check());
        if self.sets_role {
            script.step("reset the role", "SET LOCAL SESSION AUTHORIZATION DEFAULT");
            script.step("reset the role", "SET LOCAL ROLE NONE");
        }
        let comment = self.comment(&self.journal.with(&self.progress));
        script.step(WRITING, &comment);
        script.commit();
    }

    fn comment(&self, journal: &Journal) -> String {
        set_comment(self.work.schema, journal.text().as_deref())
    }
}

/// The journal, and how far the migration is. Entries from before a rollback of an older
/// migration are ignored, whether that migration is applied again or not.
async fn read(
    work: Work<'_>,
    migration: &Migration,
    way: Way,
) -> Result<(Journal, Progress), Error> {
    let mut script = Script::default();
    script.step("read the applied migrations", &history(work.schema));
    script.step("read the progress of the migration", &comment(work.schema));
    let rows = ask(work, &script).await?;
    let text = |at: usize| rows.get(at).and_then(|row| row.get(0));
    let (now, journal) = (text(0).unwrap_or_default(), Journal::read(text(1)));
    let (version, file) = (migration.version(), way.file());
    if let Some(progress) = journal.progress(version, file) {
        let mut script = Script::default();
        let query = history_as_of(work.schema, &progress.since);
        script.step("read the applied migrations", &query);
        let rows = ask(work, &script).await?;
        let then = rows.first().and_then(|row| row.get(0));
        if then == Some(progress.since.as_str()) {
            return Ok((journal, progress));
        }
    }
    let none = Progress::none(version, file, now.to_owned());
    Ok((journal, none))
}

/// The step that only the owner of the table may do.
const WRITING: &str = "store the progress of the migration as a comment on the migration history";

/// Whether `error` says that an earlier run, which was cut off before it could write that
/// down, has done the statement.
fn says_it_is_done(error: &Error, statement: &str) -> bool {
    let alters_subscription = sql_text::words(statement).map(|(word, _)| word).take(2);
    // It has the publication already, or no longer: PostgreSQL has several codes for that.
    matches!(error.sqlstate(), Some("42710" | "42704" | "42P17"))
        && alters_subscription.eq(["alter", "subscription"])
}
