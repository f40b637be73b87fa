//! Sees that a tenant's migrations change nothing outside the tenant's schema.
//!
//! Where the path has only that schema, a name without one cannot lead anywhere else.
//! Where a schema for extensions is behind it, a name that the tenant lacks is that
//! schema's: `DROP TABLE IF EXISTS sessions` drops the table that all share. So one
//! statement before the commit asks what the transaction has changed there, and fails
//! unless a migration names it with its schema, or a function that was called does.
//!
//! Extensions and the privileges that are given by default belong to the database, and are
//! asked about wherever the text can have changed them.

mod allowed;
mod catalogs;
mod condition;
mod forbidden;
mod list;
mod outside;
mod pieces;

use condition::Form;
use forbidden::{Analyzed, Behind, Forbidden};

pub(super) use outside::refuse_outside;

use super::abilities::abilities;
use super::surroundings::Object;
use super::work::Work;
use crate::Error;
use crate::migration::{Mentions, Migration, MigrationFile, Signs};
use crate::name::Schema;
use crate::path::ExtensionsSchema;

/// The statement that fails where `files` of `migrations`, which have run in the
/// transaction, have changed what is outside the schema of `work`. `None` where they cannot have.
///
/// # Errors
///
/// That the database cannot be asked what is there.
pub(super) async fn check(
    work: Work<'_>,
    files: &[MigrationFile],
    migrations: &[&Migration],
) -> Result<Option<String>, Error> {
    if matches!(work.schema, Schema::Public) || migrations.is_empty() {
        return Ok(None);
    }
    let ran = migrations
        .iter()
        .flat_map(|one| files.iter().filter_map(|file| one.file(*file)));
    let signs = ran.fold(Signs::default(), |all, file| all.or(file.signs()));
    let stream = || work.migrations.signs();
    let mut forbidden = Forbidden {
        behind: None,
        extensions: may(signs, stream, |signs| signs.extensions),
        privileges: may(signs, stream, |signs| signs.privileges),
    };
    let Some(schema) = work.behind() else {
        let asks = forbidden.extensions || forbidden.privileges;
        return Ok(asks.then(|| condition::statement(&forbidden, Form::OneStatement)));
    };
    let listed = list::surroundings(work, schema).await?;
    let statements = migrations
        .iter()
        .flat_map(|one| files.iter().flat_map(|file| one.statements(*file)));
    let mentions = Mentions::of(statements, schema.name());
    forbidden.behind = Some(of(work, schema, &mentions, signs, &listed.objects));
    let form = if abilities(work).await?.blocks {
        Form::Block
    } else {
        Form::OneStatement
    };
    Ok(Some(condition::statement(&forbidden, form)))
}

/// Whether the text can do it, or calls functions where another migration can.
fn may(signs: Signs, stream: impl Fn() -> Signs, what: impl Fn(Signs) -> bool) -> bool {
    what(signs) || signs.is_dynamic && what(stream())
}

fn of<'q>(
    work: Work<'q>,
    schema: &'q ExtensionsSchema,
    mentions: &'q Mentions,
    signs: Signs,
    objects: &[Object],
) -> Behind<'q> {
    let shared = work.settings.shared_objects.iter().map(String::as_str);
    let meant = mentions.meant().chain(shared).collect::<Vec<_>>();
    let is_meant = |name: &str| meant.contains(&name);
    let kept = objects.iter().filter(|object| {
        let may_go = signs.is_dynamic
            || signs.cascades
            || signs.drops
                && (object.is_unnamed() || object.is_named_in(|name| mentions.has(name)));
        may_go && !object.is_named_in(is_meant)
    });
    let rows = objects
        .iter()
        .filter(|object| signs.is_dynamic || object.is_named_in(|name| mentions.has(name)));
    let domains = objects.iter().filter(|object| object.is_domain);
    Behind {
        schema: schema.name(),
        tenant: work.schema.schema_name(),
        doubtful: mentions.doubtful().collect(),
        loose: mentions.loose().collect(),
        late: mentions.used_before_created().collect(),
        analyzed: if mentions.analyzes_everything() {
            Analyzed::Everything
        } else {
            Analyzed::These(mentions.only_analyzed().collect())
        },
        kept: kept.map(Object::key).collect(),
        rows: rows.filter_map(|object| object.row).collect(),
        domains: domains.map(|object| object.oid).collect(),
        sets_sequences: may(
            signs,
            || work.migrations.signs(),
            |signs| signs.sets_sequences,
        ),
        grants: signs.grants,
        is_dynamic: signs.is_dynamic,
        others: signs.is_dynamic || signs.others,
        meant,
    }
}
