//! The index that a `CREATE INDEX CONCURRENTLY` builds, and its table.

use std::ops::Range;

use super::names::Names;

/// What a statement builds. Names are as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuiltIndex {
    /// `None` where the server finds a name.
    pub(crate) name: Option<String>,
    /// With its schema if that is named.
    pub(crate) table: String,
    /// The same without its schema.
    pub(crate) bare_table: String,
    is_unique: bool,
    /// Where all of this stands in the statement, from its start to the table's end.
    head: Range<usize>,
}

impl BuiltIndex {
    /// `statement`, which builds it, in a form that builds the same on another table, at
    /// once and under a name that the server finds.
    pub(crate) fn on(&self, table: &str, statement: &str) -> String {
        let unique = if self.is_unique { "UNIQUE " } else { "" };
        let rest = statement.get(self.head.end..).unwrap_or_default();
        format!("CREATE {unique}INDEX ON {table}{rest}")
    }
}

/// The index that `statement` builds concurrently. `None` for any other statement.
pub(crate) fn built_concurrently(statement: &str) -> Option<BuiltIndex> {
    let mut names = Names::of(statement).after(&["create"])?;
    let is_unique = names.skip("unique");
    let mut names = names.after(&["index", "concurrently"])?;
    names.skip_all(&["if", "not", "exists"]);
    let name = if names.is_at("on") {
        None
    } else {
        Some(names.name()?)
    };
    let mut names = names.after(&["on"])?;
    names.skip("only");
    let start = names.start()?;
    let parts = names.parts()?;
    names.skip_symbol('*');
    Some(BuiltIndex {
        name,
        table: parts.join("."),
        bare_table: parts.last()?.clone(),
        is_unique,
        head: start..names.end(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(statement: &str) -> Option<(Option<String>, String)> {
        built_concurrently(statement).map(|index| (index.name, index.table))
    }

    #[test]
    fn name_and_table_are_read_as_they_are_written() {
        let named = |name: &str, table: &str| Some((Some(name.to_owned()), table.to_owned()));
        assert_eq!(
            built("CREATE INDEX CONCURRENTLY By_Title ON Tasks (title)"),
            named("By_Title", "Tasks")
        );
        assert_eq!(
            built("create unique index concurrently if not exists \"A \"\"b\" on only \"T\" (a)"),
            named("\"A \"\"b\"", "\"T\"")
        );
        assert_eq!(
            built("CREATE INDEX CONCURRENTLY ON tasks (title)"),
            Some((None, "tasks".to_owned()))
        );
        assert_eq!(
            built("CREATE INDEX CONCURRENTLY U&\"d\\0061ta\" ON acme . \"Tasks\" (title)"),
            named("\"data\"", "acme.\"Tasks\"")
        );
    }

    #[test]
    fn the_same_is_built_on_another_table() {
        let statement = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON acme.t USING hash (a)";
        let index = built_concurrently(statement).unwrap();
        assert_eq!(
            index.on("pg_temp.t", statement),
            "CREATE UNIQUE INDEX ON pg_temp.t USING hash (a)"
        );
        assert_eq!(index.bare_table, "t");
    }

    #[test]
    fn other_statements_build_nothing_of_the_kind() {
        for statement in [
            "CREATE INDEX by_title ON tasks (title)",
            "DROP INDEX CONCURRENTLY by_title",
        ] {
            assert_eq!(built(statement), None, "{statement}");
        }
    }
}
