//! The known word that a mistyped one most likely means.

/// The nearest of `known`: letters are swapped, missing, or too many. `None` if none is
/// near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let far = |candidate: &str| distance(&word, &folded(candidate));
    let rated = known
        .into_iter()
        .map(|candidate| (far(candidate), candidate));
    let (distance, candidate) = rated.min()?;
    // At most a third of the letters.
    (distance * 3 <= candidate.chars().count().max(3)).then_some(candidate)
}

/// Without the differences that are none: `Lock-Timeout` is `lock_timeout`.
fn folded(word: &str) -> String {
    word.replace('-', "_").to_lowercase()
}

/// How many letters are to be inserted, deleted, replaced, or swapped with the next one to
/// get from `from` to `to`.
fn distance(from: &str, to: &str) -> usize {
    let [from, to] = [from, to].map(|word| word.chars().collect::<Vec<_>>());
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(FAR);
    let mut before = Vec::new();
    let mut row = (0..=to.len()).collect::<Vec<_>>();
    for (i, letter) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let is_swapped =
                i > 0 && j > 0 && from.get(i - 1) == Some(other) && to.get(j - 1) == Some(letter);
            let swapped = if is_swapped {
                at(&before, j - 1) + 1
            } else {
                FAR
            };
            let replaced = at(&row, j) + usize::from(letter != other);
            let (inserted, deleted) = (at(&next, j) + 1, at(&row, j + 1) + 1);
            next.push(replaced.min(swapped).min(inserted).min(deleted));
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

/// More than any word has letters.
const FAR: usize = usize::MAX / 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_leads_to_the_right_one_and_another_word_to_none() {
        let known = ["database_url", "migrations", "lock_timeout", "jobs"];
        for (word, meant) in [
            ("databse_url", Some("database_url")),
            ("migration", Some("migrations")),
            ("lock-timeout", Some("lock_timeout")),
            ("Jobs", Some("jobs")),
            ("job", Some("jobs")),
            ("jbos", Some("jobs")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
