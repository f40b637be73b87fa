//! Sign-up: an application's own work in the transaction that creates the tenant.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use tenant_core::{Error, NewTenant, PoolError, PublicConnection, TenantConnection, Tenants};
use test_support::TestDatabase;
use thiserror::Error as DeriveError;

use crate::fixture::{Stream, chain, name, tenants};

diesel::table! { organizations (id) { id -> BigInt, slug -> Text, } }
diesel::table! { templates (title) { title -> Text, } }
diesel::table! { boards (id) { id -> Integer, title -> Text, } }

pub(crate) fn boards() -> Stream {
    Stream::new()
        .with("CREATE TABLE boards (id serial PRIMARY KEY, title text NOT NULL UNIQUE);")
        .with("ALTER TABLE boards ADD CONSTRAINT short CHECK (length(title) < 20);")
}

/// What the application has in its public schema.
pub(crate) async fn sign_up_tables(database: &TestDatabase) {
    database
        .execute(
            "CREATE TABLE organizations (id bigserial PRIMARY KEY, slug text NOT NULL UNIQUE); \
             CREATE TABLE templates (title text); INSERT INTO templates VALUES ('Template')",
        )
        .await;
}

/// An application's own type of error.
#[derive(Debug, DeriveError)]
pub(crate) enum SignUpError {
    #[error(transparent)]
    Tenants(#[from] Error),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("{0} is no good name for a board")]
    BadTitle(String),
}

async fn insert_organization(public: &mut PublicConnection, slug: &str) -> QueryResult<i64> {
    diesel::insert_into(organizations::table)
        .values(organizations::slug.eq(slug))
        .returning(organizations::id)
        .get_result(public)
        .await
}

async fn template_titles(public: &mut PublicConnection) -> QueryResult<Vec<String>> {
    templates::table.select(templates::title).load(public).await
}

async fn insert_board(tenant: &mut TenantConnection, title: &str) -> QueryResult<usize> {
    let query = diesel::insert_into(boards::table).values(boards::title.eq(title));
    query.execute(tenant).await
}

/// All that a sign-up does.
async fn seed(new: &mut NewTenant, titles: &[&str]) -> Result<i64, SignUpError> {
    let slug = new.name().to_string();
    let id = insert_organization(new.public().await?, &slug).await?;
    for title in template_titles(new.public().await?).await? {
        insert_board(new.tenant().await?, &title).await?;
    }
    for title in titles {
        if title.is_empty() {
            return Err(SignUpError::BadTitle((*title).to_owned()));
        }
        insert_board(new.tenant().await?, title).await?;
    }
    Ok(id)
}

async fn sign_up(tenants: &Tenants, slug: &str, titles: &[&str]) -> Result<i64, SignUpError> {
    let name = name(slug);
    tenants
        .create_with(&name, async |new| seed(new, titles).await)
        .await
}

/// Organizations, schemas and registrations.
pub(crate) async fn all_there_is(database: &TestDatabase) -> [Vec<String>; 3] {
    [
        database
            .column("SELECT slug FROM organizations ORDER BY 1")
            .await,
        database.schemas().await,
        database.tracked().await,
    ]
}

async fn ready() -> (TestDatabase, Tenants) {
    let database = TestDatabase::new().await;
    sign_up_tables(&database).await;
    let tenants = tenants(&database, &boards()).await;
    (database, tenants)
}

const THREE: [&str; 3] = ["One", "Two", "Three"];

#[tokio::test]
async fn a_sign_up_makes_everything_in_one_transaction() {
    let (database, tenants) = ready().await;
    let id = sign_up(&tenants, "acme", &THREE).await.unwrap();
    assert_eq!(id, 1);
    assert_eq!(
        all_there_is(&database).await,
        [["acme"], ["acme"], ["acme"]]
    );
    let titles = "SELECT title FROM acme.boards ORDER BY id";
    assert_eq!(
        database.column(titles).await,
        ["Template", "One", "Two", "Three"]
    );
}

#[tokio::test]
async fn an_error_in_the_third_board_leaves_nothing() {
    let (database, tenants) = ready().await;
    for (third, expected) in [
        ("", " is no good name for a board"),
        (
            "One",
            "duplicate key value violates unique constraint \"boards_title_key\"",
        ),
        ("a title that is much too long", "violates check constraint"),
    ] {
        let error = sign_up(&tenants, "acme", &["One", "Two", third])
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(all_there_is(&database).await, [[""; 0]; 3], "{third}");
    }
    sign_up(&tenants, "acme", &THREE).await.unwrap();
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
}

#[tokio::test]
async fn a_spare_is_taken_and_stays_a_spare_if_the_work_fails() {
    let (database, tenants) = ready().await;
    tenants.spares().keep(1).await.unwrap();
    let spares = database.schemas().await;
    sign_up(&tenants, "acme", &["", ""]).await.unwrap_err();
    assert_eq!(database.schemas().await, spares);
    assert_eq!(tenants.spares().count().await.unwrap().ready, 1);
    let was_spare = tenants
        .create_with(&name("acme"), async |new| {
            seed(new, &THREE).await?;
            Ok::<_, SignUpError>(new.is_from_spare())
        })
        .await
        .unwrap();
    assert!(was_spare);
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
    assert_eq!(
        database.value("SELECT count(*) FROM acme.boards").await,
        "4"
    );
}

#[tokio::test]
async fn eight_sign_ups_at_once_all_succeed_each_with_its_own_rows() {
    let (database, tenants) = ready().await;
    tenants.spares().keep(4).await.unwrap();
    let names = (0..8)
        .map(|number| format!("t{number}"))
        .collect::<Vec<_>>();
    let all = names.iter().map(|slug| sign_up(&tenants, slug, &THREE));
    for done in join_all(all).await {
        done.unwrap();
    }
    assert_eq!(
        all_there_is(&database).await,
        [names.clone(), names.clone(), names.clone()]
    );
    for slug in &names {
        let boards = format!("SELECT count(*) FROM {slug}.boards");
        assert_eq!(database.value(&boards).await, "4", "{slug}");
    }
}

#[tokio::test]
async fn of_eight_sign_ups_under_one_name_one_succeeds() {
    let (database, tenants) = ready().await;
    let all = (0..8).map(|_| sign_up(&tenants, "acme", &THREE));
    let done = join_all(all).await;
    let made = done.iter().filter(|one| one.is_ok()).count();
    assert_eq!(made, 1, "{done:?}");
    for error in done.into_iter().filter_map(Result::err) {
        assert!(
            matches!(error, SignUpError::Tenants(Error::Taken(_))),
            "{error}"
        );
    }
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
}

#[tokio::test]
async fn a_pool_of_the_same_tenants_sees_the_new_one_at_once() {
    let (_database, tenants) = ready().await;
    let pool = tenants.pool().size(1).open().await.unwrap();
    let acme = name("acme");
    assert!(matches!(
        pool.tenant(&acme).await.unwrap_err(),
        PoolError::Unknown(_)
    ));
    sign_up(&tenants, "acme", &THREE).await.unwrap();
    let mut tenant = pool.tenant(&acme).await.unwrap();
    let count: i64 = boards::table.count().get_result(&mut tenant).await.unwrap();
    assert_eq!(count, 4);
}

#[tokio::test]
async fn a_future_with_a_sign_up_can_be_spawned() {
    let (database, tenants) = ready().await;
    let spawned = tokio::spawn(async move {
        let name = name("acme");
        let titles = THREE;
        tenants
            .create_with(&name, async |new: &mut NewTenant| seed(new, &titles).await)
            .await
    });
    spawned.await.unwrap().unwrap();
    assert_eq!(all_there_is(&database).await, [["acme"]; 3]);
}

#[tokio::test]
async fn each_connection_sees_its_own_schema_however_often_the_work_goes_to_and_fro() {
    let (_database, tenants) = ready().await;
    let path = diesel::sql_query("SELECT current_schema()::text AS name");
    #[derive(QueryableByName)]
    struct Where {
        #[diesel(sql_type = Text)]
        name: String,
    }
    tenants
        .create_with(&name("acme"), async |new| {
            for _ in 0..3 {
                let here: Where = path.clone().get_result(new.public().await?).await?;
                assert_eq!(here.name, "public");
                let here: Where = path.clone().get_result(new.tenant().await?).await?;
                assert_eq!(here.name, "acme");
                let tenant = new.tenant().await?;
                let missing = tenant.batch_execute("SAVEPOINT a; SELECT FROM organizations");
                let missing = missing.await.unwrap_err();
                assert!(missing.to_string().contains("does not exist"), "{missing}");
                tenant.batch_execute("ROLLBACK TO SAVEPOINT a").await?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_savepoint_of_one_schema_cannot_bring_its_path_back_in_the_other() {
    let (database, tenants) = ready().await;
    let error = tenants
        .create_with(&name("acme"), async |new| {
            new.tenant().await?.batch_execute("SAVEPOINT mine").await?;
            let public = new.public().await?;
            // With the savepoint would come back the tenant's path.
            public.batch_execute("ROLLBACK TO SAVEPOINT mine").await?;
            insert_organization(public, "acme").await?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap_err();
    assert!(
        chain(&error).contains("savepoint \"mine\" does not exist"),
        "{}",
        chain(&error)
    );
    assert_eq!(all_there_is(&database).await, [[""; 0]; 3]);
}
