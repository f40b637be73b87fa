//! What becomes of each message of the protocol on its way to the server, and
//! which answers the driver must not see.
//!
//! Source: PostgreSQL manual, "Message Formats" and "Message Flow".

use std::collections::{HashMap, VecDeque};

use bytes::{BufMut, Bytes, BytesMut};

/// Messages end where a group of them does: at the answer `ReadyForQuery`.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// That the driver's statement of this name was parsed.
    Parsed(Bytes),
    /// That a statement was parsed which the driver takes for parsed already.
    ParsedAgain,
    /// The end of a group that the driver ended with `Sync`.
    EndOfSync,
    /// The end of a group that is one message.
    EndOfMessage,
}

/// The driver's named statements, and what the server has still to answer.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// By name what followed it in `Parse`: text and types.
    known: HashMap<Bytes, Bytes>,
    /// The statement that the server's unnamed one is now, in this group.
    held: Option<Bytes>,
    expected: VecDeque<Expected>,
}

impl Statements {
    /// Writes to `out` what is to be sent in the place of `message`, which is
    /// whole.
    pub(super) fn forward(&mut self, message: Bytes, out: &mut BytesMut) {
        let rewritten = match message.first() {
            Some(b'P') => self.parse(&message, out),
            Some(b'B') => self.bind(&message, out),
            Some(b'D') => self.describe(&message, out),
            Some(b'C') => self.close(&message, out),
            Some(b'S') => self.end(Expected::EndOfSync),
            Some(b'Q' | b'F') => self.end(Expected::EndOfMessage),
            _ => None,
        };
        if rewritten.is_none() {
            out.extend_from_slice(&message);
        }
    }

    fn parse(&mut self, message: &Bytes, out: &mut BytesMut) -> Option<()> {
        let (name, text) = split(&message.slice(5..))?;
        put(out, b'P', &[b"\0", &text]);
        if name.is_empty() {
            self.held = None;
        } else {
            // Copies: the message is a slice of something larger.
            let name = Bytes::copy_from_slice(&name);
            let text = Bytes::copy_from_slice(&text);
            self.known.insert(name.clone(), text);
            self.held = Some(name);
        }
        self.expected.push_back(Expected::Parsed(name));
        Some(())
    }

    fn bind(&mut self, message: &Bytes, out: &mut BytesMut) -> Option<()> {
        let (portal, rest) = split(&message.slice(5..))?;
        let (name, values) = split(&rest)?;
        self.hold(&name, out);
        put(out, b'B', &[&portal, b"\0\0", &values]);
        Some(())
    }

    fn describe(&mut self, message: &Bytes, out: &mut BytesMut) -> Option<()> {
        let name = statement(message)?;
        self.hold(&name, out);
        put(out, b'D', &[b"S\0"]);
        Some(())
    }

    fn close(&mut self, message: &Bytes, out: &mut BytesMut) -> Option<()> {
        let name = statement(message)?;
        self.known.remove(&name);
        self.held = None;
        put(out, b'C', &[b"S\0"]);
        Some(())
    }

    /// The unnamed statement lasts until the next one, or the next simple query,
    /// and behind a pooler not beyond the group.
    fn end(&mut self, end: Expected) -> Option<()> {
        self.held = None;
        self.expected.push_back(end);
        None
    }

    /// Makes the server's unnamed statement the one called `name`.
    fn hold(&mut self, name: &Bytes, out: &mut BytesMut) {
        if name.is_empty() || self.held.as_ref() == Some(name) {
            return;
        }
        if let Some(text) = self.known.get(name) {
            put(out, b'P', &[b"\0", text]);
            self.held = Some(name.clone());
            self.expected.push_back(Expected::ParsedAgain);
        }
    }

    /// Hears of an answer by its first byte. True when the driver must not.
    pub(super) fn hear(&mut self, answer: u8) -> bool {
        match answer {
            b'1' => self.expected.pop_front() == Some(Expected::ParsedAgain),
            b'G' => {
                // In the middle of `COPY ... FROM STDIN` the server passes over a
                // `Sync` that was sent before the data.
                if self.expected.front() == Some(&Expected::EndOfSync) {
                    self.expected.pop_front();
                }
                false
            }
            b'Z' => {
                self.settle();
                false
            }
            _ => false,
        }
    }

    /// A group has ended. What was not answered in it came after an error: of
    /// such a statement the driver never hears, and so it never closes it.
    fn settle(&mut self) {
        while let Some(left) = self.expected.pop_front() {
            match left {
                Expected::Parsed(name) => drop(self.known.remove(&name)),
                Expected::ParsedAgain => {}
                Expected::EndOfSync | Expected::EndOfMessage => break,
            }
        }
    }
}

/// The name in a message about a statement; none when it is about a portal.
fn statement(message: &Bytes) -> Option<Bytes> {
    if message.get(5) != Some(&b'S') {
        return None;
    }
    Some(split(&message.slice(6..))?.0)
}

/// What stands before the first zero, and what after it.
fn split(bytes: &Bytes) -> Option<(Bytes, Bytes)> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.slice(..zero), bytes.slice(zero + 1..)))
}

/// Writes a message.
fn put(out: &mut BytesMut, tag: u8, parts: &[&[u8]]) {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.put_u8(tag);
    // No longer than the driver's own message, except a few bytes; the driver
    // has made sure that the length can be written.
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    for part in parts {
        out.extend_from_slice(part);
    }
}
