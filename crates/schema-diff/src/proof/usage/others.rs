//! Uses what is no table: views, policies, functions, event triggers.

use sql_text::literal;
use tokio_postgres::{Client, Error};

use super::attempt::Session;
use super::maker::{Learned, Maker, UNUSED};
use super::parameters;
use super::world::World;
use super::{Kind, Outcome, Subject, Usage};
use crate::catalog::{StoredView, ViewKind};
use crate::proof::sample;
use crate::types;

/// How many rows of a view or a table are looked at.
const ROWS: usize = 1000;

/// Samples up to this one may be in rows of other kinds.
const ROWS_BEFORE: usize = 10;

/// Puts a row into each table that takes one. What reads them afterwards is run on rows
/// that belong together.
pub(super) async fn fill(
    session: Session<'_>,
    world: &World,
    learned: &Learned,
) -> Result<(), Error> {
    let mut maker = Maker::new(session, world, learned.clone());
    for place in world.tables() {
        if !maker.has(place.table.oid) {
            // What a table refuses is known from its own use.
            drop(maker.parent(place.table.oid).await?);
        }
    }
    Ok(())
}

/// Puts a row into each of the tables of those names, and keeps it. Gives the names of
/// those that took none.
pub(in crate::proof) async fn fill_for_good(
    client: &Client,
    schema: &str,
    tables: Vec<String>,
) -> Result<Vec<String>, Error> {
    if tables.is_empty() {
        return Ok(tables);
    }
    let world = World::read(client, schema).await?;
    parameters::set(client).await?;
    client.batch_execute("BEGIN").await?;
    let mut maker = Maker::new(Session { client }, &world, Learned::from(ROWS_BEFORE));
    let mut left = Vec::new();
    for table in tables {
        let mut places = world.tables();
        let place = places.find(|place| place.table.name == table);
        let made = match place {
            Some(place) => maker.parent(place.table.oid).await?.ok(),
            None => None,
        };
        if made.is_none_or(|made| made.place.is_none()) {
            left.push(table);
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(left)
}

pub(super) async fn use_views(
    session: Session<'_>,
    world: &World,
    usage: &mut Usage,
) -> Result<(), Error> {
    let Some(catalog) = world.used() else {
        return Ok(());
    };
    for view in &catalog.views {
        let name = catalog.quote.ident(&view.name);
        let read = format!("SELECT * FROM {name} LIMIT {ROWS}");
        let (act, sql) = match view.kind {
            ViewKind::View => ("SELECT", read),
            ViewKind::Materialized => (
                "REFRESH",
                format!("REFRESH MATERIALIZED VIEW {name}; {read}"),
            ),
            // It leads elsewhere.
            ViewKind::Foreign => continue,
        };
        let subject = subject(Kind::View, 0, &view.name);
        let outcome = session.probe(&sql).await?;
        usage.add(&subject, act, 0, outcome);
        if let Some(events) = world.writable.get(&view.name) {
            let quoted = |name: &str| catalog.quote.ident(name);
            for (act, sql) in writes(view, &name, *events, quoted) {
                let outcome = without_values(session.probe(&sql).await?);
                usage.add(&subject, act, 0, outcome);
            }
        }
    }
    Ok(())
}

fn subject(kind: Kind, oid: u32, name: &str) -> Subject {
    Subject {
        kind,
        oid,
        name: name.to_owned(),
    }
}

/// The statements that write to a view, for the events that the view supports. The inserted rows
/// are a copy and a generated row.
fn writes(
    view: &StoredView,
    name: &str,
    events: i32,
    quoted: impl Fn(&str) -> String,
) -> Vec<(&'static str, String)> {
    let columns = view.columns.iter().map(|column| quoted(&column.name));
    let columns = columns.collect::<Vec<_>>();
    let kept = columns.iter().map(|column| format!("{column} = {column}"));
    let kept = kept.collect::<Vec<_>>().join(", ");
    let values = view.columns.iter().map(|column| {
        let ty = types::to_sql(&column.ty, &quoted);
        format!("{}::{ty}", literal(&sample::text(&column.ty, UNUSED, None)))
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let columns = columns.join(", ");
    let all = [
        (
            8,
            "INSERT",
            format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} LIMIT 1"),
        ),
        (
            8,
            "INSERT",
            format!("INSERT INTO {name} ({columns}) VALUES ({values})"),
        ),
        (4, "UPDATE", format!("UPDATE {name} SET {kept}")),
        (16, "DELETE", format!("DELETE FROM {name}")),
    ];
    let provided = all.into_iter().filter(|(event, ..)| events & event != 0);
    provided.map(|(_, act, sql)| (act, sql)).collect()
}

/// A function that writes to tables on behalf of a view meets their constraints, and
/// the values were made up.
fn without_values(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Fails(reason)
            if ["(SQLSTATE 22", "(SQLSTATE 23"]
                .iter()
                .any(|code| reason.contains(code)) =>
        {
            Outcome::Refused(reason)
        }
        other => other,
    }
}

/// Evaluates policies for each row, for any role: PostgreSQL does not evaluate them for the owner
/// of a table.
pub(super) async fn use_policies(
    session: Session<'_>,
    world: &World,
    usage: &mut Usage,
) -> Result<(), Error> {
    for (way, (table, name, condition)) in world.policies.iter().enumerate() {
        let Some(place) = world.place(*table) else {
            continue;
        };
        let sql = format!("SELECT ({condition}) FROM {} LIMIT {ROWS}", place.sql());
        let outcome = session.probe(&sql).await?;
        usage.add(&place.subject(), &format!("policy `{name}`"), way, outcome);
    }
    Ok(())
}

/// Functions are made again as they are: PostgreSQL then looks at the body, of one in
/// SQL at all names in it, of one in PL/pgSQL at its types.
pub(super) async fn use_functions(session: Session<'_>, usage: &mut Usage) -> Result<(), Error> {
    for row in session.client.query(FUNCTIONS, &[]).await? {
        let (oid, name, definition): (u32, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let outcome = session.probe(definition).await?;
        let subject = subject(Kind::Function, oid, name);
        usage.add(&subject, "CREATE OR REPLACE", 0, outcome);
    }
    Ok(())
}

/// Event triggers fire at the next migration.
pub(super) async fn use_event_triggers(
    session: Session<'_>,
    usage: &mut Usage,
) -> Result<(), Error> {
    if session.client.query(EVENT_TRIGGERS, &[]).await?.is_empty() {
        return Ok(());
    }
    let outcome = session.probe(PROBE).await?;
    let database = subject(Kind::Database, 0, "");
    usage.add(
        &database,
        "CREATE TABLE, ALTER TABLE, DROP TABLE",
        0,
        outcome,
    );
    Ok(())
}

const PROBE: &str = "CREATE TABLE diesel_tenants_probe (id integer); \
                     ALTER TABLE diesel_tenants_probe ADD COLUMN more integer; \
                     DROP TABLE diesel_tenants_probe";

const EVENT_TRIGGERS: &str = "
SELECT 1 FROM pg_catalog.pg_event_trigger e
WHERE e.evtenabled IN ('O', 'A')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
                        AND d.objid = e.oid AND d.deptype = 'e')
LIMIT 1";

const FUNCTIONS: &str = "
SELECT p.oid, p.oid::pg_catalog.regprocedure::text, pg_catalog.pg_get_functiondef(p.oid)
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p')
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 2";
