//! What a schema looks like: its tables, columns, constraints, indexes, types,
//! views, functions, triggers and policies, in a form that does not depend on what
//! the schema is called.
//!
//! Two schemas made by the same migrations have the same shape. Not in it, because
//! they say nothing of what the migrations made: the order of columns, targets of
//! statistics and other options of columns, what a table is clustered or replicated by,
//! rows, where a sequence stands, the table of applied migrations, what an extension
//! brought, and objects of rare kinds (operators, collations, text search). Nor are
//! there comments inside types, and whether a partition's copy of its parent's trigger
//! fires.
//!
//! Between a tenant and its migrations, some of what is in a shape is no difference:
//! partitions that only one has, storage parameters that no migration sets, and a
//! materialized view that was filled since.

mod by_default;
mod chosen_name;
mod compare;
mod counterpart;
mod difference;
mod encoded;
mod expectation;
mod follow;
mod forms;
mod grants;
mod holder;
mod in_text;
mod in_the_way;
mod kept;
mod lacking;
mod leeway;
mod mend;
mod moment;
mod moment_numbers;
mod name_form;
mod normal;
mod object;
mod of_role;
mod others;
mod own_name;
mod queries;
mod read;
mod renamed;
mod two;
mod unqualified;
mod varying;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

pub(crate) use by_default::ByDefault;
pub(crate) use compare::{Compared, compare, compare_with_migrations, missing_table};
pub use difference::{AspectChange, Change, Difference};
pub(crate) use encoded::Encoded;
pub(crate) use expectation::Expectation;
pub(crate) use forms::has_name as names_schema;
pub(crate) use holder::{Holder, Holds};
pub(crate) use in_text::{Named, Place};
pub(crate) use kept::FORMAT;
use leeway::Leeway;
pub use mend::Mending;
pub(crate) use mend::{Stage, Statement, creation};
pub(crate) use moment::Moments;
use normal::Own;
pub(crate) use object::Object;
pub use object::{Aspect, ObjectKind, ObjectName};
pub(crate) use of_role::Asked;
pub(crate) use read::read;
pub(crate) use two::{may_hide_name, pieces};
pub(crate) use unqualified::{Elsewhere, candidates, unqualified};
pub(crate) use varying::Circumstances;
pub(crate) use written::Written;

/// How many bytes of the hash are kept: thousands of shapes are told apart.
const FINGERPRINT: usize = 8;

/// What rows are called in rules and where rows conflict.
const OF_RULES: [&str; 3] = ["new", "old", "excluded"];

/// The definition of one schema.
#[derive(Clone)]
pub struct Shape {
    own: Own,
    owner: String,
    objects: BTreeMap<ObjectName, Object>,
    /// What is not to be compared, in the shape that a schema should have.
    leeway: Leeway,
}

impl Shape {
    fn new(own: Own, owner: String) -> Self {
        Self {
            own,
            owner,
            objects: BTreeMap::new(),
            leeway: Leeway::default(),
        }
    }

    fn insert(&mut self, name: ObjectName, object: Object) {
        self.objects.insert(name, object);
    }

    /// Returns the name of the schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        self.own.name()
    }

    /// Returns the owner of the schema.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns the objects, by kind and name.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectName> {
        let objects = self.objects.keys();
        objects.filter(|name| name.kind != ObjectKind::Schema)
    }

    /// Returns the names of the tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        let tables = self.objects();
        let tables = tables.filter(|object| object.kind == ObjectKind::Table);
        tables.map(|table| table.name.as_str())
    }

    /// Whether a table is that of a year or a month, in whose place another may be.
    pub(crate) fn is_of_moment(&self, table: &str) -> bool {
        self.leeway.is_of_moment(&compare::table_name(table))
    }

    /// The columns of tables, each with the table's name, its own, and its type.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.objects.iter().filter_map(|(name, object)| {
            let table = name.table.as_deref();
            let table = table.filter(|_| name.kind == ObjectKind::Column)?;
            Some((table, name.name.as_str(), object.fact(Aspect::Type)?))
        })
    }

    /// Whether that is an index which PostgreSQL does not use, because building it
    /// failed or was cut off.
    pub(crate) fn is_unusable_index(&self, name: &ObjectName) -> bool {
        let object = self.get(name).filter(|_| name.kind == ObjectKind::Index);
        object.is_some_and(|object| object.fact(Aspect::Validity).is_some())
    }

    /// Whether the schema's name means something else in definitions as well: one of its
    /// own relations, or what is called so in one of them.
    pub(crate) fn is_ambiguous(&self) -> bool {
        let named = self.objects.keys().filter(|name| {
            use ObjectKind::{Function, Index, MaterializedView, Sequence, Table, Type, View};
            matches!(
                name.kind,
                Function | Index | MaterializedView | Sequence | Table | Type | View
            )
        });
        let names = named.map(|name| match name.kind {
            ObjectKind::Function => name.name.split('(').next().unwrap_or_default(),
            _ => name.name.as_str(),
        });
        let names = names.collect::<BTreeSet<_>>();
        let facts = self.objects.values().flat_map(|object| &object.facts);
        let mut facts = facts.filter(|(aspect, _)| aspect.is_sql());
        let is_unknown = |name: &str| !names.contains(name);
        names.contains(self.schema())
            || OF_RULES.contains(&self.schema())
            || facts.any(|(_, fact)| {
                self.own.stands_alone_in(fact)
                    || normal::named_in_schema(fact).any(|name| is_unknown(&name))
            })
    }

    /// The same where the paths that functions keep name the schema as `name`.
    pub(crate) fn with_paths_to(mut self, name: &str) -> Self {
        let functions = self.objects.iter_mut();
        let functions = functions.filter(|(name, _)| name.kind == ObjectKind::Function);
        for (_, object) in functions {
            if let Some(definition) = object.facts.get_mut(&Aspect::Definition) {
                *definition = normal::with_path_to(definition, name);
            }
        }
        self
    }

    /// Whether there is an object of that name.
    pub(crate) fn has(&self, name: &ObjectName) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is a table or a view called so.
    fn has_relation(&self, name: &str) -> bool {
        use ObjectKind::{MaterializedView, Table, View};
        let mut kinds = [Table, View, MaterializedView].into_iter();
        kinds.any(|kind| {
            self.has(&ObjectName {
                kind,
                table: None,
                name: name.to_owned(),
            })
        })
    }

    fn get(&self, name: &ObjectName) -> Option<&Object> {
        self.objects.get(name)
    }

    /// Returns a fingerprint of the definition: 16 hexadecimal digits. Owners and grants do not
    /// count.
    ///
    /// If a tenant and one of its tables have the same name, the fingerprint can differ, because
    /// PostgreSQL writes both names alike in a view.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, object) in &self.objects {
            hash.update(format!("{name:?}"));
            let facts = object.facts.iter();
            for (aspect, fact) in facts.filter(|(aspect, _)| aspect.is_of_the_shape()) {
                let fact = compare::canonical(name.kind, *aspect, fact);
                hash.update(format!("{aspect:?} {fact:?}"));
            }
        }
        let digits = hash.finalize();
        let digits = digits.iter().take(FINGERPRINT);
        digits.map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.objects().map(ToString::to_string);
        formatter
            .debug_struct("Shape")
            .field("schema", &self.schema())
            .field("objects", &objects.collect::<Vec<_>>())
            .finish()
    }
}
