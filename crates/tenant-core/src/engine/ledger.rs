//! A schema's table of applied migrations: Diesel's own.

use sql_text::literal;

use super::script::Script;
use super::transaction::{NotOpened, close, open};
use super::work::Work;
use crate::migration::Migration;
use crate::name::Schema;
use crate::{Error, Version};

/// The content of a schema's migration history.
pub(super) struct Ledger {
    pub(super) exists: bool,
    pub(super) versions: Vec<String>,
}

/// An expression: the newest version that the schema's own table has, for the statement that
/// changes the registry.
///
/// On a cluster the table is on a worker and the registry is not. Citus plans a statement
/// about both itself, and refuses the checks in it. So the version is read by a statement
/// before, which this adds, and kept in a setting of the transaction.
pub(super) fn newest(work: Work<'_>, script: &mut Script<'_>) -> String {
    let query = format!(
        "(SELECT max(version COLLATE \"C\") FROM {})",
        work.schema.ledger()
    );
    if !work.database.is_cluster() {
        return query;
    }
    // A query of the table would set it where the table is.
    let block = format!(
        "DECLARE newest text; BEGIN newest := {query}; \
         PERFORM pg_catalog.set_config('tenant_core.newest', coalesce(newest, ''), true); END"
    );
    let read = format!("DO {}", literal(&block));
    script.step("read the newest version", &read);
    "nullif(pg_catalog.current_setting('tenant_core.newest'), '')".to_owned()
}

/// Opens the schema's transaction and reads what is applied.
///
/// # Errors
///
/// [`Error::Busy`], [`Error::MissingSchema`] or [`Error::Unknown`] when there is no
/// schema, or a server error. Then no transaction is open.
pub(super) async fn open_ledger(work: Work<'_>) -> Result<Ledger, Error> {
    loop {
        if let Some(ledger) = read_ledger(work).await? {
            return Ok(ledger);
        }
        if let Some(ledger) = open_without_ledger(work).await? {
            return Ok(ledger);
        }
    }
}

/// Opens the transaction and reads the ledger; `None` when there is none.
async fn read_ledger(work: Work<'_>) -> Result<Option<Ledger>, Error> {
    let query = format!("SELECT version FROM {}", work.schema.ledger());
    match open(work, &query).await {
        Ok(rows) => {
            let versions = rows.iter().filter_map(|row| row.get(0).map(str::to_owned));
            Ok(Some(Ledger {
                exists: true,
                versions: versions.collect(),
            }))
        }
        Err(NotOpened::Query(failure)) if failure.sqlstate() == Some("42P01") => Ok(None),
        Err(error) => Err(error.into_error(work)),
    }
}

/// The versions in the schema's table of applied migrations; `None` without one.
pub(super) async fn versions_in(work: Work<'_>) -> Result<Option<Vec<String>>, Error> {
    let ledger = work.schema.ledger();
    let exists = format!(
        "SELECT pg_catalog.to_regclass({}) IS NOT NULL",
        literal(&ledger)
    );
    let failed = |error| Error::database_of(work.schema, "read the applied migrations", error);
    let client = work.session.client();
    let row = client.query_typed_one(&exists, &[]).await;
    if !row
        .and_then(|row| row.try_get::<_, bool>(0))
        .map_err(failed)?
    {
        return Ok(None);
    }
    let versions = format!("SELECT version::text FROM {ledger} ORDER BY version COLLATE \"C\"");
    let rows = client.query_typed(&versions, &[]).await.map_err(failed)?;
    let versions = rows.iter().map(|row| row.try_get(0));
    versions.collect::<Result<_, _>>().map(Some).map_err(failed)
}

/// Opens the transaction in a schema that has no migration history. `None` if another run has
/// created one by then.
async fn open_without_ledger(work: Work<'_>) -> Result<Option<Ledger>, Error> {
    let schema = literal(&work.schema.ident());
    let ledger = literal(&work.schema.ledger());
    let registered = work.registry.is_registered(work.schema);
    let query = format!(
        "SELECT pg_catalog.to_regnamespace({schema}) IS NOT NULL, \
                pg_catalog.to_regclass({ledger}) IS NOT NULL, {registered}"
    );
    let opened = open(work, &query).await;
    let rows = opened.map_err(|error| error.into_error(work))?;
    let answer = |column| rows.first().and_then(|row| row.get(column)) == Some("t");
    match (work.schema, answer(0), answer(1)) {
        (Schema::Tenant(_) | Schema::Spare(_), false, _) => {
            close(work).await;
            // It may have been dropped since it was found.
            Err(if answer(2) {
                work.missing()
            } else {
                work.unknown()
            })
        }
        (_, _, true) => {
            close(work).await;
            Ok(None)
        }
        _ => Ok(Some(Ledger {
            exists: false,
            versions: Vec::new(),
        })),
    }
}

/// The condition that the schema's table of applied migrations has exactly these
/// versions.
pub(super) fn is_exactly<'a>(
    schema: Schema<'_>,
    versions: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut versions = versions.into_iter().collect::<Vec<_>>();
    versions.sort_unstable();
    let versions = versions.into_iter().map(literal).collect::<Vec<_>>();
    format!(
        "ARRAY(SELECT version::text FROM {} ORDER BY version COLLATE \"C\") \
         = ARRAY[{}]::text[]",
        schema.ledger(),
        versions.join(", ")
    )
}

/// The statement that makes Diesel's table of applied migrations, column for
/// column as Diesel makes it.
pub(super) fn create_ledger(schema: Schema<'_>) -> String {
    diesel::migration::CREATE_MIGRATIONS_TABLE
        .trim_end()
        .trim_end_matches(';')
        .replace(crate::name::MIGRATION_HISTORY, &schema.ledger())
}

/// The statement that writes migrations into the ledger.
pub(super) fn record(schema: Schema<'_>, migrations: &[&Migration]) -> String {
    let versions = migrations.iter();
    let versions = versions.map(|migration| format!("({})", literal(migration.version().as_str())));
    format!(
        "INSERT INTO {} (version) VALUES {}",
        schema.ledger(),
        versions.collect::<Vec<_>>().join(", ")
    )
}

/// The statement that deletes migrations from the migration history.
pub(super) fn strike(schema: Schema<'_>, migrations: &[&Migration]) -> String {
    strike_each(schema, migrations.iter().map(|one| one.version()))
}

/// The same for versions that no migration may have any more.
pub(super) fn strike_versions(schema: Schema<'_>, versions: &[Version]) -> String {
    strike_each(schema, versions.iter())
}

fn strike_each<'a>(schema: Schema<'_>, versions: impl Iterator<Item = &'a Version>) -> String {
    let versions = versions.map(|version| literal(version.as_str()));
    format!(
        "DELETE FROM {} WHERE version IN ({})",
        schema.ledger(),
        versions.collect::<Vec<_>>().join(", ")
    )
}

/// The query for the comment on the schema's table of applied migrations; no row where it
/// has none.
pub(super) fn comment(schema: Schema<'_>) -> String {
    let ledger = literal(&schema.ledger());
    format!(
        "SELECT description FROM pg_catalog.pg_description \
         WHERE classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND objsubid = 0 \
         AND objoid = pg_catalog.to_regclass({ledger})"
    )
}

/// The statement that gives it this comment, or none.
pub(super) fn set_comment(schema: Schema<'_>, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON TABLE {} IS {text}", schema.ledger())
}

/// How a moment is written that is compared as a text.
const MOMENT: &str = "'YYYY-MM-DD HH24:MI:SS.US'";

/// The query for what the schema's history is now: how many migrations, and when the last
/// one ran.
pub(super) fn history(schema: Schema<'_>) -> String {
    format!(
        "SELECT pg_catalog.concat(count(*), ' ', pg_catalog.to_char(max(run_on), {MOMENT})) \
         FROM {}",
        schema.ledger()
    )
}

/// The query for the migration history as of `since`, without migrations that are not applied any
/// more. A migration that was rolled back is missing, even if it was applied again.
pub(super) fn history_as_of(schema: Schema<'_>, since: &str) -> String {
    let moment = since.split_once(' ').map_or("", |(_, moment)| moment);
    let moment = literal(moment);
    format!(
        "SELECT pg_catalog.concat(count(*), ' ', {moment}) FROM {} \
         WHERE pg_catalog.to_char(run_on, {MOMENT}) COLLATE \"C\" <= {moment}",
        schema.ledger()
    )
}
