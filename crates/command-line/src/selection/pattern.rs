//! [`Pattern`]: `eu_*`, for the names of several tenants.

use std::fmt;
use std::str::FromStr;

/// A pattern for names: `*` is any text, `?` is any one letter, and everything else is itself.
/// Upper and lower case differ, as in names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole of `name` matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let pattern = self.0.chars().collect::<Vec<_>>();
        let name = name.chars().collect::<Vec<_>>();
        matches(&pattern, &name)
    }
}

/// One row of the table of which beginnings of the pattern match which beginnings of the name:
/// its time is the product of both lengths, whatever the pattern.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for letter in pattern {
        let mut next = Vec::with_capacity(reached.len());
        let mut is_behind = false;
        let names = std::iter::once(None).chain(name.iter().map(Some));
        let mut before = false;
        for (here, of_name) in reached.iter().zip(names) {
            is_behind |= *here;
            next.push(match letter {
                '*' => is_behind,
                '?' => before,
                _ => before && of_name == Some(letter),
            });
            before = *here;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

impl FromStr for Pattern {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("an empty pattern matches no tenant"),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, is_match) in [
            ("eu_*", "eu_acme", true),
            ("eu_*", "eu_", true),
            ("eu_*", "neu_acme", false),
            ("*_corp", "acme_corp", true),
            ("*_corp", "acme_corp_2", false),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("t?", "t1", true),
            ("t?", "t12", false),
            ("t?", "t", false),
            ("*", "", true),
            ("**", "x", true),
            ("acme", "acme", true),
            ("acme", "Acme", false),
            ("a.c", "abc", false),
            ("[ab]", "a", false),
            ("?", "é", true),
        ] {
            let pattern = pattern.parse::<Pattern>().unwrap();
            assert_eq!(pattern.matches(name), is_match, "{pattern} {name}");
        }
        assert!("".parse::<Pattern>().is_err());
    }

    #[test]
    fn many_stars_do_not_take_long() {
        let pattern = "*a".repeat(30).parse::<Pattern>().unwrap();
        assert!(!pattern.matches(&"a".repeat(29)));
        assert!(pattern.matches(&"a".repeat(63)));
    }
}
