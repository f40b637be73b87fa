//! The questions that must be answered before a migration can be written.

use std::fmt;

/// A question that the two schemas leave open. `Display` prints the question, and
/// [`options`](Question::options) lists the command line options that answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Was a table renamed or dropped?
    GoneTable {
        /// Its name.
        table: String,
        /// New tables that may be the renamed table, the most similar first.
        candidates: Vec<String>,
    },
    /// Was a column renamed or dropped?
    GoneColumn {
        /// The table, by the name it has in the file.
        table: String,
        /// The column.
        column: String,
        /// New columns that may be the renamed column, columns of the same type first.
        candidates: Vec<String>,
    },
    /// Which value do existing rows get?
    Default {
        /// The table.
        table: String,
        /// The column, which is NOT NULL.
        column: String,
        /// Its type, as SQL.
        ty: String,
        /// Whether the column is new; if not, it allowed NULL before.
        is_new: bool,
    },
    /// How are the values of a column converted to another type?
    Conversion {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type, and the new one, as SQL.
        types: (String, String),
        /// The conversion of PostgreSQL, which may round, truncate or guess.
        usual: String,
    },
    /// What is the definition of a new type?
    Type {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GoneTable { table, .. } => write!(
                formatter,
                "table `{table}` is not in schema.rs: rename it, drop it with its data, or \
                 regenerate schema.rs first?"
            ),
            Self::GoneColumn { table, column, .. } => write!(
                formatter,
                "column `{column}` of `{table}` is not in schema.rs: rename it, drop it with its \
                 data, or regenerate schema.rs first?"
            ),
            Self::Default {
                table,
                column,
                ty,
                is_new: true,
            } => write!(
                formatter,
                "new column `{column}` ({ty}) of `{table}` is NOT NULL: which value do existing \
                 rows get?"
            ),
            Self::Default {
                table, column, ty, ..
            } => write!(
                formatter,
                "column `{column}` ({ty}) of `{table}` becomes NOT NULL: which value replaces \
                 NULL in existing rows?"
            ),
            Self::Conversion {
                table,
                column,
                types: (from, to),
                ..
            } => write!(
                formatter,
                "column `{column}` of `{table}` changes from {from} to {to}, which may alter \
                 values silently (rounding, truncation, format, time zone): how are they \
                 converted?"
            ),
            Self::Type { name } => write!(
                formatter,
                "new type `{name}` is not defined in schema.rs: if it is an enum, what are its \
                 labels?"
            ),
        }
    }
}

impl Question {
    /// The command line options that answer it, each with its meaning. Replace the words
    /// in capitals.
    #[must_use]
    pub fn options(&self) -> Vec<(String, &'static str)> {
        let drop = ("--allow-drop".to_owned(), "drop it with its data");
        match self {
            Self::GoneTable { table, candidates } => {
                let renames = candidates.iter().map(|new| format!("{table}:{new}"));
                renames.map(rename_option).chain([drop]).collect()
            }
            Self::GoneColumn {
                table,
                column,
                candidates,
            } => {
                let renames = candidates.iter();
                let renames = renames.map(|new| format!("{table}.{column}:{new}"));
                renames.map(rename_option).chain([drop]).collect()
            }
            Self::Default { table, column, .. } => {
                let option = format!(
                    "--default {}",
                    shell_word(&format!("{table}.{column}=EXPR"))
                );
                vec![(option, "use the value of an SQL expression")]
            }
            Self::Conversion {
                table,
                column,
                usual,
                ..
            } => {
                let option = shell_word(&format!("{table}.{column}={usual}"));
                vec![(
                    format!("--using {option}"),
                    "convert them as PostgreSQL does",
                )]
            }
            Self::Type { name } => vec![
                (
                    format!("--enum {}", shell_word(&format!("{name}=LABEL,LABEL"))),
                    "create an enum",
                ),
                (
                    format!("--type {}", shell_word(&format!("{name}=DEFINITION"))),
                    "give the definition after `CREATE TYPE ... AS`",
                ),
            ],
        }
    }
}

fn rename_option(what: String) -> (String, &'static str) {
    (format!("--rename {}", shell_word(&what)), "rename it")
}

/// `word` as a shell takes it for one word.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:=,-/@%+".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_can_be_pasted_into_a_shell() {
        let question = Question::GoneColumn {
            table: "tasks".into(),
            column: "it's".into(),
            candidates: vec!["title".into()],
        };
        let options = question.options();
        assert_eq!(options[0].0, r"--rename 'tasks.it'\''s:title'");
        assert_eq!(options[1].0, "--allow-drop");
    }
}
