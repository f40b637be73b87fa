//! [`Fleet`]: which migrations the tenants have, counted.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tenant_core::{Selection, TenantStanding, Version};

use super::failure;
use crate::error::{Failure, causes};
use crate::shown_schema::ShownSchema;
use crate::studio::Studio;
use crate::words::counted;

/// How many tenants are shown at a time.
const SHOWN: usize = 50;

/// Where all tenants stand.
pub(super) struct Fleet {
    standings: Vec<TenantStanding>,
    lacking: BTreeMap<Version, usize>,
    unknown: BTreeMap<Version, usize>,
}

/// Which of the tenants are shown.
pub(super) struct Asked<'a> {
    /// In the name.
    pub(super) text: &'a str,
    pub(super) offset: usize,
}

impl Fleet {
    /// Asks each tenant's own table of migrations.
    pub(super) async fn read(studio: &Studio) -> Result<Self, Failure> {
        let standings = studio
            .tenants()
            .standings(Selection::all())
            .await
            .map_err(failure)?;
        let count = |of: fn(&TenantStanding) -> &Vec<Version>| {
            let mut counts = BTreeMap::<Version, usize>::new();
            for version in standings.iter().flat_map(of) {
                *counts.entry(version.clone()).or_default() += 1;
            }
            counts
        };
        Ok(Self {
            lacking: count(|one| &one.pending),
            unknown: count(|one| &one.unknown),
            standings,
        })
    }

    pub(super) fn tenants(&self) -> usize {
        self.standings.len()
    }

    /// How many are known to lack the migration.
    pub(super) fn lacking(&self, version: &str) -> usize {
        self.lacking.get(version).copied().unwrap_or_default()
    }

    /// How many are known to have it.
    pub(super) fn having(&self, version: &str) -> usize {
        self.tenants() - self.unread() - self.lacking(version)
    }

    /// How many could not be read.
    pub(super) fn unread(&self) -> usize {
        let unread = self.standings.iter().filter(|one| one.error.is_some());
        unread.count()
    }

    /// What is said of those that could not be read.
    pub(super) fn not_counted(&self) -> Markup {
        let unread = self.unread();
        let mut errors = self.standings.iter().filter_map(|one| {
            let error = one.error.as_ref()?;
            Some((&one.name, causes(error)))
        });
        html! {
            @if let Some((name, error)) = errors.next() {
                p.note {
                    (unread) " of " (self.tenants()) " tenants could not be read and are not counted. "
                    (name) ": " (error)
                    @if unread > 1 { "; and others" }
                }
            }
        }
    }

    /// The applied versions that this program does not have, and how many tenants
    /// have each.
    pub(super) fn unknown(&self) -> impl Iterator<Item = (&str, usize)> {
        let all = self.unknown.iter();
        all.map(|(version, tenants)| (version.as_str(), *tenants))
    }

    /// The tenants that are not exactly at the program's migrations.
    pub(super) fn different(&self) -> Vec<&TenantStanding> {
        let is_different = |one: &&TenantStanding| {
            let differs = !one.pending.is_empty() || !one.unknown.is_empty();
            differs || one.is_of_other_program || one.error.is_some()
        };
        self.standings.iter().filter(is_different).collect()
    }

    /// Those that lack the migration, or have it without this program's knowing it.
    pub(super) fn concerned(&self, version: &str) -> Vec<&TenantStanding> {
        let has = |versions: &Vec<Version>| versions.iter().any(|one| one == version);
        let is_concerned = |one: &&TenantStanding| has(&one.pending) || has(&one.unknown);
        self.standings.iter().filter(is_concerned).collect()
    }
}

/// These tenants, of which those are shown that were asked for.
pub(super) fn tenants(
    standings: &[&TenantStanding],
    asked: &Asked<'_>,
    at: impl Fn(usize) -> String,
) -> Markup {
    let text = asked.text.to_lowercase();
    let is_meant = |one: &&&TenantStanding| one.name.to_lowercase().contains(&text);
    let found = standings.iter().filter(is_meant).collect::<Vec<_>>();
    let shown = found.iter().skip(asked.offset).take(SHOWN);
    let last = (asked.offset + SHOWN).min(found.len());
    html! {
        @if found.is_empty() { p.empty { "No tenant matches." } } @else {
            p.quiet { (counted(i64::try_from(found.len()).unwrap_or(i64::MAX)))
                @if found.len() == 1 { " tenant" } @else { " tenants" }
                @if found.len() > SHOWN { ", showing " (asked.offset + 1) "–" (last) } }
            div.scroll { table.list data-rows {
                thead { tr {
                    th scope="col" { "Name" } th scope="col" { "State" } th scope="col" { "Versions" }
                } }
                tbody { @for one in shown { (row(one)) } }
            } }
            nav.pager aria-label="More tenants" {
                @if asked.offset > 0 {
                    a.button rel="prev" href=(at(asked.offset.saturating_sub(SHOWN))) { "← Previous" }
                }
                @if last < found.len() { a.button rel="next" href=(at(last)) { "Next →" } }
            }
        }
    }
}

fn row(one: &TenantStanding) -> Markup {
    html! {
        tr {
            th scope="row" { (link(&one.name)) }
            td {
                @if one.error.is_some() { span.badge.bad { "could not be read" } }
                @if one.is_of_other_program { span.badge.bad { "of another program" } " " }
                @if !one.pending.is_empty() { span.badge.behind { (one.pending.len()) " pending" } " " }
                @if !one.unknown.is_empty() { span.badge.bad { (one.unknown.len()) " unknown" } }
            }
            td {
                @if let Some(error) = &one.error { (causes(error)) }
                span.mono { (beginning(one.pending.iter().chain(&one.unknown))) }
            }
        }
    }
}

/// The tenant's name, with a link to its migrations.
pub(crate) fn link(name: &str) -> Markup {
    html! {
        @match ShownSchema::named(name) {
            Ok(tenant) => a href=(tenant.at("migrations")) { (name) },
            Err(_) => (name),
        }
    }
}

fn beginning<'a>(versions: impl Iterator<Item = &'a Version>) -> String {
    const NAMED: usize = 3;
    let mut names = versions.map(Version::as_str).collect::<Vec<_>>();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…");
    }
    names.join(", ")
}
