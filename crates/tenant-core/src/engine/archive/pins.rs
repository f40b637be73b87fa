//! The settings on which the text of values depends.

use std::collections::BTreeMap;

use crate::engine::script::Script;
use crate::engine::transaction::set_again;
use crate::engine::work::Work;

/// All of them, with the values that lose nothing. Time zone and encoding are the session's own:
/// see `link/pinned.rs`. They are repeated for connections that a pooler shares.
///
/// Source: PostgreSQL manual, "Client Connection Defaults"; what `pg_dump` sets.
const PINS: [(&str, &str); 9] = [
    ("TimeZone", "UTC"),
    ("client_encoding", "UTF8"),
    ("DateStyle", "ISO"),
    ("IntervalStyle", "postgres"),
    // The shortest text that is read back as the same number.
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("xmloption", "content"),
    ("lc_monetary", "C"),
    // Rows are read from the first page on, so the same rows give the same text.
    ("synchronize_seqscans", "off"),
];

/// Sets them for the transaction.
pub(super) fn pin(script: &mut Script<'_>) {
    for (name, value) in PINS {
        let set = format!("SET LOCAL {name} = '{value}'");
        script.step("pin the form of values", &set);
    }
}

/// Sets them as every other transaction has them.
pub(super) fn unpin(work: Work<'_>, script: &mut Script<'_>) {
    for (name, _) in PINS {
        let set = format!("SET LOCAL {name} TO DEFAULT");
        script.step("prepare the session", &set);
    }
    set_again(work, script);
}

/// The same, to be written down.
pub(super) fn pinned() -> BTreeMap<String, String> {
    let pins = PINS.iter();
    pins.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
