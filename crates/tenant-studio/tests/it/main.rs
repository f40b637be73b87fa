//! The studio over HTTP, on real PostgreSQL.

mod desk;
mod migrations;
