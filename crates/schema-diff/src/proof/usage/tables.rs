//! Uses every table: rows are inserted, updated, deleted.

use tokio_postgres::Error;

use super::attempt::Session;
use super::maker::{Made, Maker, Shape, UNUSED, in_sql, styled};
use super::solver;
use super::world::{Place, World};
use super::{Outcome, Usage};
use crate::catalog::StoredColumn;

/// How many values of a column are tried, such as the labels of an enum: a function may
/// have a branch for each.
const VALUES: usize = 12;

/// How many of the existing rows are updated.
const ROWS: usize = 1000;

/// Numbers of the ways that exist in every table: the others count from here.
const MANY: usize = 100;

pub(super) async fn use_all(
    session: Session<'_>,
    world: &World,
    usage: &mut Usage,
) -> Result<(), Error> {
    for place in world.tables() {
        session.client.batch_execute("SAVEPOINT each").await?;
        for (way, shape) in [Shape::Full, Shape::Sparse].into_iter().enumerate() {
            let mut maker = Maker::new(session, world, std::mem::take(&mut usage.learned));
            let subject = place.subject();
            let (outcome, row) = match maker.row(place.table.oid, shape).await? {
                Ok(made) => (Outcome::Works, Some(made)),
                // A trigger of another table has made the row already.
                Err(trouble) if trouble.is_taken() => {
                    (trouble.outcome(), maker.existing(place.table.oid).await?)
                }
                Err(trouble) => (trouble.outcome(), None),
            };
            usage.learned = maker.into_learned();
            usage.add(&subject, "INSERT", way, outcome);
            if let Some(made) = row {
                change(session, world, place, &made, (way + 1) * MANY, usage).await?;
            }
            session.client.batch_execute("ROLLBACK TO each").await?;
        }
        use_rows(session, world, place, usage).await?;
        session.client.batch_execute("RELEASE each").await?;
    }
    Ok(())
}

/// Changes the row that was made, and deletes it.
async fn change(
    session: Session<'_>,
    world: &World,
    place: Place<'_>,
    made: &Made,
    way: usize,
    usage: &mut Usage,
) -> Result<(), Error> {
    let table = place.sql();
    let found = made.place.as_ref().map_or_else(String::new, |(table, at)| {
        format!(" WHERE tableoid = '{table}' AND ctid = '{at}'")
    });
    let style = usage.learned.style(place.table.oid);
    let mut sets = vec![kept(place)];
    sets.extend(other_values(session, world, place, &found, style).await?);
    let texts = solver::texts(world, place);
    for column in free(world, place) {
        let values = several(world, place, column, &texts);
        sets.extend(values.into_iter().take(VALUES));
    }
    for (number, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
        let update = format!("UPDATE {table} SET {set}{found}");
        let outcome = session.probe(&update).await?;
        usage.add(&place.subject(), "UPDATE", way + number, outcome);
    }
    let deleted = session
        .probe(&format!("DELETE FROM {table}{found}"))
        .await?;
    usage.add(&place.subject(), "DELETE", way, deleted);
    Ok(())
}

/// Uses the existing rows, and the parts of a table other than its rows.
async fn use_rows(
    session: Session<'_>,
    world: &World,
    place: Place<'_>,
    usage: &mut Usage,
) -> Result<(), Error> {
    let (table, set) = (place.sql(), kept(place));
    if !set.is_empty() {
        let some = format!("ARRAY(SELECT ctid FROM {table} LIMIT {ROWS})");
        let update = format!("UPDATE {table} SET {set} WHERE ctid = ANY ({some})");
        let outcome = session.probe(&update).await?;
        usage.add(&place.subject(), "UPDATE", 0, outcome);
    }
    if world.truncated.contains(&place.table.oid) {
        let truncate = format!("TRUNCATE {table} CASCADE");
        let outcome = session.probe(&truncate).await?;
        usage.add(&place.subject(), "TRUNCATE", 0, outcome);
    }
    Ok(())
}

/// Each column set to what it is: whatever watches it fires.
fn kept(place: Place<'_>) -> String {
    let names = place
        .settable()
        .map(|column| place.catalog.quote.ident(&column.name));
    let set = names.map(|name| format!("{name} = {name}"));
    set.collect::<Vec<_>>().join(", ")
}

/// Each column that may change set to something else: what asks whether it changed is
/// told so. All at once, or one by one where a value is refused.
async fn other_values(
    session: Session<'_>,
    world: &World,
    place: Place<'_>,
    found: &str,
    style: usize,
) -> Result<Vec<String>, Error> {
    let sets = free(world, place).map(|column| {
        let name = place.catalog.quote.ident(&column.name);
        // No other row has it.
        let value = styled(world, place, column, UNUSED, style);
        format!("{name} = {}", in_sql(column, Some(&value)))
    });
    let sets = sets.collect::<Vec<_>>();
    let all = sets.join(", ");
    let update = format!("UPDATE {} SET {all}{found}", place.sql());
    if !all.is_empty() && matches!(session.probe(&update).await?, Outcome::Refused(_)) {
        return Ok(sets);
    }
    Ok(vec![all])
}

/// The columns that are in no key.
fn free<'a>(world: &'a World, place: Place<'a>) -> impl Iterator<Item = &'a StoredColumn> {
    let key = place.table.key().unwrap_or_default();
    place.settable().filter(move |column| {
        let mut keys = world.keys_of(place.table.oid);
        !key.contains(&column.name) && !keys.any(|key| key.columns.contains(&column.name))
    })
}

/// The column set to each of the values that it is likely to be compared with.
fn several(
    world: &World,
    place: Place<'_>,
    column: &StoredColumn,
    texts: &[String],
) -> Vec<String> {
    let name = place.catalog.quote.ident(&column.name);
    let custom = place.catalog.custom_type(&column.ty.name);
    let labels = custom.and_then(|ty| ty.labels.clone());
    let values = match (labels, column.ty.name.as_str()) {
        _ if column.ty.array => Vec::new(),
        (Some(labels), _) => labels,
        (None, "bool") => vec!["true".to_owned(), "false".to_owned()],
        (None, "text" | "varchar" | "bpchar") => {
            let mut conditions = world.conditions.get(&place.table.oid).into_iter().flatten();
            let is_checked = conditions.any(|condition| solver::names(condition, &column.name));
            if is_checked {
                texts.to_vec()
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    };
    let null = column.nullable.then(|| format!("{name} = NULL"));
    let set = values
        .iter()
        .map(|value| format!("{name} = {}", in_sql(column, Some(value))));
    null.into_iter().chain(set).collect()
}
