//! The keys of the file, and what is said of others.

use crate::nearest::nearest;

/// Every key of the file, by section. The first section is the top of the file, which has the
/// other sections too.
pub const KEYS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "database_url",
            "migrations",
            "schema",
            "registry",
            "names",
            "path",
            "application",
            "hooks",
            "lint",
            "defaults",
        ],
    ),
    ("migrations", &["public", "tenant"]),
    ("schema", &["public", "tenant"]),
    (
        "registry",
        &[
            "table",
            "query",
            "key",
            "schema_column",
            "state_column",
            "states",
            "only",
            "beside",
        ],
    ),
    ("names", &["schema", "allow"]),
    ("path", &["behind", "extensions_schema", "shared_objects"]),
    ("application", &["role"]),
    ("hooks", &["seed", "on_drop", "after_drop", "on_rename"]),
    (
        "lint",
        &[
            "allowed_schemas",
            "disabled_rules",
            "enabled_rules",
            "postgres_version",
            "citus",
        ],
    ),
    (
        "defaults",
        &[
            "jobs",
            "lock_timeout",
            "wait",
            "statement_timeout",
            "max_failures",
            "transaction",
            "no_download",
        ],
    ),
];

/// What is said of a key that does not exist.
pub(crate) fn unknown(key: &str, section: &str, known: &[&str]) -> String {
    let elsewhere = KEYS.iter().find(|(_, keys)| keys.contains(&key));
    let instead = match (elsewhere, nearest(key, known.iter().copied())) {
        (_, Some(meant)) => format!("did you mean `{meant}`?"),
        (Some(("", _)), None) => format!("`{key}` belongs at the top of the file"),
        (Some((other, _)), None) => format!("`{key}` belongs in `[{other}]`"),
        (None, None) => of_all(key, section, known),
    };
    // A value in the place of a key may have a password in it.
    match key.contains("://") {
        true => format!("a URL is not a key ({instead})"),
        false => format!("unknown key `{key}` ({instead})"),
    }
}

fn of_all(key: &str, section: &str, known: &[&str]) -> String {
    let all = KEYS.iter().flat_map(|(other, keys)| {
        let keys = keys.iter().copied();
        keys.map(move |key| (*other, key))
    });
    let all = all.collect::<Vec<_>>();
    let meant = nearest(key, all.iter().map(|(_, key)| *key));
    let found = all.iter().find(|(_, key)| Some(*key) == meant);
    match found {
        Some((other, key)) if !other.is_empty() => {
            format!("did you mean `{key}` in `[{other}]`?")
        }
        _ => {
            let here = match section {
                "" => "at the top of the file".to_owned(),
                section => format!("in `[{section}]`"),
            };
            let known = known.iter().map(|key| format!("`{key}`"));
            let known = known.collect::<Vec<_>>().join(", ");
            format!("the keys {here} are {known}")
        }
    }
}
