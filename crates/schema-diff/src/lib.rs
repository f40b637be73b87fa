//! Writes a tested migration from an edited `schema.rs`.
//!
//! Diesel users describe their tables twice: in migrations, and in `table!`
//! macros. This crate writes the migration from the macros:
//!
//! 1. [`Schema::parse`] reads `table!`, `joinable!` and `sql_types` from the
//!    text of a `schema.rs`, without compiling it.
//! 2. [`Catalog::read`] reads a scratch schema to which the existing migrations
//!    have been applied.
//! 3. [`plan`](plan()) compares the two. It returns the [`Step`]s from the
//!    scratch schema to the file, or the [`Question`]s that only a person can
//!    answer, such as whether a column was renamed or dropped.
//! 4. [`prove`] runs the steps on the scratch schema: up, down, and on tables
//!    with rows. It uses the tables before and after, and reports the result.
//!
//! ```no_run
//! use schema_diff::{Answers, Catalog, Filter, Schema, plan};
//!
//! # use tokio_postgres::{Client, Error};
//! # async fn example(
//! #     client: &mut Client,
//! #     connect: impl AsyncFn() -> Result<Client, Error>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let wanted = Schema::parse(&std::fs::read_to_string("src/schema.rs")?)?;
//! let catalog = Catalog::read(client, "public").await?;
//! let plan = plan(&wanted, &catalog, &Filter::default(), &Answers::default())?;
//! if !plan.is_empty() {
//!     let filter = Filter::default();
//!     let proof = schema_diff::prove(client, &connect, "public", &wanted, &filter, &plan).await?;
//!     assert!(proof.broken.is_empty(), "{:?}", proof.broken);
//!     println!("{}", plan.up());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Requirements
//!
//! Use a scratch database, because [`prove`] writes to it. The connection's
//! `search_path` must contain only the schema, because generated SQL names no
//! schema. The caller creates and drops the database, writes the files, and asks
//! the questions.
//!
//! # Limits of `schema.rs`
//!
//! A `schema.rs` contains no defaults, indexes, checks, enum labels or actions
//! on delete. The migration keeps them. For a new column or type they come from
//! [`Answers`].
//!
//! # Views
//!
//! A `table!` may describe a view, a materialized view or a foreign table of the
//! migrations; `view!` always does. The crate compares columns and types
//! ([`view_differences`]). It keeps these macros when a file is regenerated
//! ([`keep_views`]), because the Diesel CLI prints only tables.

mod answers;
mod catalog;
mod difference;
mod filter;
mod model;
mod order;
mod plan;
mod proof;
mod question;
mod rust;
mod step;
mod types;
mod views;

pub use answers::{AnswerError, Answers, Rename};
pub use catalog::Catalog;
pub use difference::differences;
pub use filter::Filter;
pub use model::{Column, CustomType, Reference, Schema, Table, Type};
pub use plan::{Plan, PlanError, plan};
pub use proof::{Proof, ProofError, prove, stale_functions};
pub use question::Question;
pub use rust::{ParseError, keep_views};
pub use step::Step;
pub use views::view_differences;
