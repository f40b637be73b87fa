//! Databases and tenants for the tests of an application, created in milliseconds and dropped
//! afterwards. Add it as a dev-dependency:
//!
//! ```toml
//! [dev-dependencies]
//! tenant-testing = "0.1"
//! ```
//!
//! # A test
//!
//! A [`Template`] names the migrations. It is a `static`: the first test that needs it applies the
//! public migrations once, and each test gets a copy.
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
//! # Choose a fixture
//!
//! | A test of | uses |
//! | --- | --- |
//! | one tenant | [`Template::tenant`]: its own tenant, in a database that the tests of the process share |
//! | a tenant with a certain name | [`Template::tenant_named`]: a tenant in its own database |
//! | all tenants, or the public schema | [`Template::database`]: its own database |
//! | the public migrations, or no tenants | [`ScratchDatabase`]: an empty database |
//! | a server that stops, or has other settings | a `ThrowawayServer` of the crate `local-postgres`, and [`ScratchDatabase::on`] |
//!
//! Each is dropped with its value, also if the test panics. Keep the value in a variable until the
//! end of the test. Open connections are then closed.
//!
//! # Seed rows
//!
//! [`Template::seed`] fills each new tenant in the transaction that creates it. Pass the function
//! that your application uses for a new customer, as with
//! [`Tenants::create_with`](tenant_core::Tenants::create_with).
//!
//! # The server
//!
//! The tests of a process share a PostgreSQL server, which starts in less than a second and keeps
//! its files in memory if there is room. It needs the PostgreSQL programs. If they are not
//! installed, the crate downloads a package, and if that fails, the message names the package to
//! install. The server ends with the process.
//!
//! `TEST_DATABASE_URL` selects another server. Its role needs the right to create databases
//! (`CREATEDB`), and its address must lead directly to the server, not to a pooler. Use it if each
//! test is a separate process, as with `cargo nextest`. The template is then created once on that
//! server, and stays for the next run.
//!
//! # Cleanup
//!
//! A server that ends with the process leaves nothing. On a server of `TEST_DATABASE_URL`, the
//! databases are dropped with the tests, with two exceptions: the template, and the database of
//! shared tenants, which stays until the next test process starts. After a crash, the next process
//! drops the rest. The server shows which processes are alive, so tests can run on several hosts at
//! once. A template that was not used for a month is also dropped. All names begin with
//! `diesel_tenants_test_` or `diesel_tenants_template_`, and nothing else is changed.

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
