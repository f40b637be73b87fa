//! How the values of a type are compared.
//!
//! An operator without its schema is looked up along the path, and one of the tenant's own
//! can fit the types better than PostgreSQL's. So each is written with its schema.

use tenant_core::quote_ident;

/// An operator of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// The operators of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Values have no order, and their texts are compared.
    AsText,
    /// By PostgreSQL's own.
    OfServer,
    /// By these, as SQL: in the order of [`Comparator`].
    Own(Vec<String>),
}

/// PostgreSQL's own, in the same order.
const NAMES: [&str; 5] = ["<", "<=", "=", ">=", ">"];

impl Comparison {
    /// Those of the type's order, with their schemas; or else PostgreSQL's own, if it has
    /// some for the type.
    pub(super) fn of(schemas: &[String], names: &[String], is_of_server: bool) -> Self {
        let is_whole = schemas.len() == NAMES.len() && names.len() == NAMES.len();
        if !is_whole {
            return match is_of_server {
                true => Self::OfServer,
                false => Self::AsText,
            };
        }
        if schemas.iter().all(|schema| schema == "pg_catalog") && names == NAMES {
            return Self::OfServer;
        }
        let all = schemas.iter().zip(names);
        let all = all.map(|(schema, name)| format!("OPERATOR({}.{name})", quote_ident(schema)));
        Self::Own(all.collect())
    }

    /// The operator that says that two values are the same, unless it is their texts that
    /// are compared.
    pub(super) fn equality(&self) -> Option<String> {
        match self {
            Self::AsText => None,
            Self::OfServer | Self::Own(_) => Some(self.sql(Comparator::Equal)),
        }
    }

    pub(crate) fn sql(&self, comparator: Comparator) -> String {
        let at = comparator as usize;
        let own = match self {
            Self::Own(own) => own.get(at).cloned(),
            Self::AsText | Self::OfServer => None,
        };
        let name = NAMES.get(at).copied().unwrap_or_default();
        own.unwrap_or_else(|| format!("OPERATOR(pg_catalog.{name})"))
    }
}
