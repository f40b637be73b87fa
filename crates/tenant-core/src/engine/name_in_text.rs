//! Finds a schema's name in texts, which do not follow a renamed schema.
//!
//! Views, defaults, foreign keys and policies refer to what they mean. Texts are
//! the paths that functions, roles and databases keep, and the bodies of
//! functions.

use sql_text::literal;
use tokio_postgres::SimpleQueryRow;

use crate::name::{MIGRATION_HISTORY, Schema};
use crate::path::KeptPath;

/// A function of a schema whose own path names that schema.
pub(super) struct Routine {
    /// As a statement has to name it.
    signature: String,
    path: KeptPath,
}

/// What still has a schema's old name in it.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Paths that are kept outside the schema.
    pub(crate) paths: Vec<OldPath>,
    /// Functions and procedures with the name in their text, qualified.
    pub(crate) functions: Vec<String>,
}

/// A path that names a schema's old name.
#[derive(Debug)]
pub(crate) struct OldPath {
    /// Whose it is, in words.
    pub(crate) of: String,
    /// The statement that sets it to the new name.
    pub(crate) remedy: String,
}

/// A function or procedure `p` in the schema `n`, as statements name it.
pub(super) const SIGNATURE: &str = "pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, \
     pg_catalog.pg_get_function_identity_arguments(p.oid))";

/// The query for those functions of the schema: see [`Routine::read`].
pub(super) fn routines_of(schema: Schema<'_>) -> String {
    format!(
        "SELECT 'routine', {SIGNATURE}, s FROM pg_catalog.pg_proc p \
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) s \
         WHERE n.nspname = {} AND {} ORDER BY 2",
        literal(schema.schema_name()),
        KeptPath::may_name("s", schema)
    )
}

impl Routine {
    /// The function in a row, if it is one, and if its path names the schema.
    pub(super) fn read(row: &SimpleQueryRow, schema: Schema<'_>) -> Option<Self> {
        if row.get(0) != Some("routine") {
            return None;
        }
        let path = KeptPath::of_setting(row.get(2)?)?;
        path.names(schema).then_some(())?;
        let signature = row.get(1)?.to_owned();
        Some(Self { signature, path })
    }

    /// The statement that writes the schema's new name into the path of the routine. It runs
    /// while the schema has the old name, because types of the schema are in the signature.
    pub(super) fn follow(self, from: Schema<'_>, to: Schema<'_>) -> String {
        let path = self.path.renamed(from, to);
        format!("ALTER ROUTINE {} {}", self.signature, path.set())
    }
}

/// The queries for what still names the schema `from`, once it is called `to`: see
/// [`read_left`].
pub(super) fn what_is_left(from: Schema<'_>, to: Schema<'_>) -> [String; 3] {
    [
        paths_of_routines(from),
        paths_of_roles(from),
        texts(from, to),
    ]
}

/// What the rows of these queries say.
pub(super) fn read_left(rows: &[SimpleQueryRow], from: Schema<'_>, to: Schema<'_>) -> Left {
    let mut left = Left::default();
    for row in rows {
        match row.get(0) {
            Some("path") => left.paths.extend(old_path(row, from, to)),
            Some("text") => left.functions.extend(row.get(1).map(str::to_owned)),
            _ => {}
        }
    }
    left
}

fn old_path(row: &SimpleQueryRow, from: Schema<'_>, to: Schema<'_>) -> Option<OldPath> {
    let path = KeptPath::of_setting(row.get(3)?)?;
    path.names(from).then_some(())?;
    Some(OldPath {
        of: row.get(1)?.to_owned(),
        remedy: format!("{} {}", row.get(2)?, path.renamed(from, to).set()),
    })
}

fn paths_of_routines(from: Schema<'_>) -> String {
    format!(
        "SELECT 'path', 'function ' || {SIGNATURE}, 'ALTER ROUTINE ' || {SIGNATURE}, s \
         FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) s \
         WHERE n.nspname <> {} AND {} ORDER BY 2",
        literal(from.schema_name()),
        KeptPath::may_name("s", from)
    )
}

/// The paths of roles, in this database or in all, and the path of the database.
fn paths_of_roles(from: Schema<'_>) -> String {
    format!(
        "SELECT 'path', \
             CASE WHEN r.oid IS NOT NULL THEN 'role ' || r.rolname \
                  WHEN d.oid IS NOT NULL THEN 'database ' || d.datname ELSE 'all roles' END, \
             CASE WHEN r.oid IS NULL AND d.oid IS NOT NULL \
                  THEN pg_catalog.format('ALTER DATABASE %I', d.datname) \
                  ELSE 'ALTER ROLE ' || coalesce(pg_catalog.quote_ident(r.rolname), 'ALL') \
                       || coalesce(' IN DATABASE ' || pg_catalog.quote_ident(d.datname), '') END, \
             s \
         FROM pg_catalog.pg_db_role_setting o \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = o.setrole \
         LEFT JOIN pg_catalog.pg_database d ON d.oid = o.setdatabase \
         CROSS JOIN LATERAL pg_catalog.unnest(o.setconfig) s \
         WHERE (o.setdatabase = 0 OR d.datname = pg_catalog.current_database()) AND {} \
         ORDER BY 2, 3",
        KeptPath::may_name("s", from)
    )
}

/// A condition: functions `p` of schemas `n` that are no tenant's. Another tenant's speak of
/// something else, and an extension's own are not the user's.
pub(super) fn named_elsewhere() -> String {
    let ledger = literal(MIGRATION_HISTORY);
    format!(
        "(n.nspname = 'public' \
             OR n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' \
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c \
                                WHERE c.relnamespace = n.oid AND c.relname = {ledger})) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
             WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
             AND e.objid = p.oid AND e.deptype = 'e')"
    )
}

/// Functions with the name as a word in their text: functions of the schema itself, and functions
/// of schemas that belong to no tenant.
fn texts(from: Schema<'_>, to: Schema<'_>) -> String {
    let to = literal(to.schema_name());
    texts_with(
        from,
        &format!("(n.nspname = {to} OR {})", named_elsewhere()),
    )
}

/// The query for the functions of `schema` with the name of `other` in their text: see
/// [`read_left`].
pub(super) fn texts_in(schema: Schema<'_>, other: Schema<'_>) -> String {
    let schema = literal(schema.schema_name());
    texts_with(other, &format!("n.nspname = {schema}"))
}

/// A name as a regular expression that matches it and nothing else.
pub(super) fn in_pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for one in name.chars() {
        if one.is_ascii_punctuation() && one != '_' {
            pattern.push('\\');
        }
        pattern.push(one);
    }
    pattern
}

fn texts_with(name: Schema<'_>, condition: &str) -> String {
    let signature = format!("{SIGNATURE} AS signature");
    let functions = functions_naming(name, &signature, condition);
    format!("SELECT 'text', f.signature FROM ({functions}) f ORDER BY 2")
}

/// The query for `columns` of the functions with the name in their text. The text of a
/// function in C is no text.
pub(super) fn functions_naming(name: Schema<'_>, columns: &str, condition: &str) -> String {
    let word = literal(&format!(r"\y{}\y", in_pattern(name.schema_name())));
    format!(
        "SELECT {columns} FROM pg_catalog.pg_proc p \
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
         JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
         WHERE l.lanname NOT IN ('internal', 'c') AND p.prosrc ~* {word} AND {condition}"
    )
}

/// The queries for the paths that name the schema, and are kept outside it: see
/// [`read_left`].
pub(super) fn paths_naming(schema: Schema<'_>) -> [String; 2] {
    [paths_of_routines(schema), paths_of_roles(schema)]
}
