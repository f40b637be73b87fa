//! The tables of the public schema and of the tenants, in a web page on
//! localhost.
//!
//! Made for databases with thousands of schemas: no page ever lists them all, and
//! every page asks the catalog about one schema only.
//!
//! [`Studio`] is the whole of it. A program opens one, binds a port, shows what
//! [`Studio::invite`] gives, and waits for [`Studio::serve`]:
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
//! What to do about a problem it says in the words of that program:
//! [`Options::remedies`].
//!
//! # What keeps it safe
//!
//! * It reads in transactions that PostgreSQL itself holds to reading, with a
//!   time-out. A function that is called by a query can still have effects
//!   outside the database, as far as the role may: log in as a role without the
//!   rights for a hard guarantee.
//! * Changes, which [`Options::write`] allows, are one transaction: all are made or
//!   none, and none over what somebody else has changed in between.
//! * Each page asks on a connection whose path was set and checked by
//!   `tenant_core`, and names every table with its schema, both from the catalog
//!   of that schema. Values are always bound.
//! * SQL that somebody types is held to reading by more than the transaction, in
//!   which `COPY` could still start a program: see `data/cursor.rs`.
//! * See `guard.rs` for who may ask at all, and what a browser may do with a page.

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
