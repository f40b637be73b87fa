//! Rows and queries, one module per table.
//!
//! A query takes a connection and uses the tables in its path. Only `organizations` and
//! `board_templates` are in `public`.

pub(crate) mod activity;
pub(crate) mod attachments;
pub(crate) mod boards;
pub(crate) mod cards;
pub(crate) mod columns;
pub(crate) mod comments;
pub(crate) mod digests;
pub(crate) mod labels;
pub(crate) mod members;
pub(crate) mod organizations;
pub(crate) mod search;
pub(crate) mod templates;
