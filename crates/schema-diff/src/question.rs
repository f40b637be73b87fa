//! What has to be asked before a migration can be written.

use std::fmt;

/// Something that the two schemas do not tell. Its `Display` is the question;
/// [`options`](Question::options) are the ways to answer it beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A table is gone from the file: renamed, or dropped?
    GoneTable {
        /// Its name.
        table: String,
        /// New tables that it may have become, the most alike first.
        candidates: Vec<String>,
    },
    /// A column is gone from the file: renamed, or dropped?
    GoneColumn {
        /// The table, by the name it has in the file.
        table: String,
        /// The column.
        column: String,
        /// New columns that it may have become, those of the same type first.
        candidates: Vec<String>,
    },
    /// What do the rows that are there already get?
    Default {
        /// The table.
        table: String,
        /// The column, which takes no NULL.
        column: String,
        /// Its type, as SQL.
        ty: String,
        /// Whether it is a new column; otherwise one that took NULL before.
        is_new: bool,
    },
    /// How do the values of a column become values of another type?
    Conversion {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type, and the new one, as SQL.
        types: (String, String),
        /// What PostgreSQL would do, which may round, cut or guess.
        usual: String,
    },
    /// What is a new type made of?
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
    /// The command line options that answer it, each with what it means. Words
    /// in capitals are to be filled in.
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
