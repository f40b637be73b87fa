//! What is applied where, and the SQL of each migration.

mod all;
mod fleet;
mod one;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};
use tenant_core::remedy::Command;
use tenant_core::{MIGRATION_HISTORY, Migration, MigrationSet, PoolError};

use super::{Here, at_each_place};
use crate::data::{self, Applied};
use crate::error::Failure;
use crate::page::Tab;
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::url::segment;

pub(super) fn routes() -> Router<Studio> {
    at_each_place("/migrations", get(of_place))
        .merge(all::routes())
        .merge(one::routes())
}

/// The migrations of one schema.
async fn of_place(here: Here) -> Result<Response, Failure> {
    let reading = here.read().await?;
    let recorded = data::ledger(&reading).await?;
    reading.end();
    let has_ledger = recorded.is_some();
    let applied = recorded.unwrap_or_default();
    let known = stream(&here.studio, &here.place);
    let pending = known.iter().filter(|one| find(&applied, one).is_none());
    let pending = pending.count();
    let body = html! {
        div.bar {
            h1 { "Migrations" }
            @if pending == 0 { span.badge.good { "up to date" } }
            @else { span.badge.behind { (pending) " pending" } }
        }
        @if !has_ledger {
            p.note { "No migration is recorded: the schema has no table "
                code { (MIGRATION_HISTORY) } "." }
        }
        @if pending > 0 { (here.studio.remedies().paragraph(&[command(&here.place).into()])) }
        (list(&here.place, known, &applied))
        (unknown(known, &applied))
    };
    Ok(here.page(Tab::Migrations, "Migrations").answer(&body))
}

fn list(place: &ShownSchema, known: &MigrationSet, applied: &[Applied]) -> Markup {
    html! {
        @if known.iter().len() == 0 {
            p.empty { "This program has no migrations for this schema." }
        } @else {
            div.scroll { table.list data-rows {
                thead { tr {
                    th scope="col" { "Migration" } th scope="col" { "Version" }
                    th scope="col" { "State" } th scope="col" { "Applied" }
                } }
                tbody { @for one in known.iter().rev() { tr {
                    th scope="row" { a href=(address(place, one.version().as_str())) { (one.name()) } }
                    td.mono { (one.version()) }
                    @match find(applied, one) {
                        Some(applied) => {
                            td { span.badge.good { "applied" } }
                            td.quiet { (applied.at) }
                        },
                        None => { td { span.badge.behind { "pending" } } td.quiet { "–" } },
                    }
                } } }
            } }
        }
    }
}

/// What is applied, and this program does not have.
fn unknown(known: &MigrationSet, applied: &[Applied]) -> Markup {
    let is_unknown = |applied: &&Applied| known.iter().all(|one| *one.version() != applied.version);
    let unknown = applied.iter().filter(is_unknown).collect::<Vec<_>>();
    html! {
        @if !unknown.is_empty() {
            h2 { "Unknown migrations" }
            p.note { "They are applied, but this program does not contain them: another program applied them, or their folders were deleted." }
            div.scroll { table.list { tbody { @for one in unknown { tr {
                th.mono scope="row" { (one.version) }
                td { span.badge.bad { "unknown" } }
                td.quiet { (one.at) }
            } } } } }
        }
    }
}

fn find<'a>(applied: &'a [Applied], one: &Migration) -> Option<&'a Applied> {
    applied
        .iter()
        .find(|applied| *one.version() == applied.version)
}

/// The migrations that the place has.
fn stream<'a>(studio: &'a Studio, place: &ShownSchema) -> &'a MigrationSet {
    let migrations = studio.tenants().migrations();
    match place {
        ShownSchema::Public => &migrations.public,
        ShownSchema::Tenant(_) => &migrations.tenant,
    }
}

/// What applies the migrations that the place lacks.
fn command(place: &ShownSchema) -> Command {
    match place {
        ShownSchema::Public => Command::MigratePublic,
        ShownSchema::Tenant(name) => Command::MigrateTenant(name.clone()),
    }
}

/// The page of one migration.
fn address(place: &ShownSchema, version: &str) -> String {
    let stream = match place {
        ShownSchema::Public => "public",
        ShownSchema::Tenant(_) => "tenant",
    };
    format!("migrations/{stream}/{}", segment(version))
}

/// An error of the library, where it says what a pool's error says too.
fn failure(error: tenant_core::Error) -> Failure {
    match error {
        tenant_core::Error::NotSetUp { table } => PoolError::NotSetUp { table }.into(),
        error => error.into(),
    }
}
