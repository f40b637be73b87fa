//! From an edited `schema.rs` to a migration that is proven right.
//!
//! Diesel users describe their tables twice: in migrations, and in `table!`
//! macros. This crate writes the first from the second:
//!
//! 1. [`Schema::parse`] reads `table!`, `joinable!` and `sql_types` out of the
//!    text of a `schema.rs`, without compiling it.
//! 2. [`Catalog::read`] reads what a scratch schema holds, to which the
//!    migrations that exist have been applied.
//! 3. [`plan`](plan()) compares the two and gives the [`Step`]s from the second
//!    to the first, or the [`Question`]s that only a person can answer: is that
//!    a rename, what do old rows get, may this be dropped.
//! 4. [`prove`] runs the steps on the scratch schema, forwards, backwards, and
//!    on tables with rows, uses the tables before and after, and says what
//!    came of it.
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
//! # Where it works
//!
//! On a database that may be spoilt: [`prove`] writes to it. The connection's
//! `search_path` has to lead to the schema and to nothing else of the user's,
//! because generated SQL names no schema. Making and dropping such a database
//! is left to the caller, as are files and questions at a terminal.
//!
//! # What `schema.rs` cannot say
//!
//! Defaults, indexes, checks, the labels of an enum, what happens on delete.
//! These are kept as they are; for a new column or type they come from
//! [`Answers`].
//!
//! # Views
//!
//! A `table!` may describe a view, a materialized view or a foreign table that
//! the migrations make; `view!` always does. Columns and types are compared
//! ([`view_differences`]). The macros are kept where a file is printed anew
//! ([`keep_views`]), since the Diesel CLI prints tables only.

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
