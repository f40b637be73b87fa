//! Codes for browsers that have no key: printed on the terminal, typed into the page.
//!
//! Each code belongs to the page that asked for it, so that nobody else can use up its
//! attempts, and a code that another user of the machine has asked for opens nothing here.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Secret;

/// The letters of a code: 40 bits.
const LETTERS: usize = 8;

/// How often a code may be typed wrong.
const ATTEMPTS: u8 = 5;

/// How long a code is valid.
const VALID: Duration = Duration::from_secs(300);

/// How long nobody gets another one: the terminal is not to be flooded.
const PAUSE: Duration = Duration::from_secs(2);

/// How many are valid at a time. The oldest gives way.
const AT_A_TIME: usize = 8;

/// A code, for the page with this ticket.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) ticket: Secret,
    pub(crate) code: Secret,
    /// Shown in the page and on the terminal: which code belongs to which page.
    pub(crate) number: u32,
}

/// What a code is worth that was typed, and what it gives if it is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed<T> {
    Right(T),
    /// So many attempts are left.
    Wrong(u8),
    /// There is no such request, or its time or its attempts are over.
    Over,
}

#[derive(Default)]
pub(super) struct Requests {
    open: VecDeque<Request>,
    last: Option<Instant>,
    count: u32,
}

struct Request {
    ticket: Secret,
    code: Secret,
    left: u8,
    since: Instant,
}

impl Requests {
    pub(super) fn ask(&mut self, now: Instant) -> Option<Asked> {
        let is_soon = |last: Instant| now.duration_since(last) < PAUSE;
        if self.last.is_some_and(is_soon) {
            return None;
        }
        self.last = Some(now);
        self.count = self.count.wrapping_add(1);
        let (ticket, code) = (Secret::new(super::KEY), Secret::typed(LETTERS));
        if self.open.len() >= AT_A_TIME {
            self.open.pop_front();
        }
        self.open.push_back(Request {
            ticket: ticket.clone(),
            code: code.clone(),
            left: ATTEMPTS,
            since: now,
        });
        Some(Asked {
            ticket,
            code,
            number: self.count,
        })
    }

    pub(super) fn check(&mut self, (ticket, code): (&str, &str), now: Instant) -> Typed<()> {
        let is_valid = |one: &Request| now.duration_since(one.since) < VALID;
        self.open.retain(is_valid);
        let mut open = self.open.iter_mut();
        let Some(request) = open.find(|one| one.ticket.is(ticket)) else {
            return Typed::Over;
        };
        request.left = request.left.saturating_sub(1);
        let (is_right, left) = (request.code.is(&normal(code)), request.left);
        if is_right || left == 0 {
            self.open.retain(|one| !one.ticket.is(ticket));
        }
        match (is_right, left) {
            (true, _) => Typed::Right(()),
            (false, 0) => Typed::Over,
            (false, left) => Typed::Wrong(left),
        }
    }
}

/// What was typed, without what people type between the letters.
fn normal(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::readable;
    use super::*;

    #[test]
    fn a_code_is_typed_as_it_is_printed_and_in_small_letters() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        let asked = requests.ask(now).unwrap();
        let typed = format!(" {} ", readable(asked.code.as_str()).to_lowercase());
        assert_eq!(typed.len(), LETTERS + 3);
        let mut check = || requests.check((asked.ticket.as_str(), &typed), now);
        assert_eq!(check(), Typed::Right(()));
        assert_eq!(check(), Typed::Over);
    }

    #[test]
    fn a_code_is_over_after_five_attempts_or_five_minutes_and_is_of_its_own_page() {
        let (mut requests, now) = (Requests::default(), Instant::now());
        let one = requests.ask(now).unwrap();
        assert!(requests.ask(now).is_none());
        let later = now + PAUSE;
        let other = requests.ask(later).unwrap();
        let code = one.code.as_str();
        for left in [4, 3, 2, 1] {
            let ticket = other.ticket.as_str();
            assert_eq!(requests.check((ticket, code), later), Typed::Wrong(left));
        }
        for right in [code, other.code.as_str()] {
            let ticket = other.ticket.as_str();
            assert_eq!(requests.check((ticket, right), later), Typed::Over);
        }
        let ticket = one.ticket.as_str();
        assert_eq!(requests.check((ticket, ""), later), Typed::Wrong(4));
        assert_eq!(requests.check(("", code), later), Typed::Over);
        assert_eq!(requests.check((ticket, code), now + VALID), Typed::Over);
    }
}
