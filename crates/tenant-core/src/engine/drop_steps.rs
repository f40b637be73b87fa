//! How much of a schema can be dropped in one transaction.
//!
//! Each dropped object takes a slot in the server's table of locks, which all sessions share. A
//! schema with too many objects is dropped in steps. If the run is cut off, dropped objects stay
//! dropped, and the next run continues.

use sql_text::{ident, literal};
use tokio_postgres::SimpleQueryRow;

use super::cluster::ask_as_it_is;
use super::script::Script;
use super::send::ask;
use super::work::Work;
use crate::Error;
use crate::name::MIGRATION_HISTORY;

/// What is dropped next.
pub(super) struct DropStep {
    /// The tables among it that this role may lock, as statements name them.
    pub(super) tables: Vec<String>,
    pub(super) portion: Portion,
}

/// How much of a schema that is.
pub(super) enum Portion {
    /// The schema with all that is in it, and the registration.
    Everything,
    /// These statements drop a part of it.
    Statements(Vec<String>),
}

/// What part of the table of locks one transaction may fill: the others need
/// some as well.
pub(super) const SHARE: i64 = 4;

/// An expression: how many slots the table of locks has.
///
/// Source: PostgreSQL manual, `max_locks_per_transaction`.
pub(super) const ROOM: &str = "(pg_catalog.current_setting('max_locks_per_transaction')::bigint * \
     (pg_catalog.current_setting('max_connections')::bigint \
      + pg_catalog.current_setting('max_prepared_transactions')::bigint))";

/// How many slots a relation takes when it is dropped, at least: itself and its
/// row type. What hangs on it (an array type, constraints, defaults, triggers, a
/// TOAST table and its index) is counted generously, because too small steps
/// cost little and too large ones fail.
const SLOTS: i64 = 6;

/// What to drop now, in the transaction that is open.
///
/// # Errors
///
/// A server error.
pub(super) async fn next_drop_step(work: Work<'_>) -> Result<DropStep, Error> {
    let mut script = Script::default();
    ask_as_it_is(work, &mut script);
    script.step("count the objects of the schema", &room_and_relations(work));
    let rows = ask(work, &script).await?;
    let number = |column| rows.first()?.get(column)?.parse::<i64>().ok();
    let (room, relations) = (number(0).unwrap_or_default(), number(1).unwrap_or_default());
    let at_once = (room / SHARE / SLOTS).max(1);
    let mut script = Script::default();
    script.step("list the objects of the schema", &heads(work, at_once));
    let rows = ask(work, &script).await?;
    let heads = rows.iter().filter_map(|row| Head::read(work, row));
    let heads = heads.collect::<Vec<_>>();
    let tables = heads.iter().filter(|head| head.can_be_locked);
    let tables = tables.map(|head| head.relation.clone()).collect();
    let portion = if relations <= at_once || heads.is_empty() {
        Portion::Everything
    } else {
        Portion::Statements(heads.iter().map(Head::drop_statement).collect())
    };
    Ok(DropStep { tables, portion })
}

/// How many slots the table of locks has, and how many relations the schema has. A
/// shard that is here takes some as well.
fn room_and_relations(work: Work<'_>) -> String {
    format!(
        "SELECT {ROOM}, \
                (SELECT count(*) FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = {})",
        literal(work.schema.schema_name())
    )
}

/// The relations that can be dropped by themselves: as many as fit in one step with their
/// indexes, and at least one. Views come before tables, and partitions before the tables that
/// they belong to. The migration history is dropped with the schema, because without it the
/// schema could not be identified.
fn heads(work: Work<'_>, at_once: i64) -> String {
    format!(
        "SELECT relname, relkind, can_be_locked FROM ( \
             SELECT c.relname, c.relkind, row_number() OVER turns AS place, \
                 c.relkind IN ('r', 'p') AND pg_catalog.has_table_privilege( \
                     c.oid, 'UPDATE, DELETE, TRUNCATE') AS can_be_locked, \
                 pg_catalog.sum(1 + (SELECT count(*) FROM pg_catalog.pg_index i \
                                     WHERE i.indrelid = c.oid)) OVER turns AS relations \
             FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = {} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname <> {} \
             AND {} \
             WINDOW turns AS (ORDER BY c.relkind <> 'v', NOT c.relispartition, c.relkind = 'p', \
                              c.relname)) heads \
         WHERE place = 1 OR relations <= {at_once}",
        literal(work.schema.schema_name()),
        literal(MIGRATION_HISTORY),
        work.database.catalog().no_shard("c"),
    )
}

/// A relation that can be dropped by itself.
struct Head {
    kind: &'static str,
    /// As statements name it.
    relation: String,
    can_be_locked: bool,
}

impl Head {
    fn read(work: Work<'_>, row: &SimpleQueryRow) -> Option<Self> {
        let kind = match row.get(1)? {
            "v" => "VIEW",
            "m" => "MATERIALIZED VIEW",
            "f" => "FOREIGN TABLE",
            _ => "TABLE",
        };
        Some(Self {
            kind,
            relation: format!("{}.{}", work.schema.ident(), ident(row.get(0)?)),
            can_be_locked: row.get(2)? == "t",
        })
    }

    /// A relation that depends on another one may be gone with it.
    fn drop_statement(&self) -> String {
        format!("DROP {} IF EXISTS {} CASCADE", self.kind, self.relation)
    }
}
