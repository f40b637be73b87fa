//! What follows from the messages of a connection.

use std::collections::VecDeque;

use super::frames::Frame;
use super::mention::{Mention, Mentions};
use super::probe::Probe;

/// What a message of ours begins with, so that its commands are told from the
/// application's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It begins a transaction.
    Begin,
    /// It ends one.
    End,
    /// It asks for something.
    Ask,
}

impl Mark {
    /// The comment that represents it in the text of a message.
    pub(crate) const fn comment(self) -> &'static str {
        match self {
            Self::Begin => "/* pool: begin */ ",
            Self::End => "/* pool: end */ ",
            Self::Ask => "/* pool: ask */ ",
        }
    }
}

/// The state of a transaction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// There is none.
    #[default]
    Outside,
    /// It is open.
    Inside,
    /// It has failed, and can only be rolled back.
    Failed,
}

/// How a transaction was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    RolledBack,
}

/// What the application's commands have done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    /// Ended the transaction, and kept it.
    pub(crate) ended: bool,
    /// Discarded what belongs to the session, its path too.
    pub(crate) discarded: bool,
    /// Ended the transaction, or went back to a savepoint.
    pub(crate) rolled_back: bool,
    /// May have reset the path.
    pub(crate) path: bool,
    /// Prepared a statement by SQL, or may have done so in a block.
    pub(crate) prepared: bool,
    /// Something that can't be undone on this connection.
    pub(crate) spoiled: bool,
    /// Changed rows or objects, and not gone back to a savepoint since.
    pub(crate) wrote: bool,
    /// Failed.
    pub(crate) failed: bool,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// To close statements: that waits for nothing.
    Closing,
    /// By the application, or on its behalf.
    Work,
    /// To go back to a savepoint, as Diesel does, and nothing else.
    Savepoint,
    /// By a message of ours.
    Ours(Mark),
}

#[derive(Debug)]
struct Open {
    request: Request,
    /// Whether it is one message, without `Sync`.
    is_simple: bool,
    /// What its text says of the path.
    mention: Mention,
    /// Whether the server has given it up.
    has_failed: bool,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// What has not been answered to the end, the oldest first.
    open: VecDeque<Open>,
    /// Whether something other than `Close` was sent since the last `Sync`.
    in_group: bool,
    /// What the statements in it say of the path.
    mention: Mention,
    /// The statements that are prepared and say something of it, by their names.
    prepared: Mentions,
    /// Whether any statement was prepared under a name.
    pub(super) has_named: bool,
    /// The newest probe that was sent.
    pub(super) probe: Option<Probe>,
    /// How many requests were sent, those to close a statement left out.
    pub(super) asked: u64,
    /// How many of them were answered.
    pub(super) answered: u64,
    pub(super) standing: Standing,
    pub(super) seen: Seen,
    /// Whether something was written before each savepoint.
    written: Vec<bool>,
    pub(super) error: Option<String>,
    pub(super) ended: Option<Ended>,
    /// The server waits for rows.
    pub(super) is_copying: bool,
    pub(super) is_useless: bool,
    pub(super) is_closed: bool,
}

impl State {
    pub(super) fn is_working(&self) -> bool {
        let mut open = self.open.iter();
        open.any(|open| open.request != Request::Closing && !open.has_failed)
    }

    /// Another piece of work begins.
    pub(super) fn begin(&mut self) {
        self.seen = Seen::default();
        self.written.clear();
    }

    /// Takes in a message to the server.
    pub(super) fn ask(&mut self, frame: &Frame<'_>) {
        match frame.tag {
            b'Q' => {
                self.probe = Probe::of(frame.body).or(self.probe);
                let request = request(frame);
                let mention = match request {
                    // What ours do to the path is known.
                    Request::Ours(_) => Mention::Nothing,
                    _ => Mention::of(frame.body, frame.body.len() == frame.length),
                };
                self.push(request, true, mention);
            }
            b'F' => self.push(Request::Work, true, Mention::Unknown),
            b'P' | b'B' | b'D' | b'E' => {
                self.in_group = true;
                self.has_named |= frame.tag == b'P' && frame.body.first() != Some(&0);
                self.mention = self.mention.max(self.prepared.take(frame));
            }
            b'C' => drop(self.prepared.take(frame)),
            b'S' => {
                let request = match std::mem::take(&mut self.in_group) {
                    true => Request::Work,
                    false => Request::Closing,
                };
                let mention = std::mem::take(&mut self.mention);
                self.push(request, false, mention);
            }
            _ => {}
        }
    }

    fn push(&mut self, request: Request, is_simple: bool, mention: Mention) {
        if request != Request::Closing {
            self.asked += 1;
        }
        self.open.push_back(Open {
            request,
            is_simple,
            mention,
            has_failed: false,
        });
    }

    /// Takes in a message from the server.
    pub(super) fn hear(&mut self, frame: &Frame<'_>) {
        match frame.tag {
            b'C' => self.completed(frame.body),
            b'E' => self.failed(frame.body),
            b'G' | b'W' => self.copies_in(),
            b'S' => self.said(frame.body),
            b'Z' => {
                self.standing = match frame.body.first() {
                    Some(b'T') => Standing::Inside,
                    Some(b'E') => Standing::Failed,
                    _ => Standing::Outside,
                };
                self.is_copying = false;
                self.pop();
            }
            _ => {}
        }
    }

    fn pop(&mut self) {
        let is_counted = |open: &Open| open.request != Request::Closing;
        if self.open.pop_front().as_ref().is_some_and(is_counted) {
            self.answered += 1;
        }
    }

    fn completed(&mut self, body: &[u8]) {
        let command = until_zero(body);
        let Some(open) = self.open.front() else {
            return;
        };
        match open.request {
            // The first one: whatever follows it is a separate transaction.
            Request::Ours(Mark::End) => match command {
                b"COMMIT" => self.ended = self.ended.or(Some(Ended::Committed)),
                b"ROLLBACK" => self.ended = self.ended.or(Some(Ended::RolledBack)),
                _ => {}
            },
            Request::Ours(_) => {}
            Request::Savepoint if command == b"ROLLBACK" => {}
            _ => self.seen.take(command, open.mention),
        }
        if !matches!(open.request, Request::Ours(_)) {
            self.count_write(command);
        }
    }

    /// What was written and not undone, as far as commands tell it: a function that writes
    /// does not.
    fn count_write(&mut self, command: &[u8]) {
        match command {
            b"BEGIN" | b"START TRANSACTION" => self.written.clear(),
            b"SAVEPOINT" => self.written.push(self.seen.wrote),
            b"RELEASE" => drop(self.written.pop()),
            b"ROLLBACK" => self.seen.wrote = self.written.pop().unwrap_or_default(),
            _ => self.seen.wrote |= writes(command),
        }
    }

    fn failed(&mut self, body: &[u8]) {
        // The server closes the connection behind it.
        self.is_useless |= is_fatal(body);
        let sqlstate = sqlstate(body);
        // Statements of the driver are gone that it takes to be prepared, or a type is whose
        // OID Diesel keeps (`cache lookup failed for type`).
        self.seen.spoiled |= matches!(sqlstate.as_deref(), Some("26000" | "XX000"));
        let Some(open) = self.open.front_mut() else {
            return;
        };
        open.has_failed = true;
        self.seen.failed |= !matches!(open.request, Request::Ours(_));
        if open.request != Request::Ours(Mark::End) || self.ended.is_none() {
            self.error = self.error.take().or(sqlstate);
        }
    }

    /// The server waits for rows, and passes over a `Sync` that was sent before them.
    fn copies_in(&mut self) {
        self.is_copying = true;
        if self.open.front().is_some_and(|open| !open.is_simple) {
            self.pop();
        }
    }

    /// A setting has changed that the driver takes to be as it was.
    fn said(&mut self, body: &[u8]) {
        let Some(value) = body.strip_prefix(b"client_encoding\0") else {
            return;
        };
        if !until_zero(value).eq_ignore_ascii_case(b"UTF8") {
            self.seen.spoiled = true;
        }
    }
}

impl Seen {
    /// Source: PostgreSQL manual, "SQL Commands", and `CommandComplete`.
    fn take(&mut self, command: &[u8], mention: Mention) {
        match command {
            b"RESET" => self.path = true,
            b"SET" => self.path |= mention != Mention::Nothing,
            // Any query can call a function that sets it.
            _ => self.path |= mention == Mention::Path,
        }
        match command {
            b"COMMIT" | b"PREPARE TRANSACTION" => self.ended = true,
            b"ROLLBACK" => self.rolled_back = true,
            // A block can prepare a statement too, and its tag does not say so.
            b"PREPARE" => self.prepared = true,
            // What it does to the path it does not say either.
            b"DO" | b"CALL" => {
                self.prepared = true;
                self.path = true;
            }
            // A library stays loaded, and the driver's statements do not come back.
            b"LOAD" | b"DEALLOCATE ALL" => self.spoiled = true,
            b"DISCARD ALL" => {
                self.discarded = true;
                self.spoiled = true;
            }
            _ => {}
        }
    }
}

/// Whether a command has changed a row or an object.
///
/// Source: PostgreSQL manual, `CommandComplete`.
fn writes(command: &[u8]) -> bool {
    let mut words = command.split(|byte| *byte == b' ');
    match words.next() {
        Some(b"INSERT" | b"UPDATE" | b"DELETE" | b"MERGE") => words.next_back() != Some(b"0"),
        Some(b"CREATE" | b"ALTER" | b"DROP" | b"TRUNCATE") => true,
        _ => false,
    }
}

/// What is asked by a message that is a text.
fn request(frame: &Frame<'_>) -> Request {
    for mark in [Mark::Begin, Mark::End, Mark::Ask] {
        if frame.body.starts_with(mark.comment().as_bytes()) {
            return Request::Ours(mark);
        }
    }
    let is_whole = frame.body.len() == frame.length;
    let to_savepoint = frame.body.starts_with(b"ROLLBACK TO ");
    match is_whole && to_savepoint && !frame.body.contains(&b';') {
        true => Request::Savepoint,
        false => Request::Work,
    }
}

/// Whether the session ends with an error: by the severity that is not translated.
fn is_fatal(body: &[u8]) -> bool {
    let mut fields = body.split(|byte| *byte == 0);
    fields.any(|field| matches!(field, b"VFATAL" | b"VPANIC"))
}

/// The SQLSTATE in the body of an `ErrorResponse`, where it is among the first fields.
fn sqlstate(body: &[u8]) -> Option<String> {
    let mut fields = body.split(|byte| *byte == 0);
    let code = fields.find_map(|field| field.strip_prefix(b"C"))?;
    let code = std::str::from_utf8(code).ok()?;
    (code.len() == 5).then(|| code.to_owned())
}

pub(super) fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
