//! `syntax-error`: what the parser does not understand.

use squawk_syntax::{Parse, SourceFile};

use crate::finding::Found;

pub(super) fn errors(parse: &Parse<SourceFile>) -> Vec<Found> {
    let errors = parse.errors().into_iter().map(|error| {
        let offset = usize::from(error.range().start());
        Found::new(offset, "syntax-error", first_small(error.message())).hint(
            "Correct the SQL. If PostgreSQL accepts it, silence the rule for this statement.\n-- \
             lint:ignore syntax-error REASON",
        )
    });
    errors.collect()
}

/// `message` as it reads behind a label.
fn first_small(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
