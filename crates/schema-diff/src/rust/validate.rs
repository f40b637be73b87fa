//! What PostgreSQL could not take, found before it is asked.

use std::collections::HashSet;

use super::ParseError;
use super::table::RustTable;

/// PostgreSQL cuts longer names short, silently (`NAMEDATALEN - 1`, in bytes).
const LONGEST_NAME: usize = 63;

/// The names of the tables and of their columns.
pub(super) fn tables(tables: &[RustTable]) -> Result<(), ParseError> {
    let mut names = HashSet::new();
    for table in tables {
        let decl = &table.decl;
        check_name(&decl.sql_name, decl.table_name.span())?;
        if !names.insert(decl.sql_name.as_str()) {
            return Err(ParseError::at(
                decl.table_name.span(),
                format!("two tables have the name `{}`", decl.sql_name),
            ));
        }
        if decl.sql_name.starts_with("__") {
            return Err(ParseError::at(
                decl.table_name.span(),
                "Diesel reserves names that begin with two underscores",
            ));
        }
        let mut columns = HashSet::new();
        for column in &decl.column_defs {
            check_name(&column.sql_name, column.column_name.span())?;
            if !columns.insert(column.sql_name.as_str()) {
                return Err(ParseError::at(
                    column.column_name.span(),
                    format!("two columns have the name `{}`", column.sql_name),
                ));
            }
        }
    }
    Ok(())
}

fn check_name(name: &str, span: proc_macro2::Span) -> Result<(), ParseError> {
    let reason = if name.is_empty() {
        "a name cannot be empty".to_owned()
    } else if name.contains('\0') {
        "a name cannot contain a NUL character".to_owned()
    } else if name.len() > LONGEST_NAME {
        format!(
            "the name has {} bytes, but PostgreSQL allows {LONGEST_NAME}",
            name.len()
        )
    } else {
        return Ok(());
    };
    Err(ParseError::at(span, reason))
}
