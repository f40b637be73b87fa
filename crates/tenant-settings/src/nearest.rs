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

/// How many letters are to be inserted, deleted, or replaced to get from `from` to `to`.
fn distance(from: &str, to: &str) -> usize {
    let mut row = (0..=to.chars().count()).collect::<Vec<_>>();
    for (index, letter) in from.chars().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (other, pair) in to.chars().zip(row.windows(2)) {
            let (diagonal, above) = match pair {
                [diagonal, above] => (*diagonal, *above),
                _ => (left, left),
            };
            let replaced = diagonal + usize::from(letter != other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

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
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
