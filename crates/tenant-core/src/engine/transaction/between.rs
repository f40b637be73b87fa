//! The statements after a migration in its transaction, so that the next migration starts as if
//! in a separate transaction and session.
//!
//! They reset settings, the role, temporary objects and cursors. They also run the checks of
//! constraints that the migration has deferred, and a failed check counts as the migration's
//! failure. Without that, a check would fail at the commit, which belongs to no migration. Or it
//! would keep the next migration from changing the table ("pending trigger events").
//!
//! They are left out after a file that can leave nothing, because each statement costs as much as
//! a small migration.

use sql_text::literal;

use super::opening::{forget_what_was_prepared, set_again};
use crate::Error;
use crate::engine::abilities::abilities;
use crate::engine::script::{Origin, Script};
use crate::engine::surroundings::Abilities;
use crate::engine::work::Work;
use crate::link::role_and_rest;
use crate::migration::{Migration, MigrationFile, Sql};

/// The savepoint in which a migration runs that sets others. They end with it.
const SAVEPOINT: &str = "\"diesel tenants: a migration\"";

/// Reads the facts that are needed to write the statements between `migrations`.
///
/// # Errors
///
/// A server error.
pub(in crate::engine) async fn prepare_between(
    work: Work<'_>,
    migrations: &[&Migration],
) -> Result<(), Error> {
    if migrations.is_empty() {
        return Ok(());
    }
    abilities(work).await.map(drop)
}

/// The statements before a migration's file.
pub(in crate::engine) fn before_migration<'a>(sql: Option<&Sql>, script: &mut Script<'a>) {
    if sql.is_some_and(Sql::has_savepoints) {
        script.step("set a savepoint", &format!("SAVEPOINT {SAVEPOINT}"));
    }
}

/// The statements after the file if another migration follows in the same transaction.
pub(in crate::engine) fn between_migrations<'a>(
    work: Work<'a>,
    (migration, file): (&'a Migration, MigrationFile),
    script: &mut Script<'a>,
) {
    let path = work.path();
    let is_quiet = leaves_nothing(work, migration, file);
    if !is_quiet {
        release(migration, file, script);
        if !work.database.is_cluster() {
            let has_blocks = work.surroundings.abilities().is_none_or(|it| it.blocks);
            let check = if has_blocks {
                check_deferred(work)
            } else {
                // It holds for the constraints of later migrations as well, which no other
                // statement can leave out.
                "SET CONSTRAINTS ALL IMMEDIATE".to_owned()
            };
            script.push(Origin::Deferred(migration, file), &check);
        }
        forget_role(script);
    }
    script.push(Origin::PathCheck(migration, file), &path.check());
    // On a cluster a setting has reached the other servers, and is not taken back there.
    if !is_quiet && !work.database.is_cluster() {
        let (_, rest) = role_and_rest();
        for statement in rest {
            script.step("reset the settings of the session", statement);
        }
        forget_what_was_prepared(work, script);
        set_again(work, script);
        script.step("set the search path", &path.set_local());
    }
}

/// The statements after the last migration of `batch`, before any write of this library. The
/// remaining checks, of constraints in other schemas, count as checks of the last migration that
/// can have deferred some.
pub(super) fn after_last<'a>(
    work: Work<'a>,
    batch: &[&'a Migration],
    file: MigrationFile,
    script: &mut Script<'a>,
) {
    let mut restless = batch.iter().rev().copied();
    let Some(migration) = restless.find(|one| !leaves_nothing(work, one, file)) else {
        return;
    };
    if let Some(last) = batch.last() {
        release(last, file, script);
    }
    let check = "SET CONSTRAINTS ALL IMMEDIATE";
    script.push(Origin::Deferred(migration, file), check);
    forget_role(script);
}

/// Whether a file leaves nothing. Event triggers can leave something behind any definition.
pub(super) fn leaves_nothing(work: Work<'_>, migration: &Migration, file: MigrationFile) -> bool {
    let calls = |abilities: Abilities| abilities.event_triggers;
    !work.surroundings.abilities().is_some_and(calls)
        && migration.file(file).is_none_or(Sql::leaves_nothing)
}

fn release(migration: &Migration, file: MigrationFile, script: &mut Script<'_>) {
    if migration.file(file).is_some_and(Sql::has_savepoints) {
        let release = format!("RELEASE SAVEPOINT {SAVEPOINT}");
        script.step("end the savepoints", &release);
    }
}

fn forget_role(script: &mut Script<'_>) {
    let (role, _) = role_and_rest();
    for statement in role {
        script.step("reset the settings of the session", statement);
    }
}

/// Checks what was put off in the schema and in temporary tables, and lets each
/// constraint be checked again when its definition says.
///
/// By name, and not `ALL`: that would hold for the constraints of later migrations as
/// well, and nothing but the end of the transaction takes it back. A name that another
/// constraint of the schema shares, which is not checked at the end, stays immediate.
fn check_deferred(work: Work<'_>) -> String {
    let schema = literal(&work.schema.ident());
    let constraints = format!(
        "FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_constraint c ON c.conrelid = d.objid
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
           AND d.refobjid IN (pg_catalog.to_regnamespace({schema}), pg_catalog.pg_my_temp_schema())
           AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
           AND d.deptype = 'n'"
    );
    // Most schemas have none, and the longer query takes longer to be planned.
    let block = format!(
        "DECLARE
           deferrable_ pg_catalog.text;
           deferred_ pg_catalog.text;
         BEGIN
           IF NOT EXISTS (SELECT {constraints} AND c.condeferrable) THEN
             RETURN;
           END IF;
           SELECT pg_catalog.string_agg(found_.named, ', '),
                  pg_catalog.string_agg(found_.named, ', ') FILTER (WHERE found_.is_deferred)
           INTO deferrable_, deferred_
           FROM (
             SELECT pg_catalog.format('%s.%I', c.connamespace::pg_catalog.regnamespace, c.conname)
                      AS named,
                    pg_catalog.bool_and(c.condeferrable AND c.condeferred) AS is_deferred
             {constraints}
             GROUP BY c.connamespace, c.conname
             HAVING pg_catalog.bool_or(c.condeferrable)) found_;
           EXECUTE 'SET CONSTRAINTS ' || deferrable_ || ' IMMEDIATE';
           IF deferred_ IS NOT NULL THEN
             EXECUTE 'SET CONSTRAINTS ' || deferred_ || ' DEFERRED';
           END IF;
         END"
    );
    format!("DO {}", literal(&block))
}
