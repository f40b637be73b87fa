//! Names that no tenant has: an error, with the name that was meant.

use anyhow::anyhow;
use tenant_core::remedy::Command;
use tenant_core::{Error, TenantName};

use crate::complete::all_names;
use crate::exit::UsageError;
use crate::hints::{self as advice, Advised};
use crate::output::shown;
use crate::{Context, Hint, Invocation, remedy};

/// The error for `names`, of which none is among those that are `listed`.
pub(crate) fn unknown(
    names: &[&TenantName],
    listed: &[String],
    invocation: &Invocation,
) -> anyhow::Error {
    let what = match names {
        [one] => Error::Unknown((*one).clone()).to_string(),
        _ => {
            let names = names.iter().map(|name| format!("`{name}`"));
            format!(
                "there are no tenants {}",
                names.collect::<Vec<_>>().join(", ")
            )
        }
    };
    let near = names
        .iter()
        .filter_map(|name| nearest(name.as_str(), listed));
    let advised = Advised::with(what.clone(), hints(near, vec![to_list(invocation)]));
    anyhow!(UsageError(what)).context(advised)
}

/// The same error. If it is about a name that no tenant has, it says which one was meant.
pub(crate) async fn explained(context: &Context, error: anyhow::Error) -> anyhow::Error {
    let Some(known @ Error::Unknown(name)) = error.downcast_ref::<Error>() else {
        return error;
    };
    // The list is for help only: the error is the same without it.
    let listed = all_names(context).await.unwrap_or_default();
    let Some(near) = nearest(name.as_str(), &listed) else {
        return error;
    };
    let list = advice::of(known, context.invocation());
    let advised = Advised::with(error.to_string(), hints([near], list));
    error.context(advised)
}

/// What to do where a name or a pattern is wrong.
pub(crate) fn to_list(invocation: &Invocation) -> Hint {
    remedy::hint(&Command::ListTenants.into(), invocation)
}

/// The names that may be meant, before what else to do.
fn hints<'a>(near: impl IntoIterator<Item = &'a str>, list: Vec<Hint>) -> Vec<Hint> {
    let near = near.into_iter().map(|name| format!("`{}`", shown(name)));
    let near = near.collect::<Vec<_>>().join(", ");
    let meant = (!near.is_empty()).then(|| Hint::new(format!("Did you mean {near}?")));
    meant.into_iter().chain(list).collect()
}

/// The name of the list that is most likely meant: only this one begins so, or few letters
/// differ.
fn nearest<'a>(name: &str, listed: &'a [String]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let mut longer = listed
        .iter()
        .filter(|one| one.to_lowercase().starts_with(&name));
    if let (Some(one), None) = (longer.next(), longer.next()) {
        return Some(one);
    }
    let most = (name.chars().count() / 3).max(1);
    let near = listed.iter().map(|one| {
        let letters = strsim::osa_distance(&name, &one.to_lowercase());
        (letters, one)
    });
    let near = near.filter(|(letters, _)| *letters <= most);
    let nearest = near.min_by_key(|(letters, _)| *letters);
    nearest.map(|(_, one)| one.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_meant_is_found() {
        let listed = ["acme_corp", "eu_1", "eu_2", "globex", "initech"];
        let listed = listed.map(str::to_owned);
        for (name, meant) in [
            ("glbex", Some("globex")),
            ("golbex", Some("globex")),
            ("Globex", Some("globex")),
            ("acme", Some("acme_corp")),
            ("eu", None),
            ("eu_3", Some("eu_1")),
            ("nobody", None),
        ] {
            assert_eq!(nearest(name, &listed), meant, "{name}");
        }
    }
}
