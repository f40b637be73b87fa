//! What several tenants share, said once.
//!
//! A text about one tenant names it. Two texts are the same for [`Groups`] if they differ in
//! that name only, and so are two hints.

use command_line::Hint;

/// What stands for the tenant's name in a command that is shown once for several.
const NAME: &str = "NAME";

/// Things with the same key together, in the order of their first one.
#[derive(Debug)]
pub(crate) struct Groups<K, T> {
    groups: Vec<(K, Vec<T>)>,
}

impl<K: PartialEq, T> Groups<K, T> {
    /// Groups `things` by their key. The most frequent come first.
    pub(crate) fn by(things: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Self {
        let mut groups = Vec::<(K, Vec<T>)>::new();
        for thing in things {
            let key = key(&thing);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, same)) => same.push(thing),
                None => groups.push((key, vec![thing])),
            }
        }
        groups.sort_by_key(|(_, same)| std::cmp::Reverse(same.len()));
        Self { groups }
    }

    /// The groups, each with one thing at least.
    pub(crate) fn into_groups(self) -> impl ExactSizeIterator<Item = Vec<T>> {
        self.groups.into_iter().map(|(_, same)| same)
    }
}

/// The text without the name of the tenant that it is about.
pub(crate) fn without_name(text: &str, name: &str) -> String {
    let alone = [
        format!("tenant `{name}`: "),
        format!("spare schema `{name}`: "),
    ];
    let text = alone
        .iter()
        .find_map(|start| text.strip_prefix(start))
        .unwrap_or(text);
    text.replace(&format!("the tenant `{name}`"), "the tenant")
        .replace(&format!("tenant `{name}`"), "the tenant")
        .replace(&format!("the schema `{name}`"), "the schema")
}

/// The hints with [`NAME`] in the place of the tenant's name.
pub(crate) fn hints_of_any(hints: &[Hint], name: &str) -> Vec<Hint> {
    let hints = hints.iter().map(|hint| Hint {
        sentence: words_replaced(&hint.sentence, name),
        run: hint
            .run
            .iter()
            .map(|run| words_replaced(run, name))
            .collect(),
    });
    hints.collect()
}

/// Replaces a name where it is a whole word.
fn words_replaced(text: &str, name: &str) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '/');
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = from.get(name.len()..).unwrap_or_default();
        let starts = !before.chars().next_back().is_some_and(is_of_a_name);
        let ends = !after.chars().next().is_some_and(is_of_a_name);
        replaced.push_str(before);
        replaced.push_str(if starts && ends { NAME } else { name });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_it_is_a_word() {
        for (text, replaced) in [
            ("tenants repair acme", "tenants repair NAME"),
            ("tenants repair acme_2", "tenants repair acme_2"),
            (
                "--config acme/tenants.toml acme",
                "--config acme/tenants.toml NAME",
            ),
            ("DROP TABLE \"acme\".t;", "DROP TABLE \"NAME\".t;"),
        ] {
            assert_eq!(words_replaced(text, "acme"), replaced);
        }
    }

    #[test]
    fn the_most_frequent_comes_first() {
        let groups = Groups::by(["a", "bb", "cc"], |text| text.len());
        let groups = groups.into_groups().collect::<Vec<_>>();
        assert_eq!(groups, [vec!["bb", "cc"], vec!["a"]]);
    }
}
