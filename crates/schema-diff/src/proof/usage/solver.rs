//! Values that the checks of a table, of its domains and of its partitions allow.
//!
//! The author of a check had values in mind, and often names them in it. So PostgreSQL tests many
//! candidates against the check, and the candidates include the constants of the check.

use std::collections::HashMap;

use sql_text::{Telling, TokenKind, literal};
use tokio_postgres::Error;

use super::attempt::Session;
use super::maker::sampled;
use super::world::{Place, World};
use crate::catalog::StoredColumn;
use crate::proof::sample;
use crate::types;

/// Values by column; `None` is NULL.
pub(super) type Values = HashMap<String, Option<String>>;

/// How many rows of candidates PostgreSQL looks through for one group of columns.
const COMBINATIONS: usize = 20_000;

/// How many answers are kept, so that keys find one that is not taken.
const ANSWERS: usize = 400;

/// Conditions that have columns in common.
#[derive(Default)]
struct Group<'a> {
    columns: Vec<&'a StoredColumn>,
    conditions: Vec<String>,
}

/// For each group of columns, several rows that pass. A group for which none is found
/// has none.
pub(super) async fn solve(
    session: Session<'_>,
    world: &World,
    place: Place<'_>,
) -> Result<Vec<Vec<Values>>, Error> {
    let texts = texts(world, place);
    let mut solved = Vec::new();
    for group in groups(world, place) {
        let question = question(world, place, &group, &texts);
        // A condition that fails is found by the use of the table.
        let rows = session.keep(&question).await?.unwrap_or_default();
        let values = rows.iter().map(|row| {
            let columns = group.columns.iter().enumerate();
            let values = columns.map(|(index, column)| {
                let text = row.try_get(index).ok().flatten();
                (column.name.clone(), text.map(str::to_owned))
            });
            values.collect()
        });
        solved.push(values.collect());
    }
    Ok(solved)
}

/// One of the rows: with a text of that style, if there is one.
pub(super) fn chosen(rows: &[Values], style: usize, seed: usize) -> Option<&Values> {
    let is_styled = |row: &&Values| {
        let mut texts = row.values().flatten();
        texts.any(|text| sample::is_of_style(text, style))
    };
    let styled = rows.iter().filter(is_styled).collect::<Vec<_>>();
    if styled.is_empty() {
        return rows.get(seed % rows.len().max(1));
    }
    styled.get(seed % styled.len()).copied()
}

/// The string constants in the conditions of a table.
pub(super) fn texts(world: &World, place: Place<'_>) -> Vec<String> {
    let table = place.table.oid;
    let conditions = world.conditions.get(&table).into_iter().flatten();
    let domains = place.table.columns.iter().filter_map(|column| {
        let key = (table, column.name.clone());
        world.domains.get(&key)
    });
    let mut texts = Vec::new();
    for condition in conditions.chain(domains.flatten()) {
        let telling = Telling::of(condition);
        let strings = (0..telling.len()).filter_map(|at| telling.string(at));
        for text in strings.flat_map(unpacked) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// A constant, or the elements of an array that is written as one: `'{a,b}'`.
fn unpacked(text: String) -> Vec<String> {
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let elements = inner.map(|inner| inner.split(',').map(|one| one.trim_matches('"').to_owned()));
    elements.map_or_else(|| vec![text.clone()], Iterator::collect)
}

/// Whether a condition names the column.
pub(super) fn names(condition: &str, column: &str) -> bool {
    let telling = Telling::of(condition);
    (0..telling.len()).any(|at| telling.name(at).is_some_and(|name| name == column))
}

fn groups<'a>(world: &World, place: Place<'a>) -> Vec<Group<'a>> {
    let table = place.table.oid;
    let mut groups = Vec::<Group<'a>>::new();
    for condition in world.conditions.get(&table).into_iter().flatten() {
        let columns = place
            .settable()
            .filter(|column| names(condition, &column.name));
        join(
            &mut groups,
            columns.collect(),
            format!("({condition}) IS NOT FALSE"),
        );
    }
    for column in place.settable() {
        let name = place.catalog.quote.ident(&column.name);
        for condition in world
            .domains
            .get(&(table, column.name.clone()))
            .into_iter()
            .flatten()
        {
            // In there the value is called VALUE.
            let about =
                format!("(SELECT ({condition}) FROM (SELECT {name}) AS of (value)) IS NOT FALSE");
            join(&mut groups, vec![column], about);
        }
    }
    groups
}

/// Adds a condition to the groups that have one of its columns, which become one.
fn join<'a>(groups: &mut Vec<Group<'a>>, columns: Vec<&'a StoredColumn>, condition: String) {
    if columns.is_empty() {
        return;
    }
    let mut joined = Group::default();
    let shares = |group: &Group<'_>| {
        let mut own = group.columns.iter();
        own.any(|column| columns.iter().any(|other| other.name == column.name))
    };
    let (with, without) = std::mem::take(groups)
        .into_iter()
        .partition::<Vec<_>, _>(shares);
    for group in with {
        joined.columns.extend(group.columns);
        joined.conditions.extend(group.conditions);
    }
    for column in columns {
        if !joined.columns.iter().any(|own| own.name == column.name) {
            joined.columns.push(column);
        }
    }
    joined.conditions.push(condition);
    *groups = without;
    groups.push(joined);
}

/// Which rows of candidates pass.
fn question(world: &World, place: Place<'_>, group: &Group<'_>, texts: &[String]) -> String {
    let quote = &place.catalog.quote;
    let most = most(group.columns.len());
    let numbers = numbers(&group.conditions);
    let mut shown = Vec::new();
    let mut sources = Vec::new();
    for (index, column) in group.columns.iter().enumerate() {
        let name = quote.ident(&column.name);
        let ty = if column.is_domain {
            types::to_sql(&column.ty, |name| quote.ident(name))
        } else {
            column.sql_type.clone()
        };
        let candidates = candidates(world, place, column, texts, &numbers);
        let mut candidates = candidates
            .iter()
            .take(most)
            .map(|text| format!("({}::{ty})", literal(text)))
            .collect::<Vec<_>>();
        if column.nullable {
            candidates.push(format!("(NULL::{ty})"));
        }
        shown.push(format!("{name}::text"));
        sources.push(format!(
            "(VALUES {}) AS c{index} ({name})",
            candidates.join(", ")
        ));
    }
    // Values before NULL.
    let nulls = group
        .columns
        .iter()
        .map(|column| format!("({} IS NULL)::integer", quote.ident(&column.name)));
    format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {ANSWERS}",
        shown.join(", "),
        sources.join(" CROSS JOIN "),
        group.conditions.join(" AND "),
        nulls.collect::<Vec<_>>().join(" + "),
    )
}

/// How many candidates each of `columns` columns has.
fn most(columns: usize) -> usize {
    let exponent = u32::try_from(columns).unwrap_or(u32::MAX);
    let fits = |number: &usize| {
        number
            .checked_pow(exponent)
            .is_some_and(|all| all <= COMBINATIONS)
    };
    (2..=400).rev().find(fits).unwrap_or(2)
}

/// The whole numbers in the conditions.
fn numbers(conditions: &[String]) -> Vec<i64> {
    let mut numbers = Vec::new();
    for condition in conditions {
        let telling = Telling::of(condition);
        for at in 0..telling.len() {
            let token = telling.get(at);
            let written = token.filter(|token| token.kind == TokenKind::Number);
            let written = written.map(|token| token.text.to_owned());
            // PostgreSQL writes what is negative as a string.
            let written = written.or_else(|| telling.string(at));
            let whole = written.and_then(|text| text.split('.').next()?.parse::<i64>().ok());
            numbers.extend(whole);
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn candidates(
    world: &World,
    place: Place<'_>,
    column: &StoredColumn,
    texts: &[String],
    numbers: &[i64],
) -> Vec<String> {
    let samples = (4..10).map(|seed| sampled(world, place, column, seed));
    let mut found = samples.collect::<Vec<_>>();
    let custom = place.catalog.custom_type(&column.ty.name);
    let labels = custom.and_then(|ty| ty.labels.clone());
    match column.ty.name.as_str() {
        _ if column.ty.array => found.push("{}".to_owned()),
        _ if labels.is_some() => found.extend(labels.into_iter().flatten()),
        "bool" => found.extend(["true", "false"].map(str::to_owned)),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" => {
            found.extend(near(numbers, &column.ty.name));
        }
        "text" | "varchar" | "bpchar" | "citext" => found.extend(strings(column, texts, numbers)),
        "date" | "timestamp" | "timestamptz" => found.extend(moments(texts)),
        "bytea" => {
            let lengths = numbers
                .iter()
                .filter_map(|number| usize::try_from(*number).ok());
            let lengths = lengths.filter(|length| *length <= 1024);
            found.extend(lengths.map(|length| format!("\\x{}", "ab".repeat(length))));
        }
        "json" | "jsonb" => found.extend(["{}", "[]", "[1]"].map(str::to_owned)),
        _ => {}
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|text| seen.insert(text.clone()));
    found
}

/// Numbers in and around those that a condition names.
fn near(numbers: &[i64], ty: &str) -> Vec<String> {
    let usual = [0, 1, 2, 10, 20, 50, 100, 1000, 2025, -1];
    let around = numbers
        .iter()
        .flat_map(|number| [0, 1, -1, 10].map(|by| number.saturating_add(by)));
    let limit = match ty {
        "int2" => i64::from(i16::MAX),
        "int4" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let fits = |number: &i64| *number <= limit && *number >= -limit;
    let all = around.chain(usual).filter(fits);
    let mut all = all.map(|number| number.to_string()).collect::<Vec<_>>();
    if !ty.starts_with("int") {
        all.extend(["0.5", "0.01"].map(str::to_owned));
    }
    all
}

/// Texts of the usual forms, and of the lengths that a condition names.
fn strings(column: &StoredColumn, texts: &[String], numbers: &[i64]) -> Vec<String> {
    let mut found = texts.to_vec();
    for seed in 1..8 {
        found.extend([
            format!("sample{seed}@example.com"),
            format!("sample-{seed}"),
            format!("sample_{seed}"),
            format!("Sample{seed}"),
            format!("sample{seed}"),
            format!("SAMPLE{seed}"),
            format!("https://example.com/{seed}"),
            format!("sample{seed}.example.com"),
            format!("+1555000000{seed}"),
            format!("/sample/{seed}"),
            format!("#00000{seed}"),
            format!("1.0.{seed}"),
            format!("2001-01-0{seed}"),
            format!("0{seed}:00"),
            format!("{seed}"),
        ]);
    }
    for length in numbers
        .iter()
        .flat_map(|number| [*number, number.saturating_add(1)])
    {
        let length = usize::try_from(length).unwrap_or_default();
        if (1..=300).contains(&length) {
            for letter in ["a", "A", "b", "B", "1", "2", "f"] {
                found.push(letter.repeat(length));
            }
        }
    }
    found.extend(["", "en", "EN", "USD", "EUR", "en-US", "Europe/Berlin"].map(str::to_owned));
    if let Some(most) = column
        .ty
        .length
        .and_then(|length| usize::try_from(length).ok())
    {
        found.retain(|text| text.chars().count() <= most);
    }
    found
}

/// Moments that a condition names, and some far from today.
fn moments(texts: &[String]) -> Vec<String> {
    let is_moment = |text: &&String| {
        let mut letters = text.chars();
        let year = letters
            .by_ref()
            .take(4)
            .all(|letter| letter.is_ascii_digit());
        year && letters.next() == Some('-')
    };
    let named = texts.iter().filter(is_moment).cloned();
    let usual = [
        "1970-01-01",
        "2020-02-02",
        "2025-06-15",
        "2026-06-15",
        "2100-01-01",
    ];
    named.chain(usual.map(str::to_owned)).collect()
}
