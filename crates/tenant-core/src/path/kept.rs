//! A `search_path` that PostgreSQL keeps with a function, a role or a database.
//!
//! It is kept as text, so it does not follow a schema that gets another name.

use crate::name::Schema;

use sql_text::literal;

/// How such a setting begins, in the lists of settings in the catalog.
const SETTING: &str = "search_path=";

/// The names in a path that is kept, each as it is without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptPath(Vec<String>);

impl KeptPath {
    /// The path in `setting`, which is an element of a list of settings in the
    /// catalog. `None` for another setting, and for a text that PostgreSQL does
    /// not take for a path either.
    pub(crate) fn of_setting(setting: &str) -> Option<Self> {
        split(setting.strip_prefix(SETTING)?).map(Self)
    }

    /// A condition on `setting`, an expression: whether it may be a path that
    /// names the schema. What it lets through is to be read by
    /// [`of_setting`](Self::of_setting).
    pub(crate) fn may_name(setting: &str, schema: Schema<'_>) -> String {
        format!(
            "(pg_catalog.starts_with({setting}, {}) AND \
             pg_catalog.strpos(pg_catalog.lower({setting}), {}) > 0)",
            literal(SETTING),
            // As it stands there: quotes inside are doubled, those around may be missing.
            lower(schema.ident().trim_matches('"')),
        )
    }

    /// Whether the schema is among the names.
    pub(crate) fn names(&self, schema: Schema<'_>) -> bool {
        self.0.iter().any(|name| name == schema.schema_name())
    }

    /// The same with the schema's new name.
    pub(crate) fn renamed(mut self, from: Schema<'_>, to: Schema<'_>) -> Self {
        for name in self.0.iter_mut().filter(|name| *name == from.schema_name()) {
            to.schema_name().clone_into(name);
        }
        self
    }

    /// What sets it, as the end of an `ALTER`. The names are constants, because
    /// an empty one, which stands for no schema, cannot be an identifier.
    pub(crate) fn set(&self) -> String {
        let names = self.0.iter().map(|name| literal(name));
        format!(
            "SET search_path TO {}",
            names.collect::<Vec<_>>().join(", ")
        )
    }
}

/// An expression: `text` in lower case. Of what is not ASCII the server knows how.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        literal(&text.to_ascii_lowercase())
    } else {
        format!("pg_catalog.lower({})", literal(text))
    }
}

/// The names in the list, as PostgreSQL reads it.
///
/// Source: `SplitIdentifierString` of PostgreSQL.
fn split(list: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = without_space(list);
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, behind) = first_name(rest)?;
        names.push(name);
        match without_space(behind) {
            "" => return Some(names),
            behind => rest = without_space(behind.strip_prefix(',')?),
        }
    }
}

/// The name that the text begins with, and what is behind it.
fn first_name(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(|one| one == ',' || is_space(one));
        let (name, behind) = text.split_at(end.unwrap_or(text.len()));
        return (!name.is_empty()).then(|| (name.to_ascii_lowercase(), behind));
    };
    let mut name = String::new();
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, behind)),
        }
    }
}

fn without_space(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

fn is_space(one: char) -> bool {
    matches!(one, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(setting: &str) -> Option<Vec<String>> {
        KeptPath::of_setting(setting).map(|path| path.0)
    }

    fn of(names: &[&str]) -> Option<Vec<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_kept_path_is_read_as_postgresql_reads_it() {
        assert_eq!(names("search_path=acme"), of(&["acme"]));
        assert_eq!(
            names(r#"search_path="$user", Public ,"A, ""b""""#),
            of(&["$user", "public", r#"A, "b""#])
        );
        assert_eq!(names("search_path="), of(&[]));
        assert_eq!(names(r#"search_path="""#), of(&[""]));
    }

    #[test]
    fn what_is_no_path_is_not_read() {
        for text in [
            "work_mem=acme",
            "search_path=acme,",
            "search_path=,acme",
            "search_path=acme globex",
            r#"search_path="acme"#,
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }

    #[test]
    fn exactly_the_schema_gets_its_new_name() {
        let (acme, globex) = ("acme".parse().unwrap(), "globex".parse().unwrap());
        let (from, to) = (Schema::Spare(&acme), Schema::Spare(&globex));
        let path = KeptPath::of_setting(r#"search_path="$user", acme, "Acme", acme_2, """#);
        let path = path.unwrap();
        assert!(path.names(from) && !path.names(to));
        assert_eq!(
            path.renamed(from, to).set(),
            "SET search_path TO '$user', 'globex', 'Acme', 'acme_2', ''"
        );
    }
}
