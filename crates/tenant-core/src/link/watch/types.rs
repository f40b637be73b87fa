//! Types that each tenant has for itself, in the statements that the driver prepares.
//!
//! Diesel looks a type up by its name once for each connection, and sends that OID from then on.
//! For the next tenant on the connection, the OID belongs to another tenant's type, and
//! PostgreSQL refuses the value. Diesel has no way to forget a single type, so the OID is
//! replaced on its way. The replacement is the OID of the type with the same name in the schema
//! that is served now.
//!
//! Source: PostgreSQL manual, "Message Formats", `Parse`.

use std::collections::HashMap;
use std::sync::Arc;

/// The OID of a type, and the OID of its array type; 0 for none.
pub(crate) type Oids = [u32; 2];

/// The types of one schema.
#[derive(Debug, Default)]
pub(crate) struct OwnTypes {
    own: HashMap<Arc<str>, Oids>,
    /// Types of the same names in shared schemas.
    shared: Vec<(Arc<str>, Oids)>,
}

impl OwnTypes {
    /// Creates the value from names with their OIDs: the names of the schema, and the names of
    /// shared schemas.
    pub(crate) fn new(
        own: impl IntoIterator<Item = (String, Oids)>,
        shared: impl IntoIterator<Item = (String, Oids)>,
    ) -> Self {
        let named = |(name, oids): (String, Oids)| (Arc::from(name), oids);
        Self {
            own: own.into_iter().map(named).collect(),
            shared: shared.into_iter().map(named).collect(),
        }
    }
}

/// What is known of types on one connection.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// Whose they are now.
    served: Arc<OwnTypes>,
    /// The names of all types that were served, and whether the name is the name of the array
    /// type.
    names: HashMap<u32, (Arc<str>, bool)>,
    shared: HashMap<Arc<str>, Oids>,
}

impl Types {
    /// From now on these are meant.
    pub(super) fn serve(&mut self, types: &Arc<OwnTypes>) {
        if Arc::ptr_eq(&self.served, types) {
            return;
        }
        self.served = Arc::clone(types);
        for (name, oids) in &types.shared {
            self.shared.insert(Arc::clone(name), *oids);
        }
        let all = types
            .own
            .iter()
            .chain(types.shared.iter().map(|(a, b)| (a, b)));
        for (name, oids) in all {
            for (oid, is_array) in oids.iter().zip([false, true]) {
                let name = (Arc::clone(name), is_array);
                self.names.insert(*oid, name);
            }
        }
        self.names.remove(&0);
    }

    /// Whether there is anything to replace.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The current meaning of `oid`. 0 if nothing has that name: then PostgreSQL takes the type
    /// from the context of the value.
    fn meant(&self, oid: u32) -> u32 {
        let Some((name, is_array)) = self.names.get(&oid) else {
            return oid;
        };
        let oids = self.served.own.get(name).or_else(|| self.shared.get(name));
        oids.map_or(0, |[one, array]| if *is_array { *array } else { *one })
    }

    /// The same bytes with what is meant now, where `cursor` is at their beginning. `None` if
    /// they are as they should be.
    pub(super) fn replaced(&self, mut cursor: Cursor, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut replaced = None;
        cursor.read(bytes, |end, oid| {
            let meant = self.meant(oid);
            if meant == oid {
                return;
            }
            let bytes = replaced.get_or_insert_with(|| bytes.to_vec());
            // The beginning of it may have been sent before.
            for (back, byte) in meant.to_le_bytes().into_iter().enumerate() {
                if let Some(at) = end.checked_sub(back)
                    && let Some(place) = bytes.get_mut(at)
                {
                    *place = byte;
                }
            }
        });
        replaced
    }
}

/// How far the messages to the server have been read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    part: Part,
    tag: u8,
    /// The bytes of a number that is being read, and how many there are.
    number: u32,
    digits: u8,
    /// How much is left of the message.
    left: u32,
}

/// Where in a message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Tag,
    Length,
    Name,
    Text,
    Count,
    Oid,
    Rest,
}

impl Cursor {
    /// Before the first message, which has no tag.
    pub(super) fn start() -> Self {
        Self {
            part: Part::Length,
            tag: 0,
            number: 0,
            digits: 0,
            left: 0,
        }
    }

    /// Reads on, and calls `found` with each OID of a parameter and where its last byte is.
    pub(super) fn read(&mut self, bytes: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.part == Part::Rest {
                // Most of what is sent is skipped at once.
                let skipped = (bytes.len() - at).min(self.left as usize);
                self.left -= u32::try_from(skipped).unwrap_or(self.left);
                at += skipped;
                self.end_if_over();
                continue;
            }
            if let Some(oid) = self.step(*byte) {
                found(at, oid);
            }
            at += 1;
        }
    }

    fn step(&mut self, byte: u8) -> Option<u32> {
        match self.part {
            Part::Tag => {
                self.tag = byte;
                self.part = Part::Length;
                return None;
            }
            Part::Length => {
                if let Some(length) = self.number(byte, 4) {
                    // It counts itself.
                    self.left = length.saturating_sub(4);
                    self.part = match self.tag {
                        b'P' => Part::Name,
                        _ => Part::Rest,
                    };
                    self.end_if_over();
                }
                return None;
            }
            _ => self.left = self.left.saturating_sub(1),
        }
        let mut oid = None;
        match self.part {
            Part::Name if byte == 0 => self.part = Part::Text,
            Part::Text if byte == 0 => self.part = Part::Count,
            Part::Count => self.count(byte),
            Part::Oid => oid = self.number(byte, 4),
            _ => {}
        }
        self.end_if_over();
        oid
    }

    /// How many OIDs follow does not matter: they end with the message.
    fn count(&mut self, byte: u8) {
        if self.number(byte, 2).is_some() {
            self.part = Part::Oid;
        }
    }

    /// The number that ends with this byte, if that is its last of `bytes` bytes.
    fn number(&mut self, byte: u8, bytes: u8) -> Option<u32> {
        self.number = (self.number << 8) | u32::from(byte);
        self.digits += 1;
        if self.digits < bytes {
            return None;
        }
        self.digits = 0;
        Some(std::mem::take(&mut self.number))
    }

    fn end_if_over(&mut self) {
        if self.left == 0 {
            self.part = Part::Tag;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(name: &str, oids: Oids) -> Arc<OwnTypes> {
        Arc::new(OwnTypes::new([(name.to_owned(), oids)], []))
    }

    fn parse(oids: &[u32]) -> Vec<u8> {
        let mut body = b"s1\0SELECT $1\0".to_vec();
        body.extend(u16::try_from(oids.len()).unwrap().to_be_bytes());
        body.extend(oids.iter().flat_map(|oid| oid.to_be_bytes()));
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [b"P".as_slice(), &length, &body].concat()
    }

    /// The startup, an empty message, a `Parse`, and another message.
    fn sent(oids: &[u32]) -> Vec<u8> {
        let rest = b"D\0\0\0\x08Ss1\0".as_slice();
        [
            b"\0\0\0\x06xy",
            b"S\0\0\0\x04".as_slice(),
            &parse(oids),
            rest,
        ]
        .concat()
    }

    #[test]
    fn wherever_the_bytes_are_cut_the_type_of_the_served_tenant_is_sent() {
        let mut types_of = Types::default();
        types_of.serve(&types("status", [20_001, 20_002]));
        types_of.serve(&types("status", [30_001, 30_002]));
        let (bytes, expected) = (
            sent(&[20_001, 25, 20_002, 30_001, 77_777]),
            sent(&[30_001, 25, 30_002, 30_001, 77_777]),
        );
        for cut in 0..=bytes.len() {
            // The driver shows all that it has, and so much of it is taken.
            let mut cursor = Cursor::start();
            let first = types_of.replaced(cursor, &bytes).unwrap();
            let (taken, rest) = bytes.split_at(cut);
            cursor.read(taken, |_, _| {});
            let second = types_of.replaced(cursor, rest);
            let second = second.unwrap_or_else(|| rest.to_vec());
            assert_eq!([&first[..cut], &second].concat(), expected, "{cut}");
        }
    }

    #[test]
    fn a_type_that_the_served_schema_lacks_is_the_shared_one_or_none() {
        let mut types_of = Types::default();
        let shared = [("status".to_owned(), [10_001, 10_002])];
        let acme = [
            ("status".to_owned(), [20_001, 20_002]),
            ("level".to_owned(), [20_003, 20_004]),
        ];
        let acme = Arc::new(OwnTypes::new(acme, shared));
        types_of.serve(&acme);
        types_of.serve(&Arc::default());
        let meant = [20_001, 20_002, 20_003, 10_001, 25].map(|oid| types_of.meant(oid));
        assert_eq!(meant, [10_001, 10_002, 0, 10_001, 25]);
        types_of.serve(&acme);
        assert_eq!(types_of.meant(10_002), 20_002);
    }
}
