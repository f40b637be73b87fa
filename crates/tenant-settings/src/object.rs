//! The name of an object beside its schema.

use sql_text::{TokenKind, stored, tokens};

/// The name of an object, as PostgreSQL stores it, if it is written as errors write it:
/// `public.plans` or `"My Plans"`. Any other text is a name as it is.
#[must_use]
pub fn object_name(name: &str) -> String {
    let tokens = tokens(name).collect::<Vec<_>>();
    let written = match tokens.as_slice() {
        [schema, dot, object] if schema.is_name() && dot.text == "." => stored(object),
        [object] if object.kind == TokenKind::QuotedName => stored(object),
        _ => None,
    };
    written.unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_may_be_named_as_errors_name_it() {
        for (given, stored) in [
            ("plans", "plans"),
            ("public.plans", "plans"),
            ("public.\"My Plans\"", "My Plans"),
            ("\"My Plans\"", "My Plans"),
            ("My Plans", "My Plans"),
        ] {
            assert_eq!(object_name(given), stored, "{given}");
        }
    }
}
