//! Tries migrations without blocking other sessions.
//!
//! Migrations take locks. So a trial run gives up soon if another session holds one of them, and
//! cancels itself if another session waits for one. Then a database is created for the trial run,
//! if the role may do that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::handle::Tenants;
use crate::engine::{self, Settings, Tried, Work};
use crate::link::{Database, Limits};
use crate::made_up::{LETTERS, MadeUp};
use crate::migration::{Migration, MigrationFile};
use crate::name::{REHEARSAL_PREFIX, Schema, Target};
use crate::shape::{self, ByDefault, Circumstances, Expectation};
use crate::{Error, InvalidName, TenantName};

/// How long a trial run waits for a lock of another session, in ms. Later sessions queue behind it.
const PATIENCE: i32 = 50;

/// What certain numbers of migrations make.
pub(super) type Steps = BTreeMap<usize, Expectation>;

impl Tenants {
    /// What as many of `migrations` make as each number in `wanted` says.
    ///
    /// They are tried under two names: one that is written without quotes, and one that
    /// needs them, unless migrations cannot bear that.
    ///
    /// # Errors
    ///
    /// What the migrations meet, or that they cannot be tried.
    pub(super) async fn try_out(
        &self,
        migrations: &[&Migration],
        wanted: &BTreeSet<usize>,
        circumstances: &Circumstances,
    ) -> Result<Steps, Error> {
        self.surroundings.forget();
        let count = wanted.last().copied().unwrap_or_default();
        let mut needed = migrations.iter().take(count);
        let place = self.rehearsal()?;
        let results = if needed.any(|one| one.may_commit(MigrationFile::Up)) {
            self.try_in_database(&place, migrations, wanted).await?
        } else {
            match self.try_here(migrations, wanted).await {
                Err(error) if may_do_in_a_database(&error) => {
                    let tried = self.try_in_database(&place, migrations, wanted).await;
                    tried.map_err(|other| more_telling(error, other))?
                }
                tried => tried?,
            }
        };
        let session = self.session().await?;
        let by_default = ByDefault::read(session.client()).await;
        let by_default =
            by_default.map_err(|error| Error::database("read the default privileges", error))?;
        Ok(results.steps(circumstances, &by_default))
    }

    /// In transactions that are rolled back: two, and where they differ in more than the
    /// name, another under the first one. What is the same again depends on the name.
    async fn try_here(
        &self,
        migrations: &[&Migration],
        wanted: &BTreeSet<usize>,
    ) -> Result<Results, Error> {
        let database = self.impatient();
        let plain = self.made_up(Capitals::None)?;
        let first = self
            .try_under(&database, &plain, migrations, wanted)
            .await?;
        let capital = self.made_up(Capitals::Some)?;
        let second = match self
            .try_under(&database, &capital, migrations, wanted)
            .await
        {
            // They write the name without quotes.
            Err(error) if !may_do_in_a_database(&error) => {
                let other = self.made_up(Capitals::NoneButLonger)?;
                self.try_under(&database, &other, migrations, wanted)
                    .await?
            }
            tried => tried?,
        };
        let again = if may_hide_name(&first, &second) {
            let again = self.try_under(&database, &plain, migrations, wanted);
            Some(again.await?)
        } else {
            None
        };
        Ok(Results {
            first,
            second,
            again,
            place: None,
        })
    }

    async fn try_under(
        &self,
        database: &Database,
        target: &Target,
        migrations: &[&Migration],
        wanted: &BTreeSet<usize>,
    ) -> Result<Tried, Error> {
        // A connection of its own gives up sooner than others.
        let own = database.sessions(1);
        let session = match own.get().await {
            Err(error) if error.is_too_many() => self.session().await?,
            session => session?,
        };
        let schema = Schema::Rehearsal(&target.schema);
        let settings = Settings {
            lock_timeout: Duration::from_millis(PATIENCE.unsigned_abs().into()),
            ..self.settings.clone()
        };
        let work = Work {
            database,
            settings: &settings,
            ..self.work(&session, schema)
        };
        let trial = engine::rehearse(work, migrations, wanted);
        let tried = engine::unobtrusively(work, schema, trial).await;
        tried.map_err(|error| error.of_trial(&MadeUp::new([target.name.to_string()])))
    }

    /// The database, over connections that give up soon on the lock of another session.
    pub(super) fn impatient(&self) -> Database {
        self.database.clone().limited(Limits {
            lock: PATIENCE,
            ..self.settings.limits()
        })
    }

    /// In a database that is dropped again.
    async fn try_in_database(
        &self,
        place: &Target,
        migrations: &[&Migration],
        wanted: &BTreeSet<usize>,
    ) -> Result<Results, Error> {
        let session = self.session().await?;
        let plain = self.made_up(Capitals::None)?;
        let (capital, other) = (self.made_up(Capitals::Some)?, self.made_up(Capitals::None)?);
        let mut failed = None;
        for names in [[plain.clone(), capital], [plain, other]] {
            let work = self.work(&session, Schema::Tenant(place));
            let public = &self.migrations.public;
            let tried = engine::try_in_database(work, public, migrations, wanted, &names).await;
            let all = names.iter().chain([place]).map(|it| it.name.to_string());
            let made_up = MadeUp::new(all);
            let tried = tried.map_err(|error| error.of_trial(&made_up));
            match tried.map(<[Tried; 2]>::try_from) {
                Ok(Ok([first, second])) => {
                    return Ok(Results {
                        first,
                        second,
                        again: None,
                        place: Some(place.schema.to_string()),
                    });
                }
                Ok(Err(_)) => {}
                Err(error) if error.of_migration().is_some() => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failed.unwrap_or(Error::InTheWay))
    }

    /// A name that no tenant has, for a database that is dropped again.
    pub(super) fn rehearsal(&self) -> Result<Target, Error> {
        let name = format!("{REHEARSAL_PREFIX}{:016x}", rand::random::<u64>());
        trial(&name, &name)
    }

    /// A name of letters that stand together nowhere by accident. Two of them differ in
    /// their length if they differ in their capitals.
    fn made_up(&self, capitals: Capitals) -> Result<Target, Error> {
        let letters = |count: usize| {
            let letters = std::iter::repeat_with(|| {
                let at = rand::random_range(0..LETTERS.len());
                LETTERS.get(at).copied().map_or('q', char::from)
            });
            letters.take(count).collect::<String>()
        };
        // Those of `FORMS`, by which they are recognized.
        let name = match capitals {
            Capitals::None => format!("{}_{}", letters(5), letters(7)),
            Capitals::NoneButLonger => format!("{}_{}", letters(8), letters(10)),
            Capitals::Some => format!(
                "{}A{}_{}B{}",
                letters(3),
                letters(3),
                letters(4),
                letters(5)
            ),
        };
        // What migrations make can depend on how the names of schemas begin.
        let schema = self.registry.names().around_trial(&name);
        trial(&name, &schema).or_else(|_| trial(&name, &name))
    }
}

/// A made-up tenant for a trial run, and its schema.
fn trial(name: &str, schema: &str) -> Result<Target, Error> {
    Ok(Target {
        name: TenantName::quoted(name)?,
        schema: InvalidName::with_schema(name, schema)?,
    })
}

/// Whether a made-up name has capitals, and so has to be quoted.
#[derive(Clone, Copy)]
enum Capitals {
    None,
    /// In place of the name with capitals, whose length it does not share.
    NoneButLonger,
    Some,
}

/// What came of the trials.
struct Results {
    first: Tried,
    second: Tried,
    /// Under the first name once more.
    again: Option<Tried>,
    /// The made-up name of the database that they were in, if it was one.
    place: Option<String>,
}

impl Results {
    /// What both runs have in common after each number of migrations.
    fn steps(&self, circumstances: &Circumstances, by_default: &ByDefault) -> Steps {
        let circumstances = Circumstances {
            place: self.place.clone(),
            ..circumstances.clone()
        };
        let seeded = self.first.seeded.intersection(&self.second.seeded);
        let seeded = seeded.cloned().collect::<BTreeSet<_>>();
        let both = self.first.shapes.iter().filter_map(|(count, shape)| {
            let other = self.second.shapes.get(count)?;
            let mut expectation = Expectation::of_two(shape, other, &circumstances);
            let again = self.again.as_ref().and_then(|it| it.shapes.get(count));
            if let Some(again) = again {
                expectation.learn(shape, again);
            }
            Some((*count, expectation.with(seeded.clone(), by_default.clone())))
        });
        both.collect()
    }
}

/// Whether the results differ in more than the name after some number of migrations.
fn may_hide_name(first: &Tried, second: &Tried) -> bool {
    let mut shapes = first.shapes.iter();
    shapes.any(|(count, shape)| {
        let other = second.shapes.get(count);
        other.is_some_and(|other| shape::may_hide_name(shape, other))
    })
}

/// Whether migrations can be tried in a database although they could not be here.
pub(super) fn may_do_in_a_database(error: &Error) -> bool {
    is_for_no_transaction(error) || is_for_another_session(error)
}

/// Of why they could not be tried here and what happened in a database. Why there is no
/// database says less, and what a migration met there says more, unless only another
/// session was in the way here: the database lacks what was made here by hand.
pub(super) fn more_telling(here: Error, in_database: Error) -> Error {
    match in_database {
        Error::Migration(_) | Error::HalfMade { .. } if !is_for_another_session(&here) => {
            in_database
        }
        _ => here,
    }
}

/// Whether migrations failed only because they were in one transaction: something
/// that must not be in one, or a new value of an enum that was used in it. A step of our
/// own fails for another reason.
pub(super) fn is_for_no_transaction(error: &Error) -> bool {
    error.of_migration().is_some() && matches!(error.sqlstate(), Some("25001" | "55P04"))
}

/// Whether they were not tried only because another session has, or wants, a lock.
pub(super) fn is_for_another_session(error: &Error) -> bool {
    matches!(error, Error::InTheWay) || matches!(error.sqlstate(), Some("55P03" | "40P01"))
}
