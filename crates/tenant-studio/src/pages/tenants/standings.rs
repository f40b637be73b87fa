//! [`Standings`]: how tenants are, as their own tables of migrations say.

use std::collections::HashMap;

use maud::{Markup, html};
use tenant_core::{Error, Selection, TenantName, TenantStanding};

use crate::data::Found;
use crate::error::causes;
use crate::studio::Studio;

/// What was read of some tenants, by name; or why nothing was.
pub(super) struct Standings(Result<HashMap<String, TenantStanding>, Error>);

impl Standings {
    /// Asks the tenants that were found. One that was dropped since is left out.
    pub(super) async fn read(studio: &Studio, found: &Found) -> Self {
        let names = found.rows.iter().filter(|tenant| tenant.has_schema);
        let mut names = names
            .filter_map(|tenant| TenantName::quoted(&tenant.name).ok())
            .collect::<Vec<_>>();
        loop {
            let select = Selection::only(names.iter().cloned());
            match studio.tenants().standings(select).await {
                Err(Error::Unknown(gone)) if names.contains(&gone) => {
                    names.retain(|name| *name != gone);
                }
                Err(error) => return Self(Err(error)),
                Ok(read) => {
                    let by_name = read.into_iter().map(|one| (one.name.clone(), one));
                    return Self(Ok(by_name.collect()));
                }
            }
        }
    }

    /// How the tenant is.
    pub(super) fn of(&self, name: &str) -> Markup {
        let read = match &self.0 {
            Err(error) => return unread(&causes(error)),
            Ok(read) => read.get(name),
        };
        let Some(standing) = read else {
            return unread("it is no longer registered");
        };
        let (pending, unknown) = (standing.pending.len(), standing.unknown.len());
        html! {
            @if let Some(error) = &standing.error { (unread(&causes(error))) }
            @else if standing.is_of_other_program { span.badge.bad { "of another program" } " " }
            @else if pending == 0 && unknown == 0 { span.badge.good { "up to date" } }
            @if pending > 0 { span.badge.behind { (pending) " pending" } " " }
            @if unknown > 0 { span.badge.bad { (unknown) " unknown" } }
        }
    }
}

fn unread(why: &str) -> Markup {
    html! { span.badge.bad { "could not be read" } " " (why) }
}
