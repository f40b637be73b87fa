//! Enums and domains, shared or of each tenant, in whatever way Diesel is told of them: on one
//! connection that serves tenants in turn.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel_async::{AsyncConnection, RunQueryDsl};
use diesel_derive_enum::DbEnum;
use tenant_core::{RuntimePath, TenantPool, Tenants};
use test_support::{PgBouncer, TestDatabase};

use crate::fixture::{Stream, create, name, tenants};
use crate::pgbouncer;

/// What `diesel print-schema` writes.
mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "status"))]
    pub struct Status;

    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "level"))]
    pub struct Level;

    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "place", schema = "public"))]
    pub struct Place;
}

/// As applications write it by hand, and as a derive of Diesel's would: text under the name of
/// the type, which is looked up once for each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Status)]
#[diesel(sql_type = sql_types::Place)]
enum Plain {
    Open,
    Done,
}

impl Plain {
    fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
        }
    }

    fn of(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            b"open" => Ok(Self::Open),
            b"done" => Ok(Self::Done),
            other => Err(format!("unknown label {other:?}").into()),
        }
    }
}

macro_rules! as_text {
    ($($sql:ident),*) => { $(
        impl ToSql<sql_types::$sql, Pg> for Plain {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.label().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<sql_types::$sql, Pg> for Plain {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Self::of(value)
            }
        }
    )* };
}

as_text!(Status, Place);

#[derive(Debug, Clone, Copy, PartialEq, Eq, DbEnum)]
#[db_enum(existing_type_path = "sql_types::Level")]
enum Level {
    Low,
    High,
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::{Level, Place, Status};

    jobs (id) {
        id -> Integer,
        status -> Status,
        level -> Level,
        place -> Place,
        seen -> Array<Status>,
        slug -> Text,
    }
}

type Row = (Plain, Level, Plain, Vec<Plain>, String);

/// Inserts, updates, filters, compares with arrays, and reads.
async fn use_all<C: AsyncConnection<Backend = Pg>>(connection: &mut C) -> QueryResult<Vec<Row>> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::status.eq(Plain::Open),
            jobs::level.eq(Level::High),
            jobs::place.eq(Plain::Done),
            jobs::seen.eq(vec![Plain::Open, Plain::Done]),
            jobs::slug.eq("a-slug"),
        ))
        .execute(connection)
        .await?;
    let open = jobs::table.filter(jobs::status.eq_any([Plain::Open, Plain::Done]));
    let open = open.filter(jobs::level.eq(Level::High));
    let open = open.filter(jobs::seen.contains(vec![Plain::Open]));
    diesel::update(open.filter(jobs::status.eq(Plain::Open)))
        .set((jobs::status.eq(Plain::Done), jobs::level.eq(Level::Low)))
        .execute(connection)
        .await?;
    let columns = (
        jobs::status,
        jobs::level,
        jobs::place,
        jobs::seen,
        jobs::slug,
    );
    jobs::table.select(columns).load(connection).await
}

const EXPECTED: (Plain, Level, Plain) = (Plain::Done, Level::Low, Plain::Done);

const TYPES: &str = "CREATE TYPE status AS ENUM ('open', 'done'); \
    CREATE TYPE level AS ENUM ('low', 'high');";

const TABLE: &str = "CREATE TABLE jobs (id serial PRIMARY KEY, status status NOT NULL, \
    level level NOT NULL, place public.place NOT NULL, seen status[] NOT NULL, \
    slug public.slug NOT NULL);";

const SHARED: &str = "CREATE TYPE place AS ENUM ('open', 'done'); \
    CREATE DOMAIN slug AS text CHECK (VALUE ~ '^[a-z-]+$')";

/// Tenants with types of their own.
async fn with_own_types(database: &TestDatabase) -> Tenants {
    let tenants = tenants(database, &Stream::new().with(&format!("{TYPES} {TABLE}"))).await;
    TestDatabase::execute(database, SHARED).await;
    create(&tenants, &["acme", "globex", "initech"]).await;
    tenants
}

async fn assert_served(pool: &TenantPool, tenants: &[&str]) {
    for (at, tenant) in tenants.iter().enumerate() {
        for is_lent in [false, true] {
            let mut connection = pool.tenant(&name(tenant)).await.unwrap();
            let rows = match is_lent {
                false => use_all(&mut *connection).await,
                true => use_all(connection.as_async_pg().await.unwrap()).await,
            };
            let rows = rows.unwrap_or_else(|error| panic!("{tenant}, {at}, {is_lent}: {error}"));
            for (status, level, place, seen, slug) in rows {
                assert_eq!((status, level, place), EXPECTED);
                assert_eq!(
                    (seen, slug.as_str()),
                    (vec![Plain::Open, Plain::Done], "a-slug")
                );
            }
            connection.commit().await.unwrap();
        }
    }
}

const IN_TURN: [&str; 7] = [
    "acme", "globex", "acme", "initech", "globex", "initech", "acme",
];

#[tokio::test]
async fn ordinary_derives_serve_types_that_each_tenant_has_for_itself() {
    let database = TestDatabase::new().await;
    let tenants = with_own_types(&database).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    assert_served(&pool, &IN_TURN).await;
}

#[tokio::test]
async fn the_same_derives_serve_them_behind_a_pooler() {
    let database = TestDatabase::new().await;
    drop(with_own_types(&database).await);
    let pooler = PgBouncer::start(&database, 1);
    let pool = pgbouncer::pool_behind(&pooler, 1).await;
    assert_served(&pool, &IN_TURN).await;
}

#[tokio::test]
async fn ordinary_derives_serve_types_that_tenants_share_in_public() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        &TABLE
            .replace("status status", "status public.status")
            .replace("level level", "level public.level")
            .replace("status[]", "public.status[]"),
    );
    let tenants = tenants(&database, &stream).await;
    TestDatabase::execute(&database, &format!("{TYPES} {SHARED}")).await;
    create(&tenants, &["acme", "globex", "initech"]).await;
    let tenants = tenants.behind(RuntimePath::behind(["public"]).unwrap());
    let pool = tenants.pool().size(1).open().await.unwrap();
    assert_served(&pool, &IN_TURN).await;
    // What the tenants share is looked up in `public` for it, too.
    let mut public = pool.public().await.unwrap();
    let label = diesel::select(diesel::dsl::sql::<sql_types::Status>("'open'::status"));
    assert_eq!(label.get_result(&mut public).await, Ok(Plain::Open));
}

#[tokio::test]
async fn a_type_that_one_tenant_has_for_itself_and_others_share_is_each_ones() {
    let database = TestDatabase::new().await;
    drop(with_own_types(&database).await);
    let shared = format!(
        "{TYPES} \
         ALTER TABLE globex.jobs ALTER status TYPE public.status USING status::text::public.status, \
         ALTER seen TYPE public.status[] USING seen::text::public.status[]; DROP TYPE globex.status"
    );
    TestDatabase::execute(&database, &shared).await;
    let database_of = tenant_core::Database::parse(&database.url()).unwrap();
    let pool = TenantPool::builder(database_of).size(1);
    let pool = pool.behind(RuntimePath::behind(["public"]).unwrap());
    let pool = pool.open().await.unwrap();
    assert_served(
        &pool,
        &["globex", "acme", "globex", "initech", "globex", "acme"],
    )
    .await;
}

#[tokio::test]
async fn a_type_that_was_made_anew_is_looked_up_again() {
    let database = TestDatabase::new().await;
    let tenants = with_own_types(&database).await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    assert_served(&pool, &["acme", "globex"]).await;
    let anew = "DELETE FROM acme.jobs; ALTER TYPE acme.level RENAME TO old; \
         CREATE TYPE acme.level AS ENUM ('low', 'high'); \
         ALTER TABLE acme.jobs ALTER level TYPE acme.level USING level::text::acme.level; \
         DROP TYPE acme.old";
    TestDatabase::execute(&database, anew).await;
    // The pool has not heard of it, so its first statement may fail.
    let mut acme = pool.tenant(&name("acme")).await.unwrap();
    use_all(&mut *acme).await.unwrap_err();
    drop(acme);
    assert_served(&pool, &["acme", "globex", "acme"]).await;
}
