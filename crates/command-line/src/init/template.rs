//! What the names of schemas have in common: the template that makes them of tenants'
//! names.

use tenant_core::TenantName;

/// A prefix and a suffix around a tenant's name. The default is neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) prefix: String,
    pub(super) suffix: String,
}

/// How many templates are tried.
const MOST_CANDIDATES: usize = 5;

/// PostgreSQL's limit for names, in bytes.
const LONGEST: usize = 63;

impl Template {
    /// What all of `schemas` have in common, up to a separator. One schema alone has
    /// nothing in common with another.
    pub(super) fn of(schemas: &[String]) -> Self {
        let (Some(first), true) = (schemas.first(), schemas.len() > 1) else {
            return Self::default();
        };
        let ends = |from_start: bool| {
            let shared = schemas.iter().map(|other| common(first, other, from_start));
            shared.min().unwrap_or_default()
        };
        let prefix = first.get(..ends(true)).unwrap_or_default();
        let separated = prefix.rfind(is_separator).map_or(0, |end| end + 1);
        let prefix = prefix.get(..separated).unwrap_or_default().to_owned();
        let from = first.len() - ends(false);
        let suffix = first.get(from..).unwrap_or_default();
        let separated = suffix.find(is_separator).unwrap_or(suffix.len());
        let suffix = suffix.get(separated..).unwrap_or_default().to_owned();
        let is_longer = |schema: &String| schema.len() > prefix.len() + suffix.len();
        if schemas.iter().all(is_longer) {
            Self { prefix, suffix }
        } else {
            Self::default()
        }
    }

    /// What may be the template of `schemas`, the likeliest first: what all have in common,
    /// less of it, and nothing.
    pub(super) fn candidates(schemas: &[String]) -> Vec<Self> {
        let shared = Self::of(schemas);
        let alone = match schemas {
            [one] => one.as_str(),
            _ => shared.prefix.as_str(),
        };
        let ends = alone.rmatch_indices(is_separator).map(|(at, _)| at + 1);
        let prefixes = ends.filter_map(|end| alone.get(..end));
        let shorter = prefixes.map(|prefix| Self {
            prefix: prefix.to_owned(),
            suffix: shared.suffix.clone(),
        });
        let mut all = vec![shared.clone()];
        all.extend(shorter.chain([Self::default()]));
        let mut seen = Vec::new();
        all.retain(|template| {
            let is_new = !seen.contains(template);
            seen.push(template.clone());
            is_new
        });
        all.truncate(MOST_CANDIDATES);
        all
    }

    /// The tenant's name in a schema's.
    pub(super) fn name<'a>(&self, schema: &'a str) -> Option<&'a str> {
        let name = schema.strip_prefix(&*self.prefix)?;
        name.strip_suffix(&*self.suffix)
    }

    /// As the settings have it; `None` if a schema is called as its tenant.
    pub(super) fn written(&self) -> Option<String> {
        let is_plain = self.prefix.is_empty() && self.suffix.is_empty();
        (!is_plain).then(|| format!("{}{{name}}{}", self.prefix, self.suffix))
    }

    /// A pattern for all of `names`, if one of them is not what a new tenant may be
    /// called.
    pub(super) fn pattern(&self, names: &[String]) -> Option<String> {
        if names.iter().all(|name| name.parse::<TenantName>().is_ok()) {
            return None;
        }
        let first = names.iter().filter_map(|name| name.chars().next());
        let first = class(&first.collect::<Vec<_>>());
        let rest = names.iter().flat_map(|name| name.chars().skip(1));
        let rest = class(&rest.chain("az09".chars()).collect::<Vec<_>>());
        let longest = LONGEST.saturating_sub(self.prefix.len() + self.suffix.len() + 1);
        Some(format!("^[{first}][{rest}]{{0,{longest}}}$"))
    }
}

fn is_separator(c: char) -> bool {
    c == '_' || c == '-'
}

/// How many bytes two names share, from the start or from the end.
fn common(one: &str, other: &str, from_start: bool) -> usize {
    let length = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        let same = pairs.take_while(|(one, other)| one == other);
        same.map(|(one, _)| one.len_utf8()).sum()
    };
    if from_start {
        length(&mut one.chars().zip(other.chars()))
    } else {
        length(&mut one.chars().rev().zip(other.chars().rev()))
    }
}

/// The inside of a class of characters that has all of `letters`.
fn class(letters: &[char]) -> String {
    let mut class = String::new();
    let any = |is_in: fn(&char) -> bool| letters.iter().any(is_in);
    for (range, is_there) in [
        ("a-z", any(char::is_ascii_lowercase)),
        ("A-Z", any(char::is_ascii_uppercase)),
        ("0-9", any(char::is_ascii_digit)),
    ] {
        if is_there {
            class.push_str(range);
        }
    }
    let mut others = letters.to_vec();
    others.retain(|letter| !letter.is_ascii_alphanumeric());
    others.sort_unstable();
    others.dedup();
    // At the end a hyphen means itself.
    others.sort_by_key(|letter| *letter == '-');
    for letter in others {
        if matches!(letter, '\\' | ']' | '[' | '^' | '&' | '~') {
            class.push('\\');
        }
        class.push(letter);
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> (Option<String>, Option<String>) {
        let schemas = names.iter().map(|name| (*name).to_owned());
        let schemas = schemas.collect::<Vec<_>>();
        let template = Template::of(&schemas);
        let names = schemas.iter().filter_map(|schema| template.name(schema));
        let names = names.map(str::to_owned).collect::<Vec<_>>();
        (template.written(), template.pattern(&names))
    }

    #[test]
    fn the_template_is_what_all_schemas_share_up_to_a_separator() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of(&["org_acme", "org_abc"]), (some("org_{name}"), None));
        assert_eq!(of(&["acme", "abc"]), (None, None));
        assert_eq!(of(&["org_acme"]), (None, None));
        assert_eq!(
            of(&["acme_data", "globex_data"]),
            (some("{name}_data"), None)
        );
        // One is called as what the others share.
        assert_eq!(of(&["org_", "org_a"]), (None, None));
        assert_eq!(of(&[]), (None, None));
    }

    #[test]
    fn names_that_are_not_plain_get_a_pattern() {
        let (template, pattern) = of(&["org_big-bang", "org_acme"]);
        assert_eq!(template.unwrap(), "org_{name}");
        assert_eq!(pattern.unwrap(), "^[a-z][a-z0-9-]{0,58}$");
        let (_, pattern) = of(&["7up", "Acme.Inc"]);
        assert_eq!(pattern.unwrap(), "^[A-Z0-9][a-zA-Z0-9.]{0,62}$");
    }
}
