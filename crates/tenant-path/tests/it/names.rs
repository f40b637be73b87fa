//! Which names are taken, and that none of them breaks out of its quotes.

use proptest::prelude::*;
use tenant_path::{NameRule, TenantPath};

fn rule(text: &str) -> Option<NameRule> {
    TenantPath::new(text).err().map(|error| error.rule)
}

#[test]
fn each_rule_is_named_when_it_is_broken() {
    assert_eq!(rule(""), Some(NameRule::Empty));
    assert_eq!(rule("a\0"), Some(NameRule::Nul));
    assert_eq!(rule(&"é".repeat(32)), Some(NameRule::Length(64)));
    for system in ["pg_x", "pg_temp", "public", "information_schema"] {
        assert_eq!(rule(system), Some(NameRule::System), "{system}");
    }
    assert_eq!(rule("$user"), Some(NameRule::Role));
    for fine in [
        "$USER",
        "$user_1",
        "org_big-bang",
        "2fast",
        "Public",
        "select",
        "PG_x",
    ] {
        assert_eq!(rule(fine), None, "{fine}");
    }
}

#[test]
fn behind_a_tenant_public_is_allowed_and_each_schema_counts_once() {
    let path = TenantPath::new("acme").unwrap();
    for refused in ["pg_temp", "$user"] {
        assert!(path.clone().behind([refused]).is_err(), "{refused}");
    }
    let path = path.behind(["public", "acme", "ext", "public"]).unwrap();
    assert_eq!(
        path.schemas().collect::<Vec<_>>(),
        ["acme", "public", "ext"]
    );
}

/// What an identifier means, as PostgreSQL reads one in quotes.
fn read(identifier: &str) -> Option<String> {
    let inner = identifier.strip_prefix('"')?.strip_suffix('"')?;
    let halves = inner.replace("\"\"", "");
    (!halves.contains('"')).then(|| inner.replace("\"\"", "\""))
}

proptest! {
    #[test]
    fn quoted_a_name_means_itself(text in "\\PC{1,63}|[ -~]{1,63}|[\"'.\\\\ a-zA-Z$-]{1,63}") {
        if let Ok(path) = TenantPath::new(&text) {
            let set = path.set_local();
            let path = set.strip_prefix("SET LOCAL search_path TO ");
            let name = path.and_then(|path| path.strip_suffix(", pg_temp")).and_then(read);
            prop_assert_eq!(name, Some(text));
        }
    }
}
