//! Which stream of migrations a path is about, by the words in it.

/// Which migrations: of the public schema, or of every tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What exists once.
    Public,
    /// What every tenant has.
    Tenant,
}

/// Words of paths that are about tenants.
const TENANT: [&str; 6] = ["tenant", "tenants", "org", "orgs", "workspace", "customer"];

/// Words of paths that are about what exists once.
const PUBLIC: [&str; 6] = [
    "public", "shared", "global", "common", "platform", "control",
];

impl Stream {
    /// The stream that a relative path is about, if its words say so. The last word
    /// counts most.
    pub(super) fn of(path: &str) -> Option<Self> {
        let words = path.split(|c: char| !c.is_ascii_alphanumeric());
        words.rev().find_map(|word| {
            let word = word.to_ascii_lowercase();
            if TENANT.contains(&word.as_str()) {
                Some(Self::Tenant)
            } else if PUBLIC.contains(&word.as_str()) {
                Some(Self::Public)
            } else {
                None
            }
        })
    }
}
