//! What the file should say, from what was found.

use std::path::Path;

use tenant_core::{MigrationSet, Registry};

use super::columns::ListColumn;
use super::database::InDatabase;
use super::disk::OnDisk;
use super::stream::Stream;
use super::template::Template;
use crate::settings::{DatabaseUrl, TableName, sql_name};

/// What the file should say.
#[derive(Debug, Default)]
pub struct Proposal {
    /// The database, as an existing file has it.
    pub database_url: Option<DatabaseUrl>,
    /// The folders of the public migrations.
    pub public: Vec<String>,
    /// The folders of the tenants' migrations.
    pub tenant: Vec<String>,
    /// The `schema.rs` of the public schema.
    pub public_schema: Option<String>,
    /// The `schema.rs` of the tenants.
    pub tenant_schema: Option<String>,
    /// The application's own list of tenants.
    pub registered: Option<Registered>,
    /// The template of the schemas' names; `None` if they are the tenants'.
    pub template: Option<String>,
    /// The pattern of names.
    pub pattern: Option<String>,
    /// The schema with extensions, and their names.
    pub extensions: Option<(String, String)>,
    /// What is behind the tenant in the path.
    pub behind: Vec<String>,
}

/// The application's own list of tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its table.
    pub table: TableName,
    /// The column of the name.
    pub key: String,
    /// The column of the schema's name, if it is another one.
    pub schema_column: Option<String>,
    /// A condition for rows of tenants that exist.
    pub only: Option<String>,
}

impl Registered {
    /// The query that gives each tenant's name, and its schema if that is a column.
    #[must_use]
    pub fn query(&self) -> String {
        let key = sql_name(&self.key);
        let schema = self.schema_column.as_deref().map(sql_name);
        let schema = schema.map_or_else(String::new, |column| format!(", {column} AS schema"));
        let only = self.only.as_deref();
        let only = only.map_or_else(String::new, |only| format!(" WHERE {only}"));
        format!("SELECT {key} AS name{schema} FROM {}{only}", self.table)
    }
}

/// A folder of migrations that may be of either stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// The folder.
    pub folder: String,
    /// The likelier stream.
    pub likely: Stream,
}

impl Proposal {
    /// What follows from the files and from the database, without the folders that are
    /// [unclear](Self::unclear).
    #[must_use]
    pub fn of(disk: &OnDisk, database: &InDatabase) -> Self {
        let listed = Listed::of(&database.lists);
        let template = listed.as_ref().map(|listed| &listed.key.template);
        let template = template.unwrap_or(&database.template);
        let names = names(database, template);
        let registered = listed.as_ref().map(Listed::registered);
        Self {
            database_url: None,
            public: disk.public.clone(),
            tenant: disk.tenant.clone(),
            public_schema: disk.public_schema.clone(),
            tenant_schema: disk.tenant_schema.clone(),
            template: match &registered {
                Some(registered) if registered.schema_column.is_some() => None,
                _ => template.written(),
            },
            pattern: template.pattern(&names),
            extensions: database.extensions.clone(),
            behind: database.behind.clone(),
            registered,
        }
    }

    /// The folders whose stream only the user knows for certain. What is applied where
    /// tells the likelier one; most projects with one folder mean it for every tenant.
    #[must_use]
    pub fn unclear(disk: &OnDisk, database: &InDatabase) -> Vec<Unclear> {
        let likely = |folder: &Path| {
            let versions = versions(folder);
            let in_history = |history: &[String]| {
                let applied = versions.iter().filter(|version| history.contains(version));
                applied.count()
            };
            let public = in_history(&database.public_versions);
            let tenant = in_history(&database.tenant_versions);
            if public > tenant {
                Stream::Public
            } else {
                Stream::Tenant
            }
        };
        let folders = disk.unclear.iter().map(|folder| Unclear {
            likely: likely(&disk.folder.join(folder)),
            folder: folder.clone(),
        });
        folders.collect()
    }

    /// Puts a folder into a stream, and the `schema.rs` that belongs to neither beside it.
    pub fn assign(&mut self, folder: &str, stream: Stream, disk: &OnDisk) {
        let (folders, schema) = match stream {
            Stream::Public => (&mut self.public, &mut self.public_schema),
            Stream::Tenant => (&mut self.tenant, &mut self.tenant_schema),
        };
        folders.push(folder.to_owned());
        if schema.is_none() {
            schema.clone_from(&disk.unclear_schema);
        }
    }
}

/// Two migrations of the public stream with one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenVersion {
    /// The project's, as a path.
    pub yours: String,
    /// The library's.
    pub ours: String,
}

impl Proposal {
    /// The public migrations of the project that have the version of one of the library's.
    #[must_use]
    pub fn taken_versions(&self, disk: &OnDisk) -> Vec<TakenVersion> {
        let registered = self.registered.as_ref();
        let own = registered.map_or_else(MigrationSet::registry, |registered| {
            Registry::query(&registered.query()).migrations()
        });
        let folders = self.public.iter();
        let taken = folders.flat_map(|folder| {
            let names = names_in(&disk.folder.join(folder));
            let own = &own;
            names.into_iter().filter_map(move |name| {
                let version = version(&name)?;
                let ours = own.iter().find(|one| one.version().as_str() == version)?;
                (ours.name() != name).then(|| TakenVersion {
                    yours: format!("{folder}/{name}"),
                    ours: ours.name().to_owned(),
                })
            })
        });
        taken.collect()
    }
}

/// The versions of the migrations in a folder, as Diesel writes them.
fn versions(folder: &Path) -> Vec<String> {
    let names = names_in(folder);
    names.iter().filter_map(|name| version(name)).collect()
}

fn version(name: &str) -> Option<String> {
    let (version, _) = name.split_once('_')?;
    Some(version.replace('-', ""))
}

/// What is in a folder.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

/// The names of the tenants, from those of their schemas.
fn names(database: &InDatabase, template: &Template) -> Vec<String> {
    let names = database.tenants.iter();
    let names = names.filter_map(|schema| template.name(schema));
    names.map(str::to_owned).collect()
}

/// The table with the best column. A column with whole names of schemas can be beside the
/// key: another column of the table, of which they are made.
struct Listed<'a> {
    key: &'a ListColumn,
    schema: Option<&'a ListColumn>,
}

impl<'a> Listed<'a> {
    fn of(lists: &'a [ListColumn]) -> Option<Self> {
        let best = lists.first()?;
        let beside = lists.iter().find(|other| {
            (&other.schema, &other.table) == (&best.schema, &best.table)
                && other.column != best.column
        });
        let is_whole = |list: &ListColumn| list.template == Template::default();
        let (key, schema) = match beside {
            Some(other) if is_whole(best) && !is_whole(other) => (other, Some(best)),
            Some(other) if is_whole(other) && !is_whole(best) => (best, Some(other)),
            _ => (best, None),
        };
        Some(Self { key, schema })
    }

    fn registered(&self) -> Registered {
        let deleted = self.key.deleted.as_deref();
        Registered {
            table: TableName {
                schema: self.key.schema.clone(),
                table: self.key.table.clone(),
            },
            key: self.key.column.clone(),
            schema_column: self.schema.map(|list| list.column.clone()),
            only: deleted.map(|column| format!("{column} IS NULL")),
        }
    }
}
