//! Tables: made, renamed, dropped.

use sql_text::{Quote, literal};

use super::Step;
use super::column::{comment, sequence_after, sequence_before, stored_definition};
use crate::catalog::StoredTable;

/// Makes a table whose body is `lines`, without commas.
pub(crate) fn create(quote: &Quote, table: &str, lines: &[String]) -> Step {
    let table_sql = quote.ident(table);
    Step::new(
        format!("create table `{table}`"),
        format!("CREATE TABLE {table_sql} {};", body(lines)),
        format!("DROP TABLE {table_sql};"),
    )
}

fn body(lines: &[String]) -> String {
    if lines.is_empty() {
        "()".to_owned()
    } else {
        format!("(\n    {}\n)", lines.join(",\n    "))
    }
}

/// Renames a table.
pub(crate) fn rename(quote: &Quote, old: &str, new: &str) -> Step {
    let (old_sql, new_sql) = (quote.ident(old), quote.ident(new));
    Step::new(
        format!("rename table `{old}` to `{new}`"),
        format!("ALTER TABLE {old_sql} RENAME TO {new_sql};"),
        format!("ALTER TABLE {new_sql} RENAME TO {old_sql};"),
    )
}

/// Drops a table. On the way back it is made again, empty and without what may
/// name other tables: that is [`restore`]d at the very end.
pub(crate) fn drop(quote: &Quote, table: &StoredTable) -> Step {
    let table_sql = quote.ident(&table.name);
    let columns = table.columns.iter();
    let columns = columns.map(|column| stored_definition(quote, column, None));
    let lines = columns.collect::<Vec<_>>();
    let each = table.columns.iter();
    let mut down = each.filter_map(sequence_before).collect::<Vec<_>>();
    down.push(format!("CREATE TABLE {table_sql} {};", body(&lines)));
    let each = table.columns.iter();
    down.extend(each.filter_map(|column| sequence_after(quote, &table.name, column)));
    let each = table.columns.iter();
    down.extend(each.filter_map(|column| comment(quote, &table.name, column)));
    down.extend(
        table
            .comment
            .as_ref()
            .map(|comment| format!("COMMENT ON TABLE {table_sql} IS {};", literal(comment))),
    );
    Step {
        summary: format!("drop table `{}`", table.name),
        up: vec![format!("DROP TABLE {table_sql};")],
        down,
    }
}

/// Brings back what vanishes by itself together with a table or with some of
/// its columns: constraints, indexes, triggers. It is the first step of a
/// migration, so that on the way back it is the last one, when all names are
/// again those that the definitions hold.
pub(crate) fn restore(
    quote: &Quote,
    table: &StoredTable,
    vanishes: impl Fn(&[String]) -> bool,
    with_triggers: bool,
) -> Option<Step> {
    let table_sql = quote.ident(&table.name);
    let mut down = Vec::new();
    let constraints = table.constraints.iter();
    for constraint in constraints.filter(|constraint| vanishes(&constraint.columns)) {
        let name = quote.ident(&constraint.name);
        down.push(format!(
            "ALTER TABLE {table_sql} ADD CONSTRAINT {name} {};",
            constraint.definition
        ));
        down.extend(constraint.comment.as_ref().map(|comment| {
            let comment = literal(comment);
            format!("COMMENT ON CONSTRAINT {name} ON {table_sql} IS {comment};")
        }));
    }
    let indexes = table.indexes.iter();
    for index in indexes.filter(|index| vanishes(&index.columns)) {
        down.push(format!("{};", index.definition));
        down.extend(index.comment.as_ref().map(|comment| {
            let (name, comment) = (quote.ident(&index.name), literal(comment));
            format!("COMMENT ON INDEX {name} IS {comment};")
        }));
    }
    if with_triggers {
        down.extend(table.triggers.iter().map(|trigger| format!("{trigger};")));
    }
    (!down.is_empty()).then(|| Step {
        summary: String::new(),
        up: Vec::new(),
        down,
    })
}
