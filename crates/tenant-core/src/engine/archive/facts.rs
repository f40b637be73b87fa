//! What a file says of a tenant beside its rows: server, migrations and sequences.

use sql_text::{ident, literal};
use tenant_archive::{MigrationEntry, Sequence, SequenceOf};
use tokio_postgres::SimpleQueryRow;

use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;

/// The server, and the moment of the transaction.
pub(super) struct Server {
    pub(super) version: String,
    pub(super) encoding: String,
    pub(super) moment: String,
}

pub(super) async fn server(work: Work<'_>) -> Result<Server, Error> {
    let mut script = Script::default();
    script.step(
        "read the server's version",
        "SELECT pg_catalog.current_setting('server_version'), \
         pg_catalog.current_setting('server_encoding'), pg_catalog.now()",
    );
    let rows = ask(work, &script).await?;
    let text = |column| {
        let text = rows.first().and_then(|row| row.get(column));
        text.unwrap_or_default().to_owned()
    };
    Ok(Server {
        version: text(0),
        encoding: text(1),
        moment: text(2),
    })
}

/// The applied migrations, oldest first. This program's have a name and a fingerprint.
pub(super) async fn migrations(work: Work<'_>) -> Result<Vec<MigrationEntry>, Error> {
    let mut script = Script::default();
    let query = format!(
        "SELECT version, run_on FROM {} ORDER BY version COLLATE \"C\"",
        work.schema.ledger()
    );
    script.step("read the applied migrations", &query);
    let rows = ask(work, &script).await?;
    let entries = rows.iter().filter_map(|row| {
        let version = row.get(0)?;
        let known = work.migrations.find(version);
        Some(MigrationEntry {
            version: version.to_owned(),
            run_on: row.get(1)?.to_owned(),
            name: known.map(|it| it.name().to_owned()),
            fingerprint: known.map(|it| it.fingerprint().to_owned()),
        })
    });
    Ok(entries.collect())
}

/// Where each sequence stands.
pub(super) async fn sequences(work: Work<'_>) -> Result<Vec<Sequence>, Error> {
    let mut script = Script::default();
    script.step("list the sequences", &list(work));
    let sequences = ask(work, &script).await?;
    let mut script = Script::default();
    for sequence in &sequences {
        let name = ident(sequence.get(0).unwrap_or_default());
        let query = format!(
            "SELECT last_value, is_called FROM {}.{name}",
            work.schema.ident()
        );
        script.step("read the position of a sequence", &query);
    }
    let positions = ask(work, &script).await?;
    let both = sequences.iter().zip(&positions);
    Ok(both.filter_map(|(of, at)| sequence(of, at)).collect())
}

fn list(work: Work<'_>) -> String {
    format!(
        "SELECT s.relname, t.relname, a.attname \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class s ON s.relnamespace = n.oid \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
              AND d.objid = s.oid AND d.objsubid = 0 AND d.deptype = 'i' \
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_class t ON t.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid \
         WHERE n.nspname = {} AND s.relkind = 'S' ORDER BY s.relname",
        literal(work.schema.schema_name())
    )
}

fn sequence(of: &SimpleQueryRow, at: &SimpleQueryRow) -> Option<Sequence> {
    let of = match (of.get(1), of.get(2)) {
        (Some(table), Some(column)) => SequenceOf::Identity {
            table: table.to_owned(),
            column: column.to_owned(),
        },
        _ => SequenceOf::Named {
            sequence: of.get(0)?.to_owned(),
        },
    };
    Some(Sequence {
        of,
        last_value: at.get(0)?.parse().ok()?,
        is_called: at.get(1)? == "t",
    })
}
