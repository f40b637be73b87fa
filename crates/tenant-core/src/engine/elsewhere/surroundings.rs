//! [`Surroundings`]: what the schema behind the tenants' own holds before migrations run.
//!
//! What a transaction has dropped is no longer there to be recognized, so it is listed
//! before. One list serves all schemas of a run.

use std::sync::{Arc, Mutex, PoisonError};

use sql_text::{ident, literal};
use tokio_postgres::SimpleQueryRow;

use super::catalogs;
use crate::Error;
use crate::engine::script::Script;
use crate::engine::send::ask;
use crate::engine::work::Work;
use crate::path::ExtensionsSchema;

/// What the schema of extensions holds, read when it is needed first.
#[derive(Default)]
pub(crate) struct Surroundings(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// How often the list was to be read anew.
    round: u64,
    listed: Option<Arc<Listed>>,
}

/// What the schema holds, and what else is known with it.
pub(super) struct Listed {
    pub(super) objects: Vec<Object>,
    /// Whether the role may run blocks.
    pub(super) has_blocks: bool,
}

/// Answers with a row where the role may run blocks.
const MAY_RUN_BLOCKS: &str = "SELECT l.lanname FROM pg_catalog.pg_language l \
                              WHERE l.lanname = 'plpgsql' \
                              AND pg_catalog.has_language_privilege(l.oid, 'USAGE')";

/// An object of the schema, or a part of one of its tables.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: u32,
    pub(super) oid: u32,
    /// Its name, unless it is an operator or a part of something.
    pub(super) name: Option<String>,
    /// The table or domain that it is a part of.
    pub(super) whole: Option<String>,
    /// Kind and full name, as PostgreSQL gives them.
    pub(super) words: String,
    /// A hash of what the catalog says of a table, for one without triggers: its row is
    /// written again when the first foreign key refers to it.
    pub(super) row: Option<i64>,
    pub(super) is_domain: bool,
}

impl Object {
    /// Class and number in one: object identifiers are unique in their catalog only.
    pub(super) fn key(&self) -> i64 {
        (i64::from(self.class) << 32) | i64::from(self.oid)
    }

    /// Whether nothing is known that a statement would call it.
    pub(super) fn is_unnamed(&self) -> bool {
        self.name.is_none() && self.whole.is_none()
    }

    /// Whether one of `names` is its own or that of its table.
    pub(super) fn is_named_in(&self, names: impl Fn(&str) -> bool) -> bool {
        [&self.name, &self.whole]
            .into_iter()
            .flatten()
            .any(|name| names(name))
    }
}

impl Surroundings {
    /// Reads them anew when they are needed next: for each run.
    pub(crate) fn forget(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.round += 1;
        known.listed = None;
    }

    /// Kind and name of the object with this class and number, if the list has it.
    pub(super) fn words_of(&self, key: i64) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut objects = known.listed.iter().flat_map(|listed| &listed.objects);
        let object = objects.find(|object| object.key() == key)?;
        Some(object.words.clone())
    }

    /// What `schema` holds, as it was after the run had begun.
    pub(super) async fn of(
        &self,
        work: Work<'_>,
        schema: &ExtensionsSchema,
    ) -> Result<Arc<Listed>, Error> {
        let round = {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(listed) = &known.listed {
                return Ok(Arc::clone(listed));
            }
            known.round
        };
        let mut script = Script::default();
        script.step("reading what is in the schema of extensions", &list(schema));
        script.step("looking for PL/pgSQL", MAY_RUN_BLOCKS);
        let rows = ask(work, &script).await?;
        let listed = Arc::new(Listed {
            objects: rows.iter().filter_map(object).collect(),
            has_blocks: rows.iter().any(|row| row.get(0) == Some("plpgsql")),
        });
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.round == round {
            known.listed = Some(Arc::clone(&listed));
        }
        Ok(listed)
    }
}

fn object(row: &SimpleQueryRow) -> Option<Object> {
    let text = |column: usize| row.get(column).map(str::to_owned);
    Some(Object {
        class: row.get(0)?.parse().ok()?,
        oid: row.get(1)?.parse().ok()?,
        name: text(2),
        whole: text(3),
        words: text(4)?,
        row: row.get(5).and_then(|hash| hash.parse().ok()),
        is_domain: row.get(6) == Some("t"),
    })
}

/// A hash of a table's row in `pg_class`, without what changes when others refer to it
/// or when it is analyzed.
pub(super) fn hash_of(class: &str) -> String {
    let columns = [
        "oid",
        "relname",
        "relnamespace",
        "reltype",
        "relowner",
        "relam",
        "relfilenode",
        "reltablespace",
        "relpersistence",
        "relnatts",
        "relchecks",
        "relhasrules",
        "relhassubclass",
        "relrowsecurity",
        "relforcerowsecurity",
        "relispopulated",
        "relreplident",
        "relispartition",
        "relacl",
        "reloptions",
        "relpartbound",
    ];
    let columns = columns.map(|column| format!("{class}.{column}")).join(", ");
    format!("pg_catalog.hashtextextended(ROW({columns})::text, 0)")
}

/// The query for all of it. What belongs to an extension is left out, because PostgreSQL
/// drops it with the extension only.
fn list(schema: &ExtensionsSchema) -> String {
    let namespace = namespace(schema.name());
    let hash = hash_of("c");
    let parts = catalogs::PARTS.map(|(class, catalog, whole, condition)| {
        let relation = catalogs::CLASS;
        let oid = if class == relation {
            "t.indexrelid"
        } else {
            "t.oid"
        };
        format!(
            " UNION ALL SELECT {class}, {oid}, t.{whole}, false FROM inside i, pg_catalog.{catalog} t \
             WHERE i.class = {relation} AND t.{whole} = i.oid{condition}"
        )
    });
    format!(
        "WITH inside AS MATERIALIZED (SELECT d.classid AS class, d.objid AS oid \
           FROM pg_catalog.pg_depend d \
           WHERE d.refclassid = {schemas} AND d.refobjid = {namespace} AND d.deptype = 'n' \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = d.classid \
                             AND e.objid = d.objid AND e.deptype = 'e')), \
         parts AS (SELECT class, oid, 0::oid AS whole, false AS is_of_type FROM inside \
           UNION ALL SELECT {constraints}, k.oid, k.contypid, true FROM inside i, pg_catalog.pg_constraint k \
                     WHERE i.class = {types} AND k.contypid = i.oid{parts}) \
         SELECT p.class, p.oid, coalesce(c.relname, f.proname, t.typname, o.name), \
                coalesce(w.relname, d.typname), \
                o.type || ' ' || o.identity, \
                CASE WHEN c.relkind IN ('r', 'p') AND NOT c.relhastriggers THEN {hash} END, \
                t.typtype = 'd' \
         FROM parts p CROSS JOIN LATERAL pg_catalog.pg_identify_object(p.class, p.oid, 0) o \
         LEFT JOIN pg_catalog.pg_class c ON p.class = {relations} AND c.oid = p.oid \
         LEFT JOIN pg_catalog.pg_class w ON w.oid = p.whole AND NOT p.is_of_type \
         LEFT JOIN pg_catalog.pg_type d ON d.oid = p.whole AND p.is_of_type \
         LEFT JOIN pg_catalog.pg_proc f ON p.class = {functions} AND f.oid = p.oid \
         LEFT JOIN pg_catalog.pg_type t ON p.class = {types} AND t.oid = p.oid",
        schemas = catalogs::NAMESPACE,
        constraints = catalogs::CONSTRAINT,
        types = catalogs::TYPE,
        parts = parts.concat(),
        relations = catalogs::CLASS,
        functions = catalogs::PROC,
    )
}

/// The object identifier of a schema, as SQL text.
pub(super) fn namespace(schema: &str) -> String {
    let name = literal(&ident(schema));
    format!("{name}::pg_catalog.regnamespace")
}
