//! Fingerprints that are kept in databases: the digits below never change. A failure
//! here means that every migration with such a text would count as edited.

use sql_text::fingerprint;

/// Texts, and what the first program that kept fingerprints made of them.
const KEPT: &[(&str, &str)] = &[
    ("", "4bf5122f344554c5"),
    ("SELECT 1;", "3e1e2d596e8a347e"),
    (
        "CREATE TABLE tasks (\n  id int PRIMARY KEY, -- the key\n  title text NOT NULL\n);\n",
        "5918676420fef7bd",
    ),
    (
        "ALTER TABLE \"My\"\"Tasks\" ADD COLUMN due date DEFAULT '2026-01-01'::date;",
        "6e5b89d648b6789b",
    ),
    (
        "CREATE INDEX i ON t (lower(a), (b->>'c')) WHERE d <> 'e' AND f @> '{}'",
        "ebb9c345e8edce90",
    ),
    (
        "SELECT 1.5e-3, .5, 1..10, 0x1F, 1_000, 5e2, a[1:2], b::numeric(10,2)",
        "a81edf38dddd2920",
    ),
    (
        "SELECT E'it\\'s', U&'d\\0061t', N'n', B'01', X'1F', U&\"d\\0061t\"",
        "5a2052a338abafa8",
    ),
    (
        "DO $body$ BEGIN RAISE NOTICE '%', $$a;b$$; END $body$",
        "8dc6633e01fa27c4",
    ),
    (
        "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT $1 + a; END;",
        "1d992e2b8f2f0e03",
    ),
    (
        "/* a /* b */ c */ SELECT a<-->b\n- -1, x!=y, x||y, x?|y, x#>>y, @-5 %% 2, {z} \\ ^ ~ `",
        "179757e83679ccd0",
    ),
    (
        "INSERT INTO caf\u{e9} VALUES ('\u{4e16}', 'two\nlines', my$x$y)",
        "4273f5a0375af0bc",
    ),
];

#[test]
fn the_fingerprints_of_the_first_version_never_change() {
    for (text, digits) in KEPT {
        assert_eq!(fingerprint(text, true), format!("v1:{digits}"), "{text}");
    }
    assert_eq!(fingerprint("SELECT 1;", false), "v1:3569b952bb54cb0b");
}
