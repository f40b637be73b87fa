//! Lets the sequences of a copy continue where the sequences of the original are.
//!
//! On a cluster each worker has a separate sequence for each sequence that a column uses, with
//! another range of numbers. The coordinator's sequence serves INSERT with VALUES. A trigger uses
//! a worker's sequence. So does the default of a column that is omitted by an INSERT with a
//! query, or in a trigger.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use super::script::Script;
use super::send::{ask, execute};
use super::transaction::finish;
use super::work::Work;
use crate::Error;
use crate::name::Schema;

/// What remains for the sequences of a copy on a cluster: one statement for each worker.
/// The worker that the copy is on has had its own already.
#[derive(Debug, Default)]
pub(super) struct SequencesThere(Option<String>);

/// Sets each sequence of `work` to the position of the sequence in `from`, in the open
/// transaction.
///
/// # Errors
///
/// A server error.
pub(super) async fn let_sequences_go_on(
    work: Work<'_>,
    from: Schema<'_>,
) -> Result<SequencesThere, Error> {
    let mut script = Script::default();
    script.step("list the sequences", &sequences(from, work.schema));
    let rows = ask(work, &script).await?;
    let column = |number| {
        rows.iter()
            .filter_map(move |row: &SimpleQueryRow| row.get(number))
    };
    let mut script = Script::default();
    for statement in column(0) {
        script.step("set the position of a sequence", statement);
    }
    let there = column(1).collect::<Vec<_>>().join(", ");
    let is_to_be_there = work.database.is_cluster() && !there.is_empty();
    if is_to_be_there {
        // A query of a table runs where the table is.
        let one_row = format!("SELECT pg_catalog.count(*) FROM {}", work.schema.ledger());
        let at_home = format!("SELECT ARRAY[{there}] FROM ({one_row}) one_row");
        script.step("set the positions of the sequences on its worker", &at_home);
    }
    ask(work, &script).await?;
    let on_each = is_to_be_there.then(|| format!("SELECT ARRAY[{there}]"));
    Ok(SequencesThere(on_each))
}

impl SequencesThere {
    /// Sets the sequences on the other workers, where the original may have been before, and to
    /// which the copy may be moved. This happens outside the transaction, because a connection to
    /// a worker does not see uncommitted changes. A worker that does not answer keeps its numbers
    /// from the start. The copy itself is complete.
    pub(super) async fn let_go_on(self, work: Work<'_>) {
        let Some(statement) = self.0 else { return };
        let ask_all = format!(
            "SELECT pg_catalog.run_command_on_workers({})",
            literal(&statement)
        );
        work.session.begin();
        let action = "set the positions of the sequences on the other workers";
        let done = execute(work.session, action, &ask_all).await;
        drop(finish(work, done).await);
    }
}

/// The query for the statements that set each sequence to the position of its original, and for
/// the expressions that do so on a worker. PostgreSQL chooses the name of an identity column's
/// sequence. A worker lacks a sequence that no column uses, and without a drawn value there is
/// nothing to set. Then the expression is null.
fn sequences(from: Schema<'_>, to: Schema<'_>) -> String {
    let to = literal(&to.ident());
    format!(
        "SELECT pg_catalog.format('SELECT pg_catalog.setval(%L, last_value, is_called) FROM %s', \
             t.name, f.name), \
         pg_catalog.format('pg_catalog.setval(pg_catalog.to_regclass(%L), \
             pg_catalog.pg_sequence_last_value(pg_catalog.to_regclass(%L)))', t.name, f.name) \
         FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class s ON s.relnamespace = n.oid \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
              AND d.objid = s.oid AND d.objsubid = 0 AND d.deptype = 'i' \
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
         CROSS JOIN LATERAL (SELECT CASE WHEN a.attname IS NULL \
             THEN {to} || '.' || pg_catalog.quote_ident(s.relname) \
             ELSE pg_catalog.pg_get_serial_sequence( \
                 {to} || '.' || pg_catalog.quote_ident(c.relname), a.attname) END) t (name) \
         CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I', n.nspname, s.relname)) f (name) \
         WHERE n.nspname = {} AND s.relkind = 'S' ORDER BY s.relname",
        literal(from.schema_name())
    )
}
