//! The names of foreign keys that no migration names.

use sql_text::{MAX_NAME, stored, tokens};

/// Whether two names of a foreign key of `table` differ in who has chosen them only. For
/// one that comes with a new column Citus leaves the column out, `tasks__fkey`, where
/// PostgreSQL says `tasks_list_fkey`.
///
/// Source: Citus, `GenerateConstraintName` in `table.c`.
pub(super) fn is_chosen_by_citus(
    (table, definition): (&str, &str),
    expected: &str,
    found: &str,
) -> bool {
    let Some(columns) = columns(definition) else {
        return false;
    };
    is_chosen(expected, table, &columns.join("_")) && is_chosen(found, table, "")
}

/// The columns of a foreign key.
fn columns(definition: &str) -> Option<Vec<String>> {
    let (_, rest) = definition.split_once("FOREIGN KEY (")?;
    let inside = tokens(rest).take_while(|token| token.text != ")");
    Some(inside.filter_map(|token| stored(&token)).collect())
}

/// Whether PostgreSQL may choose `name`, of `table` and what else it tells, with a number
/// behind it where another constraint has the name without.
fn is_chosen(name: &str, table: &str, more: &str) -> bool {
    let without_number = name.trim_end_matches(|last: char| last.is_ascii_digit());
    let number = name.strip_prefix(without_number).unwrap_or_default();
    chosen(table, more, &format!("fkey{number}")) == name
}

/// Three words as one name, where what is too long is taken from the longer one of the
/// first two.
///
/// Source: PostgreSQL, `makeObjectName` in `indexcmds.c`.
fn chosen(table: &str, more: &str, label: &str) -> String {
    let most = MAX_NAME.saturating_sub(label.len() + 2);
    let (mut of_table, mut of_more) = (table.len(), more.len());
    while of_table + of_more > most {
        if of_table > of_more {
            of_table -= 1;
        } else {
            of_more -= 1;
        }
    }
    let (table, more) = (cut(table, of_table), cut(more, of_more));
    format!("{table}_{more}_{label}")
}

/// As much of `text` as `most` bytes have room for.
fn cut(text: &str, most: usize) -> &str {
    let ends = (0..=most).rev();
    let mut texts = ends.filter_map(|end| text.get(..end));
    texts.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_its_column_is_of_citus_and_any_other_name_of_people() {
        let key = "FOREIGN KEY (list, \"At\") REFERENCES lists(id, at)";
        for (expected, found, is_chosen) in [
            ("tasks_list_At_fkey", "tasks__fkey", true),
            ("tasks_list_At_fkey1", "tasks__fkey12", true),
            ("tasks_list_At_fkey", "old__fkey", false),
            ("tasks_list_At_fkey", "tasks__fkey_old", false),
            ("tasks_list_At_fkey", "tasks_list__fkey", false),
            ("of_list", "tasks__fkey", false),
            ("tasks_list_fkey", "tasks__fkey", false),
        ] {
            let it = is_chosen_by_citus(("tasks", key), expected, found);
            assert_eq!(it, is_chosen, "{expected}: {found}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_two_letters() {
        let key = "FOREIGN KEY (list) REFERENCES lists(id)";
        for (letter, of_citus, of_postgresql) in [("x", 57, 53), ("ü", 28, 26)] {
            let table = letter.repeat(60 / letter.len());
            let found = format!("{}__fkey", letter.repeat(of_citus));
            let expected = format!("{}_list_fkey", letter.repeat(of_postgresql));
            let it = is_chosen_by_citus((&table, key), &expected, &found);
            assert!(it, "{table}");
        }
    }
}
