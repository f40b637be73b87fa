//! From changes to statements.

use std::collections::BTreeMap;

use tenant_core::quote_ident;

use super::catalog::{Column, Table};
use super::changes::{Change, Input, RefusedChange};
use super::dml::Dml;

/// The statement of each change, once every name in it was found in the catalog.
pub(super) fn statements(table: &Table, changes: &[Change]) -> Result<Vec<Dml>, RefusedChange> {
    let all = changes.iter().enumerate();
    let all = all.map(|(index, change)| {
        statement(table, change).map_err(|message| RefusedChange::Wrong(index, message))
    });
    all.collect()
}

fn statement(table: &Table, change: &Change) -> Result<Dml, String> {
    let mut dml = Dml::default();
    let is_insert = matches!(change, Change::Insert { .. });
    if !table.is_writable() || !is_insert && !table.has_writable_rows() {
        let kind = table.relation.kind.name();
        return Err(match table.is_writable() {
            true => {
                "rows of a table without a key cannot be changed while some are on another server"
                    .to_owned()
            }
            false => format!("rows of a {kind} cannot be changed"),
        });
    }
    match change {
        Change::Update { key, set, .. } => {
            dml.push(&format!("UPDATE {} SET ", table.target()));
            assign(&mut dml, &inputs(table, set)?)?;
            dml.push(" WHERE ");
            table.identify(&mut dml, key)?;
        }
        Change::Delete { key, .. } => {
            dml.push(&format!("DELETE FROM {} WHERE ", table.target()));
            table.identify(&mut dml, key)?;
        }
        Change::Insert { set } => {
            dml.push(&format!("INSERT INTO {} ", table.target()));
            insert(&mut dml, &inputs(table, set)?);
        }
    }
    if let Some(key) = table.key() {
        let key = key
            .iter()
            .map(|name| format!("{}::pg_catalog.text", quote_ident(name)));
        let key = key.collect::<Vec<_>>().join(", ");
        dml.push_hidden(&format!(" RETURNING {key}"));
    }
    Ok(dml)
}

/// The columns that are named, each with its value.
fn inputs<'a>(
    table: &'a Table,
    set: &'a BTreeMap<String, Input>,
) -> Result<Vec<(&'a Column, &'a Input)>, String> {
    let all = set.iter().map(|(name, input)| {
        let column = table
            .column(name)
            .ok_or_else(|| format!("the table has no column `{name}`"))?;
        if !column.is_writable() {
            return Err(format!(
                "`{name}` cannot be set: PostgreSQL generates its value"
            ));
        }
        match input {
            Input::Default { default: false } => Err(format!("`{name}` has no value")),
            _ => Ok((column, input)),
        }
    });
    all.collect()
}

fn assign(dml: &mut Dml, inputs: &[(&Column, &Input)]) -> Result<(), String> {
    if inputs.is_empty() {
        return Err("this row has no changes".to_owned());
    }
    for (at, (column, input)) in inputs.iter().enumerate() {
        dml.push(if at == 0 { "" } else { ", " });
        dml.push(&format!("{} = ", quote_ident(&column.name)));
        write(dml, column, input);
    }
    Ok(())
}

fn insert(dml: &mut Dml, inputs: &[(&Column, &Input)]) {
    if inputs.is_empty() {
        return dml.push("DEFAULT VALUES");
    }
    let names = inputs.iter().map(|(column, _)| quote_ident(&column.name));
    let names = names.collect::<Vec<_>>().join(", ");
    dml.push(&format!("({names}) VALUES ("));
    for (at, (column, input)) in inputs.iter().enumerate() {
        dml.push(if at == 0 { "" } else { ", " });
        write(dml, column, input);
    }
    dml.push(")");
}

fn write(dml: &mut Dml, column: &Column, input: &Input) {
    match input {
        Input::Default { .. } => dml.push("DEFAULT"),
        Input::Value(value) => dml.value(value.as_deref(), &column.base_type),
    }
}
