//! Files whose lines end in `\r\n`: the same findings, at the same lines.

use crate::{PUBLIC, TENANT, UP, found};

#[test]
fn the_same_is_found_at_the_same_lines() {
    for text in [
        "-- a comment\nCREATE TABLE t (id int);\n\nDROP TABLE public.x;\n",
        "SELECT 1;\n-- lint:ignore no-transaction-control it is meant\nCOMMIT;\n",
        "-- lint:ignore nothing-such why\nSELECT 1;\n",
        "\\echo hi\nSELECT 1;\n",
        "SELECT 1; -- '\nCREATE INDEX CONCURRENTLY i ON t (a);\n",
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n    -- it's\n    RETURN 1;\n\
         END;\n$$;\nSET search_path TO x;\n",
        "-- Your SQL goes here\n",
    ] {
        for like in [TENANT, PUBLIC, UP] {
            let windows = text.replace('\n', "\r\n");
            assert_eq!(found(like, text), found(like, &windows), "{text}");
        }
    }
}
