//! Primary and foreign keys of tables that exist.

use sql_text::{Quote, literal};

use super::Step;
use crate::catalog::ForeignKey;

/// The longest name that PostgreSQL keeps, in bytes.
const LONGEST_NAME: usize = 63;

/// Takes the primary key off a table.
pub(crate) fn drop_primary(quote: &Quote, table: &str, name: &str, columns: &[String]) -> Step {
    let step = add_primary(quote, table, name, columns);
    Step {
        summary: format!("drop the primary key of `{table}`"),
        up: step.down,
        down: step.up,
    }
}

/// Gives a table its primary key.
pub(crate) fn add_primary(quote: &Quote, table: &str, name: &str, columns: &[String]) -> Step {
    let (table_sql, name) = (quote.ident(table), quote.ident(name));
    let columns_sql = quote.idents(columns);
    Step::new(
        format!(
            "set the primary key of `{table}` to ({})",
            columns.join(", ")
        ),
        format!("ALTER TABLE {table_sql} ADD CONSTRAINT {name} PRIMARY KEY ({columns_sql});"),
        format!("ALTER TABLE {table_sql} DROP CONSTRAINT {name};"),
    )
}

/// Adds a foreign key to `table`.
pub(crate) fn add_foreign(quote: &Quote, table: &str, key: &ForeignKey) -> Step {
    Step {
        summary: format!(
            "add foreign key from `{table}` ({}) to `{}`",
            key.columns.join(", "),
            key.parent
        ),
        up: add_statements(quote, table, key),
        down: vec![drop_statement(quote, table, key)],
    }
}

/// Drops a foreign key of `table`.
pub(crate) fn drop_foreign(quote: &Quote, table: &str, key: &ForeignKey) -> Step {
    Step {
        summary: format!(
            "drop foreign key from `{table}` ({}) to `{}`",
            key.columns.join(", "),
            key.parent
        ),
        up: vec![drop_statement(quote, table, key)],
        down: add_statements(quote, table, key),
    }
}

/// A foreign key that vanishes together with its column or table.
pub(crate) fn restore_foreign(quote: &Quote, table: &str, key: &ForeignKey) -> Step {
    Step {
        summary: String::new(),
        up: Vec::new(),
        down: add_statements(quote, table, key),
    }
}

fn drop_statement(quote: &Quote, table: &str, key: &ForeignKey) -> String {
    let (table, name) = (quote.ident(table), quote.ident(&key.name));
    format!("ALTER TABLE {table} DROP CONSTRAINT {name};")
}

fn add_statements(quote: &Quote, table: &str, key: &ForeignKey) -> Vec<String> {
    let (table, name) = (quote.ident(table), quote.ident(&key.name));
    let columns = quote.idents(&key.columns);
    let parent = quote.ident(&key.parent);
    let parent_columns = quote.idents(&key.parent_columns);
    let options = match key.options.as_str() {
        "" => String::new(),
        options => format!(" {options}"),
    };
    let add = format!(
        "ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) \
         REFERENCES {parent} ({parent_columns}){options};"
    );
    let comment = key.comment.as_ref().map(|comment| {
        let comment = literal(comment);
        format!("COMMENT ON CONSTRAINT {name} ON {table} IS {comment};")
    });
    std::iter::once(add).chain(comment).collect()
}

/// The name for a key over `column`, in PostgreSQL's own manner and not one of
/// `taken`.
pub(crate) fn foreign_name(table: &str, column: &str, taken: &[String]) -> String {
    let mut suffix = "_fkey".to_owned();
    let mut number = 0;
    loop {
        let mut start = format!("{table}_{column}");
        while start.len() + suffix.len() > LONGEST_NAME {
            start.pop();
        }
        let name = format!("{start}{suffix}");
        if !taken.contains(&name) {
            return name;
        }
        number += 1;
        suffix = format!("_fkey{number}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_is_short_enough_and_free() {
        assert_eq!(foreign_name("a", "b", &[]), "a_b_fkey");
        let taken = ["a_b_fkey".to_owned()];
        assert_eq!(foreign_name("a", "b", &taken), "a_b_fkey1");
        let long = foreign_name(&"\u{e9}".repeat(40), "b", &[]);
        assert!(long.len() <= 63 && long.ends_with("_fkey"), "{long}");
    }
}
