//! What has another name afterwards, another type, or is gone: whatever calls it by
//! its old name in a text has to follow.

use super::Planner;

/// Something of the schema that a text may name, by its names in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) what: Named,
    pub(crate) change: Change,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Table(String),
    Column { table: String, column: String },
    Type(String),
}

/// What happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It gets this name.
    Renamed(String),
    /// It is dropped.
    Dropped,
    /// Its values get another type.
    Converted,
}

impl Change {
    /// The change in words, behind "which".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Renamed(new) => format!("is renamed to `{new}`"),
            Self::Dropped => "is dropped".to_owned(),
            Self::Converted => "gets another type".to_owned(),
        }
    }
}

impl Planner<'_> {
    /// Everything that changes in this way: tables, columns, types.
    pub(super) fn named_otherwise(self) -> Vec<Changed> {
        let gone = self.matches.gone.iter();
        let gone = gone.map(|table| Changed {
            what: Named::Table(table.clone()),
            change: Change::Dropped,
        });
        let types = self.dropped_types().map(|ty| Changed {
            what: Named::Type(ty.name.clone()),
            change: Change::Dropped,
        });
        let mut changed = gone.chain(types).collect::<Vec<_>>();
        for found in &self.matches.tables {
            if found.old != found.new {
                changed.push(Changed {
                    what: Named::Table(found.old.clone()),
                    change: Change::Renamed(found.new.clone()),
                });
            }
            let column = |column: &String, change| Changed {
                what: Named::Column {
                    table: found.old.clone(),
                    column: column.clone(),
                },
                change,
            };
            let renamed = found.renamed.iter();
            changed.extend(renamed.map(|(old, new)| column(old, Change::Renamed(new.clone()))));
            let gone = found.gone.iter();
            changed.extend(gone.map(|name| column(name, Change::Dropped)));
        }
        let converted = self.conversions().into_iter();
        changed.extend(converted.map(|it| Changed {
            what: Named::Column {
                table: it.table,
                column: it.column,
            },
            change: Change::Converted,
        }));
        changed
    }
}
