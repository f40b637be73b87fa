//! Codes for browsers that have no key: printed on the terminal, typed into the page.
//!
//! Each code belongs to the page that asked for it, so that no other page can use up its
//! attempts, and a code that another user of the machine has asked for opens nothing here.
//! Other requests cannot end it either: where too many codes were printed, the next request
//! is refused.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Secret;

/// The letters of a code: 40 bits.
const LETTERS: usize = 8;

/// How often a code may be typed wrong.
const ATTEMPTS: u8 = 5;

/// How long a code is valid.
const VALID: Duration = Duration::from_secs(300);

/// How long no page gets another one: the terminal is not to be flooded.
const PAUSE: Duration = Duration::from_secs(2);

/// How many are printed while the first of them is valid, also of those whose attempts are
/// over.
pub(crate) const AT_A_TIME: usize = 8;

/// A code, for the page with this ticket.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) ticket: Secret,
    pub(crate) code: Secret,
    /// Shown in the page and on the terminal: which code belongs to which page.
    pub(crate) number: u32,
}

/// Why no code is printed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Later {
    /// When to ask again.
    pub(crate) wait: Duration,
    /// Whether as many were printed as may be valid at a time.
    pub(crate) is_full: bool,
}

/// What a code is worth that was typed, and what it gives if it is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed<T> {
    Right(T),
    /// How many attempts are left.
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
    pub(super) fn ask(&mut self, now: Instant) -> Result<Asked, Later> {
        self.forget(now);
        let full = self.open.front().filter(|_| self.open.len() >= AT_A_TIME);
        let rest = |since: Instant, whole: Duration| whole.checked_sub(now.duration_since(since));
        let pause = self.last.and_then(|last| rest(last, PAUSE));
        let (wait, is_full) = match full {
            Some(oldest) => (rest(oldest.since, VALID), true),
            None => (pause.filter(|pause| !pause.is_zero()), false),
        };
        if let Some(wait) = wait {
            return Err(Later { wait, is_full });
        }
        self.last = Some(now);
        self.count = self.count.wrapping_add(1);
        let (ticket, code) = (Secret::new(super::KEY), Secret::typed(LETTERS));
        self.open.push_back(Request {
            ticket: ticket.clone(),
            code: code.clone(),
            left: ATTEMPTS,
            since: now,
        });
        Ok(Asked {
            ticket,
            code,
            number: self.count,
        })
    }

    fn forget(&mut self, now: Instant) {
        let is_valid = |one: &Request| now.duration_since(one.since) < VALID;
        self.open.retain(is_valid);
    }

    pub(super) fn check(&mut self, (ticket, code): (&str, &str), now: Instant) -> Typed<()> {
        self.forget(now);
        let mut open = self.open.iter_mut();
        let found = open.find(|one| one.left > 0 && one.ticket.is(ticket));
        let Some(request) = found else {
            return Typed::Over;
        };
        request.left = request.left.saturating_sub(1);
        let (is_right, left) = (request.code.is(&normal(code)), request.left);
        // One whose attempts are over keeps its place: or else it could be had again, and
        // the terminal be filled.
        if is_right {
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
        let wait = PAUSE;
        let is_full = false;
        assert_eq!(requests.ask(now).unwrap_err(), Later { wait, is_full });
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

    #[test]
    fn a_code_stays_valid_however_many_are_asked_for_and_few_are_printed() {
        let (mut requests, begin) = (Requests::default(), Instant::now());
        let own = requests.ask(begin).unwrap();
        let mut printed = 1;
        for round in 1..100 {
            let now = begin + PAUSE * round;
            let Ok(other) = requests.ask(now) else {
                continue;
            };
            printed += 1;
            // Using up its attempts makes no room for another one.
            for _ in 0..ATTEMPTS {
                requests.check((other.ticket.as_str(), ""), now);
            }
        }
        assert_eq!(printed, AT_A_TIME);
        let now = begin + PAUSE * 100;
        let refused = requests.ask(now).unwrap_err();
        let wait = VALID - PAUSE * 100;
        let is_full = true;
        assert_eq!(refused, Later { wait, is_full });
        let typed = (own.ticket.as_str(), own.code.as_str());
        assert_eq!(requests.check(typed, now), Typed::Right(()));
        requests.ask(now + PAUSE).unwrap();
    }
}
