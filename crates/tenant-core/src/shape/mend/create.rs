//! The statements that make what a shape holds.

use sql_text::ident;

use super::domain::Domain;
use super::words::{keyword, next_of, owning_column, reference};
use super::{grant, revoke, set_comment, set_owner};
use crate::shape::Shape;
use crate::shape::grants::Grants;
use crate::shape::normal::{calls_own, in_schema, own};
use crate::shape::object::{Aspect, Object, ObjectKind, ObjectName};

/// When a statement comes, in the making of a whole schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Types, sequences and functions.
    Parts,
    /// Tables with their columns, and columns.
    Tables,
    /// Which column a sequence belongs to, and where it stands. With this, rows can
    /// be filled in.
    Ownership,
    /// Defaults that take from a sequence which belongs to a column.
    Defaults,
    /// Primary and unique keys, checks, exclusions.
    Keys,
    /// Indexes.
    Indexes,
    /// Foreign keys, which need the keys.
    ForeignKeys,
    /// Views.
    Views,
    /// Indexes of materialized views.
    IndexesOfViews,
    /// Triggers, rules and statistics.
    Behaviour,
    /// Row-level security.
    Security,
    /// Comments, owners and grants.
    Words,
}

/// A statement in the normal form.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) stage: Stage,
    pub(crate) sql: String,
}

impl AsRef<str> for Statement {
    fn as_ref(&self) -> &str {
        &self.sql
    }
}

/// The statements that create everything in `shape` except unusable indexes, rendered for the
/// schema `schema`, by stages.
pub(crate) fn creation(shape: &Shape, schema: &str) -> Vec<Statement> {
    let names = shape.objects.keys();
    let names =
        names.filter(|name| name.kind != ObjectKind::Column && !shape.is_unusable_index(name));
    let mut statements = names.flat_map(|name| one(shape, name)).collect::<Vec<_>>();
    for statement in &mut statements {
        statement.sql = crate::shape::normal::rendered(&statement.sql, schema);
    }
    statements.sort_by_key(|statement| statement.stage);
    statements
}

/// Whether there is SQL that makes it.
pub(super) fn is_possible(name: &ObjectName, object: &Object) -> bool {
    let nature = object.fact(Aspect::Nature).unwrap_or_default();
    match name.kind {
        ObjectKind::Schema => false,
        ObjectKind::Type => nature != "range",
        ObjectKind::Table => !nature.contains("foreign"),
        _ => true,
    }
}

/// The statements for one object; for a table with its columns, and nothing else
/// that hangs on it.
pub(super) fn one(shape: &Shape, name: &ObjectName) -> Vec<Statement> {
    let object = shape.get(name);
    object.map_or_else(Vec::new, |object| one_like(shape, name, object))
}

fn one_like(shape: &Shape, name: &ObjectName, object: &Object) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut add = |stage, sql| statements.push(Statement { stage, sql });
    if is_possible(name, object)
        && let Some((stage, sql)) = definition(shape, name, object)
    {
        add(stage, sql);
    }
    for (stage, sql) in beside(name, object) {
        add(stage, sql);
    }
    if object.fact(Aspect::Nature) == Some("domain") {
        for constraint in Domain::of(object).unchecked {
            let sql = format!("ALTER DOMAIN {} ADD {constraint}", own(&name.name));
            add(Stage::Keys, sql);
        }
    }
    if name.kind == ObjectKind::Table {
        for (column, object) in columns(shape, &name.name) {
            for (stage, sql) in beside(column, object) {
                add(stage, sql);
            }
            if let Some(default) = late_default(shape, column, object) {
                let (table, column) = (own(&name.name), ident(&column.name));
                let sql =
                    format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}");
                add(Stage::Defaults, sql);
            }
        }
    }
    statements
}

/// The statements for a column that may not be null, as if it might.
pub(super) fn nullable(shape: &Shape, name: &ObjectName) -> Vec<Statement> {
    let Some(object) = shape.get(name) else {
        return Vec::new();
    };
    if object.fact(Aspect::NotNull).is_none() || object.fact(Aspect::Identity).is_some() {
        return Vec::new();
    }
    let mut object = object.clone();
    object.facts.remove(&Aspect::NotNull);
    let mut statements = one_like(shape, name, &object);
    let sequences = sequences_of(shape, name);
    statements.extend(sequences.flat_map(|other| one(shape, other)));
    statements
}

/// The statement that makes the object itself.
fn definition(shape: &Shape, name: &ObjectName, object: &Object) -> Option<(Stage, String)> {
    let text = object.fact(Aspect::Definition).unwrap_or_default();
    let text = text.trim_end().trim_end_matches(';');
    let nature = object.fact(Aspect::Nature).unwrap_or_default();
    let (own_name, table) = (own(&name.name), name.table.as_deref().map(own));
    let table = table.unwrap_or_default();
    Some(match name.kind {
        ObjectKind::Schema => return None,
        ObjectKind::Type => (Stage::Parts, create_type(&own_name, nature, object)),
        ObjectKind::Sequence => {
            let unlogged = if nature.is_empty() { "" } else { "UNLOGGED " };
            (
                Stage::Parts,
                format!("CREATE {unlogged}SEQUENCE {own_name} {text}"),
            )
        }
        ObjectKind::Function => (Stage::Parts, text.to_owned()),
        ObjectKind::Table => (Stage::Tables, create_table(shape, name, object)),
        ObjectKind::Column => {
            let column = column(name, object);
            (
                Stage::Tables,
                format!("ALTER TABLE {table} ADD COLUMN {column}"),
            )
        }
        ObjectKind::Constraint => {
            let stage = if nature == "foreign key" {
                Stage::ForeignKeys
            } else {
                Stage::Keys
            };
            (stage, add_constraint(name, object))
        }
        ObjectKind::Index => (index_stage(shape, name), create_index(text)),
        ObjectKind::View => {
            let options = with_options(nature);
            (
                Stage::Views,
                format!("CREATE VIEW {own_name}{options} AS {text}"),
            )
        }
        ObjectKind::ViewColumn => return None,
        ObjectKind::MaterializedView => {
            let empty = match object.fact(Aspect::Validity) {
                Some(_) => " WITH NO DATA",
                None => "",
            };
            (
                Stage::Views,
                format!("CREATE MATERIALIZED VIEW {own_name} AS {text}{empty}"),
            )
        }
        ObjectKind::Policy => {
            let ident = ident(&name.name);
            (
                Stage::Security,
                format!("CREATE POLICY {ident} ON {table} {text}"),
            )
        }
        ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Statistics => {
            (Stage::Behaviour, text.to_owned())
        }
    })
}

fn create_type(name: &str, nature: &str, object: &Object) -> String {
    let text = object.fact(Aspect::Definition).unwrap_or_default();
    match nature {
        "enum" => {
            let labels = object.fact(Aspect::Labels).unwrap_or_default();
            format!("CREATE TYPE {name} AS ENUM ({labels})")
        }
        "domain" => format!("CREATE DOMAIN {name} AS {}", Domain::of(object).definition),
        "composite" => format!("CREATE TYPE {name} AS {text}"),
        _ => format!("CREATE TYPE {name} AS RANGE ({text})"),
    }
}

fn create_table(shape: &Shape, name: &ObjectName, object: &Object) -> String {
    let nature = object.fact(Aspect::Nature).unwrap_or_default();
    let unlogged = if nature.contains("unlogged") {
        "UNLOGGED "
    } else {
        ""
    };
    let partitioning = object.fact(Aspect::Partitioning).unwrap_or_default();
    // Of a partitioned table: what it is partitioned by.
    let by = object.fact(Aspect::Definition).unwrap_or_default();
    let table = own(&name.name);
    if partitioning.starts_with("PARTITION OF") {
        return format!("CREATE {unlogged}TABLE {table} {partitioning} {by}")
            .trim_end()
            .to_owned();
    }
    let parents = partitioning.strip_prefix("INHERITS ");
    let columns = columns(shape, &name.name).into_iter();
    let columns = columns.map(|(name, object)| {
        let mut now = object.clone();
        if late_default(shape, name, object).is_some() {
            now.facts.remove(&Aspect::Default);
        }
        (name, column(name, &now))
    });
    let columns =
        columns.filter(|(name, text)| !parents.is_some_and(|it| gives(shape, it, name, text)));
    let columns = columns.map(|(_, text)| text).collect::<Vec<_>>().join(", ");
    let inherits = parents.map_or_else(String::new, |from| format!(" INHERITS ({from})"));
    format!("CREATE {unlogged}TABLE {table} ({columns}){inherits} {by}")
        .trim_end()
        .to_owned()
}

/// The default of a new table's column that is set once what it stands on is there: one
/// that calls a function of the schema, which may read that table, and one that takes from
/// a sequence which belongs to its column. Citus lets no sequence be given to a column any
/// more that a table takes from. Where a table has parents or is one it is set at once,
/// since it is passed on.
fn late_default<'a>(shape: &Shape, name: &ObjectName, column: &'a Object) -> Option<&'a str> {
    let default = column.fact(Aspect::Default)?;
    let is_late = match next_of(default) {
        None => calls_own(default),
        Some(sequence) => shape.objects.iter().any(|(name, object)| {
            name.kind == ObjectKind::Sequence
                && name.name == sequence
                && object.fact(Aspect::OwnedBy).is_some()
        }),
    };
    let has_family = has_family(shape, name.table.as_deref()?);
    (is_late && !has_family).then_some(default)
}

/// Whether the table inherits from another one, or another one from it.
fn has_family(shape: &Shape, table: &str) -> bool {
    let names = [own(table), in_schema(table)];
    let mut objects = shape.objects.iter();
    objects.any(|(other, object)| {
        let parents = object.fact(Aspect::Partitioning);
        parents.is_some_and(|parents| {
            other.name == table || names.iter().any(|name| parents.contains(name.as_str()))
        })
    })
}

/// Whether a table that inherits from `parents` gets the column from one of them just
/// so. Were it written down again, it would stay when the parent's is dropped.
fn gives(shape: &Shape, parents: &str, name: &ObjectName, text: &str) -> bool {
    let is_parent = |table: &str| {
        let mut parents = parents.split(", ");
        parents.any(|it| it == own(table) || it == in_schema(table))
    };
    shape.objects.iter().any(|(other, object)| {
        other.kind == ObjectKind::Column
            && other.name == name.name
            && other.table.as_deref().is_some_and(is_parent)
            && column(other, object) == text
    })
}

/// The columns of a table, in their order.
fn columns<'a>(shape: &'a Shape, table: &str) -> Vec<(&'a ObjectName, &'a Object)> {
    let columns = shape.objects.iter().filter(|(name, _)| {
        name.kind == ObjectKind::Column && name.table.as_deref() == Some(table)
    });
    let mut columns = columns.collect::<Vec<_>>();
    columns.sort_by_key(|(_, object)| object.place);
    columns
}

/// A column as `CREATE TABLE` and `ADD COLUMN` have it.
pub(super) fn column(name: &ObjectName, object: &Object) -> String {
    let fact = |aspect, before: &str| {
        let fact = object.fact(aspect);
        fact.map_or_else(String::new, |fact| format!(" {before}{fact}"))
    };
    [
        ident(&name.name),
        fact(Aspect::Type, ""),
        fact(Aspect::Collation, "COLLATE "),
        fact(Aspect::Default, "DEFAULT "),
        fact(Aspect::Generated, "GENERATED ALWAYS AS "),
        fact(Aspect::Identity, "GENERATED "),
        fact(Aspect::NotNull, ""),
    ]
    .concat()
}

pub(super) fn add_constraint(name: &ObjectName, object: &Object) -> String {
    let table = name.table.as_deref().map(own).unwrap_or_default();
    let text = object.fact(Aspect::Definition).unwrap_or_default();
    let not_valid = match object.fact(Aspect::Validity) {
        Some(_) => " NOT VALID",
        None => "",
    };
    format!(
        "ALTER TABLE {table} ADD CONSTRAINT {} {text}{not_valid}",
        ident(&name.name)
    )
}

/// An index as PostgreSQL shows it. It says `ONLY` of a partitioned table; without
/// that the partitions get theirs as well.
pub(super) fn create_index(text: &str) -> String {
    text.replacen(" ON ONLY ", " ON ", 1)
}

fn index_stage(shape: &Shape, name: &ObjectName) -> Stage {
    let view = ObjectName {
        kind: ObjectKind::MaterializedView,
        table: None,
        name: name.table.clone().unwrap_or_default(),
    };
    match shape.get(&view) {
        Some(_) => Stage::IndexesOfViews,
        None => Stage::Indexes,
    }
}

/// The statement for the default of a view's column.
pub(super) fn set_view_default(name: &ObjectName, default: Option<&str>) -> String {
    let view = name.table.as_deref().map(own).unwrap_or_default();
    let column = ident(&name.name);
    let verb = match default {
        Some(default) => format!("SET DEFAULT {default}"),
        None => "DROP DEFAULT".to_owned(),
    };
    format!("ALTER VIEW {view} ALTER COLUMN {column} {verb}")
}

pub(super) fn with_options(options: &str) -> String {
    if options.is_empty() {
        String::new()
    } else {
        format!(" WITH ({options})")
    }
}

/// The statements that make an object as it should be once it is there.
fn beside(name: &ObjectName, object: &Object) -> Vec<(Stage, String)> {
    let mut statements = Vec::new();
    if let Some(owner) = object.fact(Aspect::OwnedBy) {
        let reference = reference(name, object);
        statements.push((
            Stage::Ownership,
            format!("ALTER {reference} OWNED BY {owner}"),
        ));
    }
    if let Some(security) = object.fact(Aspect::RowSecurity) {
        let alter = format!("ALTER {}", reference(name, object));
        for word in security.split(", ") {
            let verb = if word == "forced" { "FORCE" } else { "ENABLE" };
            statements.push((
                Stage::Security,
                format!("{alter} {verb} ROW LEVEL SECURITY"),
            ));
        }
    }
    if let (ObjectKind::ViewColumn, Some(default)) = (name.kind, object.fact(Aspect::Default)) {
        let sql = set_view_default(name, Some(default));
        statements.push((Stage::Behaviour, sql));
    }
    for (aspect, verb) in [(Aspect::TypedBy, "OF "), (Aspect::Storage, "SET (")] {
        if let Some(fact) = object.fact(aspect) {
            let end = if verb.ends_with('(') { ")" } else { "" };
            let sql = format!("ALTER {} {verb}{fact}{end}", reference(name, object));
            statements.push((Stage::Behaviour, sql));
        }
    }
    // The triggers of a key that was made anew fire.
    let fires = object.fact(Aspect::Enabled);
    let fires = fires.filter(|_| name.kind != ObjectKind::Constraint);
    if let (Some(enabled), Some(table)) = (fires, &name.table) {
        let (table, keyword) = (own(table), keyword(name.kind, object));
        let sql = format!(
            "ALTER TABLE {table} {enabled} {keyword} {}",
            ident(&name.name)
        );
        statements.push((Stage::Behaviour, sql));
    }
    if object.fact(Aspect::Comment).is_some() {
        statements.push((Stage::Words, set_comment(name, object)));
    }
    let words = rights(name, object).into_iter();
    statements.extend(words.map(|sql| (Stage::Words, sql)));
    if let Some(owner) = object.fact(Aspect::Owner) {
        let given = set_owner(name, object, owner).into_iter();
        statements.extend(given.map(|sql| (Stage::Words, sql)));
    }
    statements
}

/// The statements for the rights on a new object. Unexpected default rights of `PUBLIC` on a new
/// function or type are revoked.
fn rights(name: &ObjectName, object: &Object) -> Vec<String> {
    let wanted = Grants::from_fact(object.fact(Aspect::Grants));
    let given = Grants::read(name.kind, "", None);
    let mut statements = revoke(name, object, &given.beyond(&wanted));
    statements.extend(grant(name, object, &wanted.beyond(&given)));
    statements
}

/// What hangs on the table or view called `table`: all but its columns.
pub(super) fn hanging_on<'a>(
    shape: &'a Shape,
    table: &'a str,
) -> impl Iterator<Item = &'a ObjectName> {
    let hanging = shape.objects.iter().filter(move |(name, object)| {
        let owner = object.fact(Aspect::OwnedBy).and_then(owning_column);
        let owns = owner.is_some_and(|(owner, _)| owner == table);
        name.kind != ObjectKind::Column && (owns || name.table.as_deref() == Some(table))
    });
    hanging.map(|(name, _)| name)
}

/// The sequences that belong to the column `name`.
pub(super) fn sequences_of<'a>(
    shape: &'a Shape,
    name: &'a ObjectName,
) -> impl Iterator<Item = &'a ObjectName> {
    let owned = shape.objects.iter().filter(move |(_, object)| {
        let owner = object.fact(Aspect::OwnedBy).and_then(owning_column);
        owner.is_some_and(|(table, column)| {
            name.table.as_deref() == Some(&table) && name.name == column
        })
    });
    owned.map(|(name, _)| name)
}
