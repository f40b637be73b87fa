//! Reads the shapes of many schemas at once.

use std::collections::HashMap;

use sql_text::unix_lines;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error as DriverError, Row};

use super::Shape;
use super::grants::Grants;
use super::normal::Own;
use super::object::{Aspect, Object, ObjectKind, ObjectName};
use super::queries::{self, Query};
use crate::catalog::Catalog;
use crate::path::NOTHING;

/// How many objects are read at a time by queries that make the server lock them: the lock table is
/// small and shared.
const LOCKED_AT_ONCE: usize = 100;

/// A schema while its shape is put together.
struct Draft {
    own: Own,
    owner: String,
    shape: Shape,
}

/// How the server is to go about it, until the transaction ends: everything is looked
/// up by its OID, among catalogs that can have millions of rows. Left to itself it
/// reads some of them from end to end, which takes three times as long.
const BY_INDEX: &str = "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; \
                        SET LOCAL max_parallel_workers_per_gather = 0";

/// How values in definitions are written: the same for every session, without loss, and
/// in a form that every session reads as the same value.
const UNIFORM: [(&str, &str); 4] = [
    ("DateStyle", "'ISO'"),
    ("IntervalStyle", "'postgres'"),
    ("bytea_output", "'hex'"),
    ("extra_float_digits", "1"),
];

/// Sets these for the transaction, or back to what the session has.
fn uniform(value: impl Fn(&'static str) -> &'static str) -> String {
    let sets = UNIFORM
        .iter()
        .map(|(name, uniform)| format!("SET LOCAL {name} TO {}", value(uniform)));
    sets.collect::<Vec<_>>().join("; ")
}

/// The definitions of the schemas `names`, in the open transaction. It leaves the path empty until
/// the transaction ends, so that every name is qualified. Schemas that do not exist are left out,
/// and so are the parts of `catalog` that belong to Citus alone.
///
/// # Errors
///
/// The server's error. A schema that changes during the call can make it fail.
pub(crate) async fn read(
    client: &Client,
    catalog: Catalog,
    names: &[&str],
) -> Result<Vec<Shape>, DriverError> {
    if let Some(set) = catalog.as_it_is() {
        client.batch_execute(set).await?;
    }
    let prepare = format!("{NOTHING}; {BY_INDEX}; {}", uniform(|value| value));
    client.batch_execute(&prepare).await?;
    let mut drafts = namespaces(client, names).await?;
    let oids = drafts.keys().copied().collect::<Vec<u32>>();
    let members = members(client, catalog, &oids).await?;
    for query in queries::all() {
        let of = members.get(query.of).map_or(&[][..], Vec::as_slice);
        for some in of.chunks(at_once(&query)) {
            for row in ask(client, &query.sql, some).await? {
                add(&mut drafts, &row)?;
            }
        }
    }
    // Migrations can follow in this transaction.
    client.batch_execute(&uniform(|_| "DEFAULT")).await?;
    Ok(drafts.into_values().map(|draft| draft.shape).collect())
}

fn at_once(query: &Query) -> usize {
    if query.locks {
        LOCKED_AT_ONCE
    } else {
        usize::MAX
    }
}

async fn ask(client: &Client, sql: &str, oids: &[u32]) -> Result<Vec<Row>, DriverError> {
    let parameter = (&oids as &(dyn ToSql + Sync), Type::OID_ARRAY);
    client.query_typed(sql, &[parameter]).await
}

async fn namespaces(client: &Client, names: &[&str]) -> Result<HashMap<u32, Draft>, DriverError> {
    let sql = "SELECT n.oid, n.nspname::text, quote_ident(n.nspname), \
                      pg_get_userbyid(n.nspowner)::text, array_to_string(n.nspacl, E'\\n') \
               FROM pg_namespace n WHERE n.nspname = ANY ($1)";
    let parameter = (&names as &(dyn ToSql + Sync), Type::NAME_ARRAY);
    let rows = client.query_typed(sql, &[parameter]).await?;
    rows.iter().map(namespace).collect()
}

fn namespace(row: &Row) -> Result<(u32, Draft), DriverError> {
    let own = Own::new(row.try_get::<_, String>(1)?, row.try_get::<_, String>(2)?);
    let owner = row.try_get::<_, String>(3)?;
    let mut draft = Draft {
        shape: Shape::new(own.clone(), owner.clone()),
        own,
        owner,
    };
    let name = ObjectName {
        kind: ObjectKind::Schema,
        table: None,
        name: String::new(),
    };
    let grants = row.try_get::<_, Option<String>>(4)?;
    draft.add(name, 0, vec![Some("grants".to_owned()), grants]);
    Ok((row.try_get(0)?, draft))
}

/// The objects that hang on the schemas, by their catalog.
async fn members(
    client: &Client,
    catalog: Catalog,
    schemas: &[u32],
) -> Result<HashMap<String, Vec<u32>>, DriverError> {
    let mut members = HashMap::<String, Vec<u32>>::new();
    for row in ask(client, &queries::members(catalog), schemas).await? {
        let of = members.entry(row.try_get(0)?).or_default();
        of.push(row.try_get(1)?);
    }
    Ok(members)
}

fn add(drafts: &mut HashMap<u32, Draft>, row: &Row) -> Result<(), DriverError> {
    let code = row.try_get::<_, &str>(1)?;
    if code == SWITCHED_OFF {
        return switch_off(drafts, row);
    }
    let kind = ObjectKind::from_code(code);
    let (Some(kind), Some(draft)) = (kind, drafts.get_mut(&row.try_get(0)?)) else {
        return Ok(());
    };
    let name = row.try_get::<_, &str>(3)?;
    let name = ObjectName {
        kind,
        table: row.try_get(2)?,
        // A function's has the types of its arguments; others are no SQL.
        name: match kind {
            ObjectKind::Function => draft.own.normal(name),
            _ => name.to_owned(),
        },
    };
    draft.add(name, row.try_get(4)?, row.try_get(5)?);
    Ok(())
}

/// What a query writes for a trigger of a key that does not fire as it should.
const SWITCHED_OFF: &str = "switched_off";

/// Notes at a key which was read before that a trigger of its does not fire.
fn switch_off(drafts: &mut HashMap<u32, Draft>, row: &Row) -> Result<(), DriverError> {
    let key = ObjectName {
        kind: ObjectKind::Constraint,
        table: row.try_get(2)?,
        name: row.try_get(3)?,
    };
    let facts = row.try_get::<_, Vec<Option<String>>>(5)?;
    let mut facts = facts.into_iter();
    let is_firing = |it: &Option<String>| it.as_deref() == Some(Aspect::Enabled.code());
    let how = facts.find(is_firing).and_then(|_| facts.next()).flatten();
    let draft = drafts.get_mut(&row.try_get(0)?);
    let key = draft.and_then(|draft| draft.shape.objects.get_mut(&key));
    if let (Some(key), Some(how)) = (key, how) {
        let known = key.facts.entry(Aspect::Enabled).or_insert(how.clone());
        // That it does not fire at all says the most.
        if how == "DISABLE" {
            *known = how;
        }
    }
    Ok(())
}

impl Draft {
    /// Adds an object; `facts` are an aspect, what is so, an aspect, and so on.
    fn add(&mut self, name: ObjectName, place: i32, facts: Vec<Option<String>>) {
        let mut object = Object {
            place,
            ..Object::default()
        };
        let mut facts = facts.into_iter();
        while let (Some(code), Some(fact)) = (facts.next(), facts.next()) {
            let aspect = code.as_deref().and_then(Aspect::from_code);
            let fact = aspect.and_then(|aspect| self.normal(name.kind, aspect, &object, fact));
            // A migration that Diesel applied from another checkout made the same. The schema's
            // own name, which may have such an end of a line in it, is not in the text any more.
            let fact = fact.map(|fact| unix_lines(&fact).into_owned());
            if let (Some(aspect), Some(fact)) = (aspect, fact) {
                object.facts.insert(aspect, fact);
            }
        }
        self.shape.insert(name, object);
    }

    fn normal(
        &self,
        kind: ObjectKind,
        aspect: Aspect,
        object: &Object,
        fact: Option<String>,
    ) -> Option<String> {
        match aspect {
            Aspect::Grants => {
                let owner = object.fact(Aspect::Owner).unwrap_or(&self.owner);
                Grants::read(kind, owner, fact.as_deref()).to_fact()
            }
            aspect if aspect.is_sql() => fact.map(|text| self.own.normal(&text)),
            _ => fact,
        }
    }
}

#[cfg(test)]
mod tests;
