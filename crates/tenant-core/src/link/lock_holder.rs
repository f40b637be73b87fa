//! [`LockHolder`]: a session that another session waits for.

use std::fmt;

/// A session that holds a lock for which another session waited. A field is `None` if the role
/// cannot see it, or if the server does not know it.
///
/// The text of its query is left out, because it can contain data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// Its process id on the server; 0 for a prepared transaction.
    pub pid: i32,
    /// Its `application_name`.
    pub application: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// Its state, such as `active` or `idle in transaction`.
    pub state: Option<String>,
    /// When its last query began: `2026-01-31 23:59:59`, in UTC.
    pub query_start: Option<String>,
    /// Whether it is a run of this library on a tenant.
    pub is_run: bool,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid == 0 {
            return formatter.write_str("a prepared transaction");
        }
        write!(formatter, "pid {}", self.pid)?;
        let mut details = Vec::new();
        details.extend(
            self.application
                .as_ref()
                .map(|it| format!("application `{it}`")),
        );
        details.extend(self.role.as_ref().map(|it| format!("role `{it}`")));
        details.extend(self.state.clone());
        details.extend(
            self.query_start
                .as_ref()
                .map(|it| format!("query began {it} UTC")),
        );
        if details.is_empty() {
            return Ok(());
        }
        write!(formatter, " ({})", details.join(", "))
    }
}

/// That they hold the lock: `the lock is held by pid 1 (...), pid 2`. `None` if none is known.
pub(crate) fn held_by(holders: &[LockHolder]) -> Option<String> {
    let each = holders.iter().map(ToString::to_string);
    let each = each.collect::<Vec<_>>().join(", ");
    (!each.is_empty()).then(|| format!("the lock is held by {each}"))
}

/// The same behind another text. Empty if none is known.
pub(crate) fn in_words(holders: &[LockHolder]) -> String {
    held_by(holders).map_or_else(String::new, |held| format!("; {held}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut holder = LockHolder {
            pid: 7,
            application: Some("psql".to_owned()),
            role: None,
            state: Some("idle in transaction".to_owned()),
            query_start: None,
            is_run: false,
        };
        let words = in_words(std::slice::from_ref(&holder));
        assert_eq!(
            words,
            "; the lock is held by pid 7 (application `psql`, idle in transaction)"
        );
        holder.pid = 0;
        assert_eq!(holder.to_string(), "a prepared transaction");
        assert_eq!(in_words(&[]), "");
    }
}
