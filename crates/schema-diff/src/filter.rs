//! Which tables a `schema.rs` is about.

use regex::Regex;

/// The tables that Diesel's `print_schema.filter` leaves in a `schema.rs`. The
/// others are none of the generator's business: they are not missing there. An
/// expression fits a table when it matches any part of its name, as it does for
/// the Diesel CLI.
#[derive(Debug, Clone, Default)]
pub enum Filter {
    /// Every table.
    #[default]
    All,
    /// Those that one of these fits.
    Only(Vec<Regex>),
    /// Those that none of these fits.
    Except(Vec<Regex>),
}

impl Filter {
    /// Whether the table called `name` belongs into the file. Diesel leaves out
    /// every table whose name starts with two underscores, its own among them.
    #[must_use]
    pub fn includes(&self, name: &str) -> bool {
        let fits = |expressions: &[Regex]| expressions.iter().any(|one| one.is_match(name));
        let listed = match self {
            Self::All => true,
            Self::Only(expressions) => fits(expressions),
            Self::Except(expressions) => !fits(expressions),
        };
        listed && !name.starts_with("__")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_keeps_what_it_names_or_all_but_that() {
        let expressions = || {
            ["^users$", "post"]
                .map(|text| Regex::new(text).unwrap())
                .to_vec()
        };
        let only = Filter::Only(expressions());
        let except = Filter::Except(expressions());
        for (table, named) in [("users", true), ("users2", false), ("blog_posts", true)] {
            assert_eq!(only.includes(table), named, "{table}");
            assert_eq!(except.includes(table), !named, "{table}");
        }
        assert!(Filter::All.includes("anything"));
        assert!(!Filter::Only(Vec::new()).includes("anything"));
        assert!(!Filter::Except(Vec::new()).includes("__diesel_schema_migrations"));
    }
}
