//! [`Entry`]: how a browser is let in.
//!
//! A key opens the studio once. It is exchanged for a session, which has two halves:
//!
//! * a path, below which all pages of the session are, and
//! * a cookie, which browsers send to that path only.
//!
//! Neither half opens anything alone. Browsers send a cookie to every port of a host, so
//! another server on this machine gets the cookies of `127.0.0.1`; but it gets those of
//! its own paths, and the path of a session is in the studio's pages only.

mod codes;
mod file;
mod secret;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub(crate) use codes::{AT_A_TIME, Asked, Later, Typed};
pub(crate) use file::EntryFile;
pub(crate) use secret::{Secret, readable};

use codes::Requests;

/// The name of the cookie. Sessions differ in its path.
pub(crate) const COOKIE: &str = "studio";

/// Where a key or a code is exchanged for a session. The page with the key can be a
/// file, and a link to it can stand anywhere.
pub(crate) const ENTER: &str = "/enter";

/// How many keys and how many sessions are kept. The oldest give way.
const KEPT: usize = 16;

/// The bytes of a key and of each half of a session.
const KEY: usize = 32;
const PATH: usize = 16;

/// Who may come in, and who is in.
pub(crate) struct Entry(Mutex<State>);

struct State {
    keys: Vec<(Secret, String)>,
    sessions: Vec<Session>,
    requests: Requests,
}

/// What a browser that was let in has.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) path: Secret,
    pub(crate) cookie: Secret,
}

impl Entry {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            keys: Vec::new(),
            sessions: Vec::new(),
            requests: Requests::default(),
        }))
    }

    /// A key that opens the page `start` once.
    pub(crate) fn key(&self, start: String) -> Secret {
        let key = Secret::new(KEY);
        add(&mut self.state().keys, (key.clone(), start));
        key
    }

    /// The session for a key, which is of no more use then, and the page that it opens.
    pub(crate) fn exchange(&self, key: &str) -> Option<(Session, String)> {
        let mut state = self.state();
        let at = state.keys.iter().position(|(one, _)| one.is(key))?;
        let (_, start) = state.keys.remove(at);
        Some((state.open(), start))
    }

    /// Whether a session has this path and one of these cookies.
    pub(crate) fn knows<'a>(&self, path: &str, cookies: impl Iterator<Item = &'a str>) -> bool {
        let state = self.state();
        let session = state.sessions.iter().find(|one| one.path.is(path));
        let mut cookies = cookies;
        session.is_some_and(|session| cookies.any(|given| session.cookie.is(given)))
    }

    /// A code for a browser that asks to be let in, or when to ask again.
    pub(crate) fn request(&self) -> Result<Asked, Later> {
        self.state().requests.ask(Instant::now())
    }

    /// What a code is worth that was typed into the page with this ticket.
    pub(crate) fn typed(&self, ticket: &str, code: &str) -> Typed<Session> {
        let mut state = self.state();
        match state.requests.check((ticket, code), Instant::now()) {
            Typed::Right(()) => Typed::Right(state.open()),
            Typed::Wrong(left) => Typed::Wrong(left),
            Typed::Over => Typed::Over,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn open(&mut self) -> Session {
        let session = Session {
            path: Secret::new(PATH),
            cookie: Secret::new(KEY),
        };
        add(&mut self.sessions, session.clone());
        session
    }
}

fn add<T>(kept: &mut Vec<T>, new: T) {
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_once_and_its_session_needs_both_halves() {
        let entry = Entry::new();
        let key = entry.key("tenants".to_owned());
        assert!(entry.exchange("").is_none());
        let (session, start) = entry.exchange(key.as_str()).unwrap();
        assert_eq!(start, "tenants");
        assert!(entry.exchange(key.as_str()).is_none());
        let (other, _) = entry.exchange(entry.key(String::new()).as_str()).unwrap();
        let knows = |path: &Secret, cookie: &str| entry.knows(path.as_str(), [cookie].into_iter());
        assert!(knows(&session.path, session.cookie.as_str()));
        assert!(!knows(&session.path, other.cookie.as_str()));
        assert!(!knows(&other.path, session.cookie.as_str()));
        assert!(!knows(&session.path, ""));
        assert!(!entry.knows("", [session.cookie.as_str()].into_iter()));
    }
}
