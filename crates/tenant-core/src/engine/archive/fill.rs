//! Fills the tables of a new schema from a file.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use sql_text::{ident, literal};
use tenant_archive::{Manifest, MigrationEntry, Part, Sequence, SequenceOf, Table, TableSummary};

use super::columns::with_columns;
use super::source::Source;
use crate::engine::script::Script;
use crate::engine::send::{ask, run_script};
use crate::engine::work::Work;
use crate::report::ArchiveProgress;
use crate::{Error, PgError};

/// Hears how far a copy is.
pub(crate) type Observe<'a> = dyn Fn(&ArchiveProgress<'_>) + Send + Sync + 'a;

/// Copies all rows that `source` still has, and returns what it says of each table.
///
/// # Errors
///
/// [`Error::Archive`] if the file is damaged, or what the server says.
pub(super) async fn fill(
    work: Work<'_>,
    source: &mut Source,
    observe: &Observe<'_>,
) -> Result<Vec<TableSummary>, Error> {
    let tables = source.manifest().tables.clone();
    let mut ended = Vec::new();
    let mut bytes = 0;
    while let Some(part) = source.next().await? {
        let Part::Table(number) = part else {
            continue;
        };
        if let Some(table) = tables.get(number) {
            let progress = ArchiveProgress::new(&table.name, (number + 1, tables.len()), bytes);
            let summary = fill_table(work, table, source, progress, observe).await?;
            bytes += summary.bytes;
            ended.push(summary);
        }
    }
    Ok(ended)
}

/// The tables were emptied in the same transaction, so their rows can be frozen at once: no other
/// session sees the tables before the commit.
async fn fill_table(
    work: Work<'_>,
    table: &Table,
    source: &mut Source,
    mut progress: ArchiveProgress<'_>,
    observe: &Observe<'_>,
) -> Result<TableSummary, Error> {
    let is_bounded = !work.settings.statement_timeout.is_zero();
    let failed = |error| {
        let action = format!("copy the rows of `{}`", table.name);
        Error::database_of(
            work.schema,
            action,
            PgError::from(error).bounded(is_bounded),
        )
    };
    let copy = format!(
        "COPY {} FROM STDIN (FORMAT text, FREEZE)",
        with_columns(work.schema, table)
    );
    let sink = work.session.client().copy_in::<_, Bytes>(&copy).await;
    let mut sink = pin!(sink.map_err(failed)?);
    observe(&progress);
    loop {
        match source.next().await? {
            Some(Part::Rows(rows)) => {
                progress.bytes += rows.len() as u64;
                sink.send(rows.into()).await.map_err(failed)?;
                observe(&progress);
            }
            Some(Part::End(summary)) => {
                sink.as_mut().finish().await.map_err(failed)?;
                return Ok(summary);
            }
            Some(Part::Table(_)) | None => return Err(tenant_archive::ArchiveError::CutOff.into()),
        }
    }
}

/// Sets the positions of the sequences. Gives back those that do not exist, in words.
pub(super) async fn set_sequences(
    work: Work<'_>,
    sequences: &[Sequence],
) -> Result<Vec<String>, Error> {
    let mut script = Script::default();
    for sequence in sequences {
        let set = format!(
            "SELECT pg_catalog.setval({}, {}, {})",
            regclass(work, &sequence.of),
            sequence.last_value,
            sequence.is_called
        );
        script.step("set the position of a sequence", &set);
    }
    let rows = ask(work, &script).await?;
    let both = rows.iter().zip(sequences);
    let missing = both.filter(|(row, _)| row.get(0).is_none());
    Ok(missing
        .map(|(_, sequence)| match &sequence.of {
            SequenceOf::Identity { table, column } => {
                format!("column `{table}.{column}` is no identity column")
            }
            SequenceOf::Named { sequence } => format!("sequence `{sequence}` is missing"),
        })
        .collect())
}

/// An expression for the sequence, which is null if it does not exist.
fn regclass(work: Work<'_>, of: &SequenceOf) -> String {
    let qualified = |name: &str| literal(&format!("{}.{}", work.schema.ident(), ident(name)));
    match of {
        SequenceOf::Identity { table, column } => format!(
            "pg_catalog.to_regclass(pg_catalog.pg_get_serial_sequence({}, {}))",
            qualified(table),
            literal(column)
        ),
        SequenceOf::Named { sequence } => {
            format!("pg_catalog.to_regclass({})", qualified(sequence))
        }
    }
}

/// Writes when each migration was applied to the original.
pub(super) async fn date_migrations(
    work: Work<'_>,
    migrations: &[MigrationEntry],
) -> Result<(), Error> {
    let values = migrations.iter().map(|it| {
        let (version, run_on) = (literal(&it.version), literal(&it.run_on));
        format!("({version}, {run_on}::pg_catalog.timestamp)")
    });
    let values = values.collect::<Vec<_>>().join(", ");
    if values.is_empty() {
        return Ok(());
    }
    let mut script = Script::default();
    let update = format!(
        "UPDATE {} h SET run_on = v.run_on FROM (VALUES {values}) v (version, run_on) \
         WHERE h.version = v.version",
        work.schema.ledger()
    );
    script.step("write when migrations were applied", &update);
    run_script(work, &script).await
}

/// The tables of the file that the schema lacks, and columns that differ, in words.
pub(super) fn unfit(manifest: &Manifest, tables: &[Table]) -> Vec<String> {
    let mut differences = Vec::new();
    for table in &manifest.tables {
        let Some(here) = tables.iter().find(|it| it.name == table.name) else {
            differences.push(format!("table `{}` is missing", table.name));
            continue;
        };
        for column in &table.columns {
            let found = here.columns.iter().find(|it| it.name == column.name);
            let name = format!("column `{}.{}`", table.name, column.name);
            match found {
                None => differences.push(format!("{name} is missing")),
                Some(found) if found.type_name != column.type_name => differences.push(format!(
                    "{name} has type {}, and {} in the archive",
                    found.type_name, column.type_name
                )),
                Some(_) => {}
            }
        }
        let extra = here.columns.iter();
        let extra = extra.filter(|it| !table.columns.iter().any(|one| one.name == it.name));
        differences.extend(
            extra.map(|it| format!("column `{}.{}` is not in the archive", table.name, it.name)),
        );
    }
    differences
}
