//! Domains with constraints that not all values keep: `CREATE DOMAIN` cannot say so.

use sql_text::{TokenKind, tokens};

use crate::shape::object::{Aspect, Object};

/// How PostgreSQL ends such a constraint.
const NOT_VALID: &str = "NOT VALID";

/// What makes a domain.
pub(super) struct Domain {
    /// What stands behind `AS` in `CREATE DOMAIN`.
    pub(super) definition: String,
    /// The constraints that are added once there are values.
    pub(super) unchecked: Vec<String>,
}

impl Domain {
    pub(super) fn of(object: &Object) -> Self {
        let text = object.fact(Aspect::Definition).unwrap_or_default();
        let (mut definition, mut unchecked) = (Vec::new(), Vec::new());
        for part in parts(text) {
            if part.ends_with(NOT_VALID) {
                unchecked.push(part);
            } else {
                definition.push(part);
            }
        }
        Self {
            definition: definition.join(" "),
            unchecked,
        }
    }
}

/// The definition up to its first constraint, and each constraint.
fn parts(definition: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for token in tokens(definition) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 && token.text == "CONSTRAINT" => {
                parts.push(String::new());
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push_str(token.text);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}
