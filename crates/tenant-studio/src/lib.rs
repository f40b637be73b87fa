//! The tables of the public schema and of the tenants, in a web page on
//! localhost.
//!
//! It serves databases with thousands of schemas: no page lists them all, and each page
//! queries the catalog for one schema only.
//!
//! Start with [`Studio`]. A program opens one, binds a port, prints the URL of
//! [`Studio::invite`], and waits for [`Studio::serve`]:
//!
//! ```no_run
//! use tenant_studio::{Options, Start, Studio};
//! # async fn example(tenants: tenant_core::Tenants) -> Result<(), Box<dyn std::error::Error>> {
//! let pool = tenants.pool().size(8).open().await?;
//! let studio = Studio::new(tenants, pool, Options::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let invitation = studio.invite(listener.local_addr()?.port(), &Start::Public);
//! println!("Open once: {}", invitation.url());
//! studio.serve(listener, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Options::remedies`] puts hints into the words of that program.
//!
//! # Safety
//!
//! * Pages read in read-only transactions with a time limit. A function in a query can still
//!   have effects outside the database if the role may. For a full guarantee, log in as a
//!   role without privileges to write.
//! * Changes, which [`Options::write`] allows, are atomic. They never overwrite a change
//!   that another session has made since the page was shown.
//! * Each page uses a connection whose path was set and checked by `tenant_core`, and
//!   qualifies every table with its schema, both from the catalog of that schema. Values are
//!   always bound.
//! * A read-only transaction does not stop `COPY ... TO PROGRAM`. Typed SQL therefore
//!   runs through a cursor: see `data/cursor.rs`.
//! * `guard.rs` decides which requests are answered, and what a browser may do with a page.

mod assets;
mod cell;
mod codes;
mod connections;
mod csv;
mod data;
mod diagram;
mod entry;
mod error;
mod export;
mod guard;
mod page;
mod pages;
mod problem;
mod query;
mod remedies;
mod server;
mod shown_schema;
mod studio;
mod url;
mod words;

pub use codes::Codes;
pub use remedies::Remedies;
pub use studio::{Invitation, Options, Start, Studio};
