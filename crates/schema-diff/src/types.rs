//! Diesel's names for types, and PostgreSQL's.

use crate::model::Type;

/// What Diesel calls a type, what the catalog calls it, and how it is written.
///
/// Source of the first: `diesel::sql_types` and `diesel::pg::sql_types`, with
/// their aliases; of the others: PostgreSQL manual, "Data Types".
const BUILTIN: &[(&[&str], &str, &str)] = &[
    (&["Bool"], "bool", "BOOLEAN"),
    (
        &["SmallInt", "Int2", "Smallint", "SmallSerial"],
        "int2",
        "SMALLINT",
    ),
    (&["Integer", "Int4", "Serial"], "int4", "INTEGER"),
    (&["BigInt", "Int8", "Bigint", "BigSerial"], "int8", "BIGINT"),
    (&["Float", "Float4"], "float4", "REAL"),
    (&["Double", "Float8"], "float8", "DOUBLE PRECISION"),
    (&["Numeric", "Decimal"], "numeric", "NUMERIC"),
    (&["Text"], "text", "TEXT"),
    (&["VarChar", "Varchar"], "varchar", "VARCHAR"),
    (&["Bpchar", "Char"], "bpchar", "CHAR"),
    (&["CChar"], "char", "\"char\""),
    (&["Citext"], "citext", "CITEXT"),
    (&["Binary", "Bytea"], "bytea", "BYTEA"),
    (&["Date"], "date", "DATE"),
    (&["Time"], "time", "TIME"),
    (&["Timestamp"], "timestamp", "TIMESTAMP"),
    (
        &["Timestamptz", "TimestamptzSql"],
        "timestamptz",
        "TIMESTAMPTZ",
    ),
    (&["Interval"], "interval", "INTERVAL"),
    (&["Uuid"], "uuid", "UUID"),
    (&["Json"], "json", "JSON"),
    (&["Jsonb"], "jsonb", "JSONB"),
    (&["Inet"], "inet", "INET"),
    (&["Cidr"], "cidr", "CIDR"),
    (&["MacAddr", "Macaddr"], "macaddr", "MACADDR"),
    (&["MacAddr8", "Macaddr8"], "macaddr8", "MACADDR8"),
    (&["Money"], "money", "MONEY"),
    (&["Oid"], "oid", "OID"),
    (&["PgLsn"], "pg_lsn", "PG_LSN"),
    (&["Int4range"], "int4range", "INT4RANGE"),
    (&["Int8range"], "int8range", "INT8RANGE"),
    (&["Numrange"], "numrange", "NUMRANGE"),
    (&["Tsrange"], "tsrange", "TSRANGE"),
    (&["Tstzrange"], "tstzrange", "TSTZRANGE"),
    (&["Daterange"], "daterange", "DATERANGE"),
    (&["Int4multirange"], "int4multirange", "INT4MULTIRANGE"),
    (&["Int8multirange"], "int8multirange", "INT8MULTIRANGE"),
    (&["Nummultirange"], "nummultirange", "NUMMULTIRANGE"),
    (&["Tsmultirange"], "tsmultirange", "TSMULTIRANGE"),
    (&["Tstzmultirange"], "tstzmultirange", "TSTZMULTIRANGE"),
    (&["Datemultirange"], "datemultirange", "DATEMULTIRANGE"),
];

/// The catalog's name of the type that Diesel calls `diesel`.
pub(crate) fn builtin(diesel: &str) -> Option<&'static str> {
    let found = BUILTIN.iter().find(|(names, ..)| names.contains(&diesel));
    found.map(|(_, name, _)| *name)
}

/// Whether the catalog's `name` is one that Diesel has a type for.
pub(crate) fn is_builtin(name: &str) -> bool {
    BUILTIN.iter().any(|(_, known, _)| *known == name)
}

/// The range over the catalog's type `element`.
pub(crate) fn range_over(element: &str) -> Option<&'static str> {
    Some(match element {
        "int4" => "int4range",
        "int8" => "int8range",
        "numeric" => "numrange",
        "timestamp" => "tsrange",
        "timestamptz" => "tstzrange",
        "date" => "daterange",
        _ => return None,
    })
}

/// The multirange over the catalog's type `element`.
pub(crate) fn multirange_over(element: &str) -> Option<&'static str> {
    Some(match element {
        "int4" => "int4multirange",
        "int8" => "int8multirange",
        "numeric" => "nummultirange",
        "timestamp" => "tsmultirange",
        "timestamptz" => "tstzmultirange",
        "date" => "datemultirange",
        _ => return None,
    })
}

/// How the type is written in SQL. `quote` writes the name of one that is not
/// Diesel's.
pub(crate) fn to_sql(ty: &Type, quote: impl Fn(&str) -> String) -> String {
    let known = BUILTIN.iter().find(|(_, name, _)| *name == ty.name);
    let mut sql = match known {
        // Without a length, `CHAR` would be one character.
        Some((_, "bpchar", _)) if ty.length.is_none() => "BPCHAR".to_owned(),
        Some((_, _, sql)) => (*sql).to_owned(),
        None => quote(&ty.name),
    };
    if let Some(length) = ty.length {
        sql.push_str(&format!("({length})"));
    }
    if ty.array {
        sql.push_str("[]");
    }
    sql
}

/// A value that every row can have when nothing better is known, as a literal
/// of the type; `None` where there is no such value.
pub(crate) fn neutral(ty: &Type) -> Option<&'static str> {
    if ty.array {
        return Some("'{}'");
    }
    Some(match ty.name.as_str() {
        "bool" => "FALSE",
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid" => "0",
        "text" | "varchar" | "bpchar" | "char" | "citext" | "bytea" | "name" | "tsvector" => "''",
        "date" => "'1970-01-01'",
        "time" | "timetz" => "'00:00'",
        "timestamp" => "'1970-01-01 00:00:00'",
        "timestamptz" => "'1970-01-01 00:00:00Z'",
        "interval" | "money" => "'0'",
        "uuid" => "'00000000-0000-0000-0000-000000000000'",
        "json" | "jsonb" => "'{}'",
        "inet" | "cidr" => "'0.0.0.0'",
        "macaddr" => "'00:00:00:00:00:00'",
        "macaddr8" => "'00:00:00:00:00:00:00:00'",
        "pg_lsn" => "'0/0'",
        name if name.ends_with("multirange") => "'{}'",
        name if name.ends_with("range") => "'empty'",
        _ => return None,
    })
}

/// The condition that `column`, which is SQL, holds nothing. `IS NULL` is also true of a
/// row of a composite type whose fields are all NULL, which is a value.
pub(crate) fn is_null(ty: &Type, column: &str) -> String {
    if is_builtin(&ty.name) || ty.array {
        format!("{column} IS NULL")
    } else {
        format!("{column} IS NOT DISTINCT FROM NULL")
    }
}

/// The opposite of [`is_null`].
pub(crate) fn is_not_null(ty: &Type, column: &str) -> String {
    if is_builtin(&ty.name) || ty.array {
        format!("{column} IS NOT NULL")
    } else {
        format!("{column} IS DISTINCT FROM NULL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(name: &str, array: bool, length: Option<u32>) -> Type {
        Type {
            name: name.to_owned(),
            array,
            length,
        }
    }

    #[test]
    fn every_builtin_type_has_one_line_and_its_aliases_stand_there() {
        let names = BUILTIN.iter().flat_map(|(diesel, ..)| *diesel);
        let mut names = names.copied().collect::<Vec<_>>();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(builtin("Varchar"), Some("varchar"));
        assert_eq!(builtin("TinyInt"), None);
    }

    #[test]
    fn a_type_is_written_with_its_length_and_its_brackets() {
        let quote = |name: &str| format!("<{name}>");
        assert_eq!(to_sql(&ty("int8", false, None), quote), "BIGINT");
        assert_eq!(to_sql(&ty("varchar", true, Some(5)), quote), "VARCHAR(5)[]");
        assert_eq!(to_sql(&ty("bpchar", false, None), quote), "BPCHAR");
        assert_eq!(to_sql(&ty("bpchar", false, Some(2)), quote), "CHAR(2)");
        assert_eq!(to_sql(&ty("mood", true, None), quote), "<mood>[]");
    }
}
