//! What a difference would drop with something in it.

use super::difference::{Change, Difference};
use super::mend::Mending;
use super::object::ObjectKind;

/// An object that can hold rows, values or a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder<'a> {
    Table(&'a str),
    /// A column of a table.
    Column(&'a str, &'a str),
    Sequence(&'a str),
}

/// Whether something is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Nothing,
    Something,
    /// It could not be read.
    Unknown,
}

impl Difference {
    /// What its statements would drop with what is in it.
    pub(crate) fn would_drop(&self) -> Option<Holder<'_>> {
        // The rows of a foreign table are on another server, and stay there.
        let is_foreign = |sql: &String| sql.starts_with("DROP FOREIGN TABLE");
        let has_drop = !self.statements.is_empty() && !self.statements.iter().any(is_foreign);
        if self.change != Change::Extra || !has_drop {
            return None;
        }
        let name = self.object.name.as_str();
        match self.object.kind {
            ObjectKind::Table => Some(Holder::Table(name)),
            ObjectKind::Column => {
                let table = self.object.table.as_deref()?;
                Some(Holder::Column(table, name))
            }
            ObjectKind::Sequence => Some(Holder::Sequence(name)),
            _ => None,
        }
    }

    /// Shows nothing that drops it: it holds something, or may do so.
    pub(crate) fn keep_what_it_holds(&mut self, holds: Holds) {
        let note = match (self.object.kind, holds) {
            (ObjectKind::Table, Holds::Something) => "it has rows",
            (ObjectKind::Column, Holds::Something) => "it has values",
            (ObjectKind::Sequence, Holds::Something) => "it has issued numbers",
            _ => "could not check whether it is empty",
        };
        self.mending = Mending::Keeps;
        self.statements.clear();
        self.core.clear();
        self.note = Some(note.to_owned());
    }
}
