//! What to do next after each error, in terms of this project's commands.

use tenant_core::{ConnectError, Error, Version};

use crate::project::NoProject;

/// What failed and what to do next, where only the command knows that. It is
/// an error of its own, or the context of the one that it explains, and then
/// its hint counts before that one's.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Advised {
    /// What failed.
    pub what: String,
    /// What to do next.
    pub hint: String,
}

impl Advised {
    /// Both texts.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: hint.into(),
        }
    }
}

/// The error with its causes and what to do next, for people.
#[must_use]
pub fn render(error: &anyhow::Error) -> String {
    let mut causes = causes(error.as_ref());
    let first = causes.remove(0);
    let label = console::style("error:").for_stderr().red().bold();
    paragraph(&format!("{label} {first}"), &causes, hint(error))
}

/// A heading, the causes below it, and what to do next.
#[must_use]
pub fn paragraph(heading: &str, causes: &[String], hint: Option<String>) -> String {
    let causes = causes.iter().map(|cause| format!("  because: {cause}"));
    let hint = hint.map(|hint| format!("  to do:   {hint}"));
    let lines = std::iter::once(heading.to_owned())
        .chain(causes)
        .chain(hint);
    lines.collect::<Vec<_>>().join("\n")
}

/// The error's text and those of its causes. A transparent error repeats the
/// text of the one that it wraps; that is left out.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let chain = std::iter::successors(Some(error), |error| error.source());
    let mut causes = chain.map(ToString::to_string).collect::<Vec<_>>();
    causes.dedup();
    causes
}

/// What to do after an error of any kind, where something can be done.
#[must_use]
pub fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(advised) = error.downcast_ref::<Advised>() {
        return Some(advised.hint.clone());
    }
    if let Some(error) = error.downcast_ref::<Error>() {
        return of(error);
    }
    if error.is::<NoProject>() {
        let hint = "run this in the project's folder, or name a database with --database-url, DATABASE_URL or .env";
        return Some(hint.to_owned());
    }
    error.downcast_ref::<ConnectError>().map(connect)
}

/// What to do after an error of the library.
#[must_use]
pub fn of(error: &Error) -> Option<String> {
    Some(match error {
        Error::Connect(error) => connect(error),
        Error::NotSetUp | Error::NoSpareList => "run `cargo xtask db:migrate` once".to_owned(),
        Error::NoExtensionsSchema(name) => format!(
            "make it with `CREATE SCHEMA \"{name}\";`, or correct --extensions-schema or \
             TENANT_EXTENSIONS_SCHEMA"
        ),
        Error::Taken(_) => {
            "choose another name; `cargo xtask db:list:tenants` shows those in use".to_owned()
        }
        Error::NotCopyable { .. } => {
            "drop them, or move them to a schema that is no tenant's, such as that of \
             --extensions-schema, and run this again"
                .to_owned()
        }
        Error::NotAlike { .. } => {
            "create a tenant and copy the rows with `pg_dump --data-only`; this should not happen, \
             and is worth reporting"
                .to_owned()
        }
        Error::SameName(_) => "give another name than the tenant has".to_owned(),
        Error::Unknown(_) => "`cargo xtask db:list:tenants` shows the tenants".to_owned(),
        Error::Untracked(name) => format!(
            "if it is a tenant's, make it one with `cargo xtask db:adopt:tenant {name}`; otherwise \
             choose another name"
        ),
        Error::NoVersionFits { name, nearest, .. } => format!(
            "mend the schema, or adopt it as it is with `cargo xtask db:adopt:tenant {name} --at {}` \
             and let `cargo xtask db:repair:tenant {name}` add what is missing",
            at(nearest.as_ref())
        ),
        Error::SeveralVersionsFit { name, versions } => format!(
            "say which it is: `cargo xtask db:adopt:tenant {name} --at {}`",
            at(versions.last().and_then(Option::as_ref))
        ),
        Error::HasLedger(_) => "leave --at out".to_owned(),
        Error::NotACluster => {
            "the guide, TENANT_SCHEMA_MIGRATION.md, shows the way from one server to several, \
             under \"On a Citus cluster\""
                .to_owned()
        }
        Error::UnknownNode { node, .. } => format!(
            "name one that the cluster has, or add it to the cluster as a superuser: `SELECT \
             citus_add_node({}, {});`",
            tenant_core::quote_literal(node.host()),
            node.port()
        ),
        Error::HoldsNoTenants(node) => format!(
            "name another, or let it take tenants as a superuser: `SELECT citus_set_node_property({}, \
             {}, 'shouldhaveshards', true);`",
            tenant_core::quote_literal(node.host()),
            node.port()
        ),
        Error::NotDistributed(name) => {
            format!("`cargo xtask db:distribute:tenants --only {name}` brings it to one")
        }
        Error::WouldBlockWrites { .. } => {
            "give --block-writes, and those who write to it wait until it is moved; or add the \
             primary keys with a migration"
                .to_owned()
        }
        Error::NoSchema(name) => format!(
            "correct the name; `cargo xtask db:create:tenant {name}` makes a tenant where nothing is"
        ),
        Error::NothingToAdopt(name) => format!(
            "nothing is to be adopted; `cargo xtask db:health:check --only {name}` says whether it \
             is as it should be"
        ),
        Error::IsSpare(_) => "choose the schema of a tenant".to_owned(),
        Error::StillDifferent { .. } => "mend it by hand, with the SQL that \
             `cargo xtask db:health:check` shows"
            .to_owned(),
        Error::MissingSchema(name) => format!(
            "restore the schema from a backup, or remove the registration with \
             `cargo xtask db:drop:tenant {name}`"
        ),
        Error::HalfMade { name, .. } => format!(
            "`cargo xtask db:migrate:tenant {name}` completes it, `cargo xtask db:drop:tenant \
             {name}` removes it"
        ),
        Error::InvalidRow(_) => {
            "correct the name in public.schema_tracker, or delete the row".to_owned()
        }
        Error::ChangedPath { .. } => {
            "remove the SET search_path from the migration: the tenant's schema is set already"
                .to_owned()
        }
        Error::NeedsDirect { .. } => {
            "give --database-url the server's own address for this; the pooler is fine for the rest"
                .to_owned()
        }
        Error::Irreversible { .. } => {
            "write a down.sql for each, or undo what they did with a new migration".to_owned()
        }
        Error::NotOurs { .. } => {
            "run this with the program that applied them, or restore the folders of these \
             migrations"
                .to_owned()
        }
        Error::NoVersion(_) => {
            "give a version, or the name of a migration's folder; `cargo xtask db:list:tenants` \
             shows the tenants' versions, and 0 stands for none at all"
                .to_owned()
        }
        Error::AppliedMeanwhile { .. } => {
            "run this again: what is to be reverted is found out anew".to_owned()
        }
        Error::Busy { .. } | Error::InUse(_) => {
            "wait until the other run has ended, and run this again".to_owned()
        }
        Error::Migration(_) => error.sqlstate().and_then(by_sqlstate).unwrap_or_else(|| {
            "mend the migration or the tenant's data, and run this again: only what failed is \
             left to do"
                .to_owned()
        }),
        Error::Database { .. } => return of_a_step(error.sqlstate()?),
        _ => return None,
    })
}

/// The version as `--at` takes it.
fn at(version: Option<&Version>) -> &str {
    version.map_or("0", Version::as_str)
}

fn connect(error: &ConnectError) -> String {
    match error {
        ConnectError::Url { .. } => {
            "write it as postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, with special characters of \
             the password percent-encoded"
        }
        ConnectError::Trust { .. } => {
            "give the authority's certificate with sslrootcert=FILE in the URL"
        }
        ConnectError::NoServer { .. } => {
            "start the server, or correct host and port in --database-url, DATABASE_URL or .env; \
             with none of these the project's own server is used"
        }
        ConnectError::Login { .. } => {
            "correct role and password in --database-url, DATABASE_URL or .env"
        }
        ConnectError::NoDatabase { .. } => {
            "create the database, or correct its name in --database-url, DATABASE_URL or .env"
        }
        ConnectError::Tls { .. } => {
            "check sslmode and sslrootcert in the URL, and the server's certificate"
        }
        _ => "look at the server's message, and try again",
    }
    .to_owned()
}

/// After a step that is no migration. Class 23 is that of constraints.
fn of_a_step(code: &str) -> Option<String> {
    by_sqlstate(code).or_else(|| {
        let hint = "rows stand against it, as the message says: mend them, and run this again";
        code.starts_with("23").then(|| hint.to_owned())
    })
}

/// Source of the codes: PostgreSQL manual, appendix "PostgreSQL Error Codes".
fn by_sqlstate(code: &str) -> Option<String> {
    let hint = match code {
        "25001" => {
            "put `run_in_transaction = false` into a metadata.toml beside the migration's up.sql, \
             and nothing else into that migration"
        }
        "42501" => {
            "use a role that has the right, or grant it: making tenants needs CREATE ON DATABASE, \
             public migrations CREATE ON SCHEMA public; a tenant is changed and dropped by the \
             role that owns its schema"
        }
        "3F000" => {
            "make the schema that it names, or correct the name. Where it is the tenant's own, \
             Citus belongs to another role than yours, and does not see it: give --database-url \
             the server's own address and not a pooler's"
        }
        "42P07" | "42701" | "42710" => {
            "it is there already, made by hand or by a run whose record is lost: `cargo xtask \
             db:health:check` shows what each tenant has and should not have, and what to do"
        }
        "55P04" => {
            "a new enum value cannot be used in the transaction that adds it: put \
             `run_in_transaction = false` into a metadata.toml beside the up.sql that adds it"
        }
        "55P03" => "somebody else holds a lock on the table; run this again when it is free",
        "57014" => {
            "a statement took longer than --statement-timeout; give it more, or 0 for no limit"
        }
        "53200" => {
            "the server's table of locks is full: raise max_locks_per_transaction in \
             postgresql.conf and restart it, or give a smaller --jobs"
        }
        "53100" => {
            "make room on the server's disk, and run this again: only what failed is left to do"
        }
        // The server itself says so, over a connection that is whole.
        "08000" | "08001" | "08003" | "08004" | "08006" => {
            "the database answers, and a server that it needs does not: the message names that \
             one, which is part of the cluster; start it, and run this again: only what failed is \
             left to do"
        }
        "53300" => "close other connections, raise max_connections, or give a smaller --jobs",
        _ => return None,
    };
    Some(hint.to_owned())
}
