//! The messages of the protocol in a stream of bytes that comes in pieces.
//!
//! Source: PostgreSQL manual, "Message Formats".

/// At most this much of a message's body is kept, in bytes.
const KEPT: usize = 512;

/// A whole message.
pub(super) struct Frame<'a> {
    /// What kind of message it is; 0 for the first one to the server, which has no tag.
    pub(super) tag: u8,
    /// The length of the body.
    pub(super) length: usize,
    /// The beginning of the body, where it was wanted.
    pub(super) body: &'a [u8],
}

/// Cuts one direction of a connection into messages.
#[derive(Debug)]
pub(super) struct Frames {
    /// How many bytes come before the length: the tag, or nothing.
    tag: usize,
    head: Vec<u8>,
    length: usize,
    /// How many bytes of the body are still to come.
    left: usize,
    body: Vec<u8>,
    is_wanted: fn(u8) -> bool,
}

impl Frames {
    /// Of messages that all have a tag. Of those with a tag that `is_wanted`, the
    /// beginning of the body is kept.
    pub(super) fn tagged(is_wanted: fn(u8) -> bool) -> Self {
        Self {
            tag: 1,
            head: Vec::new(),
            length: 0,
            left: 0,
            body: Vec::new(),
            is_wanted,
        }
    }

    /// The same, except that the first message has no tag.
    pub(super) fn untagged_first(is_wanted: fn(u8) -> bool) -> Self {
        Self {
            tag: 0,
            ..Self::tagged(is_wanted)
        }
    }

    /// Reads the next piece, and calls `whole` for each message that ends in it.
    pub(super) fn read(&mut self, mut bytes: &[u8], mut whole: impl FnMut(&Frame<'_>)) {
        while !bytes.is_empty() {
            if let Some((frame, rest)) = self.first_of(bytes) {
                whole(&frame);
                self.tag = 1;
                bytes = rest;
                continue;
            }
            bytes = self.read_head(bytes);
            if self.head.len() < self.tag + 4 {
                return;
            }
            bytes = self.read_body(bytes);
            if self.left > 0 {
                return;
            }
            whole(&Frame {
                tag: self.known_tag(),
                length: self.length,
                body: &self.body,
            });
            self.head.clear();
            self.body.clear();
            self.tag = 1;
        }
    }

    /// The message that `bytes` begin with, and what follows it. `None` if its beginning came
    /// before, or its end is still to come. Most messages come whole, and nothing of them is
    /// copied.
    fn first_of<'a>(&self, bytes: &'a [u8]) -> Option<(Frame<'a>, &'a [u8])> {
        if !self.head.is_empty() {
            return None;
        }
        let (head, rest) = bytes.split_at_checked(self.tag + 4)?;
        let length = length(head.get(self.tag..)).saturating_sub(4);
        let (body, rest) = rest.split_at_checked(length)?;
        let tag = tag_of(head, self.tag);
        let kept = if (self.is_wanted)(tag) { KEPT } else { 0 };
        let body = body.get(..kept).unwrap_or(body);
        Some((Frame { tag, length, body }, rest))
    }

    fn read_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let missing = (self.tag + 4).saturating_sub(self.head.len());
        if missing == 0 {
            return bytes;
        }
        let (head, rest) = bytes.split_at(missing.min(bytes.len()));
        self.head.extend_from_slice(head);
        if head.len() == missing {
            // The length counts itself.
            self.length = length(self.head.get(self.tag..)).saturating_sub(4);
            self.left = self.length;
        }
        rest
    }

    fn read_body<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (body, rest) = bytes.split_at(self.left.min(bytes.len()));
        self.left -= body.len();
        if (self.is_wanted)(self.known_tag()) {
            let room = KEPT.saturating_sub(self.body.len());
            self.body.extend(body.iter().take(room));
        }
        rest
    }

    fn known_tag(&self) -> u8 {
        tag_of(&self.head, self.tag)
    }
}

/// The tag in the head of a message that has a tag of `bytes` bytes; 0 if it has none.
fn tag_of(head: &[u8], bytes: usize) -> u8 {
    let tag = head.first().filter(|_| bytes == 1);
    tag.copied().unwrap_or_default()
}

fn length(bytes: Option<&[u8]>) -> usize {
    let bytes = bytes.and_then(|bytes| bytes.first_chunk::<4>());
    bytes.map_or(4, |bytes| u32::from_be_bytes(*bytes) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages in `pieces`, as tag, length, and what is kept.
    fn cut(mut frames: Frames, pieces: &[&[u8]]) -> Vec<(u8, usize, Vec<u8>)> {
        let mut seen = Vec::new();
        for piece in pieces {
            frames.read(piece, |frame| {
                seen.push((frame.tag, frame.length, frame.body.to_vec()));
            });
        }
        seen
    }

    const TWO: &[u8] = b"C\0\0\0\x08abcdS\0\0\0\x04";

    #[test]
    fn wherever_the_bytes_are_cut_the_messages_are_the_same() {
        let expected = [(b'C', 4, b"abcd".to_vec()), (b'S', 0, Vec::new())];
        for at in 0..=TWO.len() {
            let (first, second) = TWO.split_at(at);
            let seen = cut(Frames::tagged(|_| true), &[first, second]);
            assert_eq!(seen, expected, "{at}");
        }
        let bytes = TWO.chunks(1).collect::<Vec<_>>();
        assert_eq!(cut(Frames::tagged(|_| true), &bytes), expected);
    }

    #[test]
    fn the_first_message_to_a_server_has_no_tag() {
        let seen = cut(
            Frames::untagged_first(|tag| tag == b'C'),
            &[b"\0\0\0\x06xy", TWO],
        );
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[0], (0, 2, Vec::new()));
        assert_eq!(seen[1].2, b"abcd");
    }

    #[test]
    fn of_a_long_message_only_the_beginning_is_kept() {
        let mut message = b"D\0\0\x10\x04".to_vec();
        message.extend([7; 0x1000]);
        let seen = cut(Frames::tagged(|_| true), &[&message]);
        assert_eq!((seen[0].1, seen[0].2.len()), (0x1000, KEPT));
    }
}
