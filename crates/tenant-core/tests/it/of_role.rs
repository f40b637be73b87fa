//! What the role that runs migrations leaves in a schema is no difference where another role
//! checks it.

use tenant_core::{Database, MigrationSet, Migrations, Settings, Tenants};
use test_support::{Role, TestDatabase};

use crate::expectation::{health, problems};
use crate::fixture::{Stream, create, name};

/// The role's name in each kind of text that a catalog keeps.
fn asking_for_the_role() -> Stream {
    Stream::new().with(
        "CREATE TABLE tasks (id int, owner text);
         CREATE POLICY direct ON tasks FOR SELECT TO CURRENT_USER USING (true);
         DO $$ BEGIN
           EXECUTE format('CREATE FUNCTION made_by() RETURNS text LANGUAGE sql AS %L',
                          format('SELECT %L::text', current_user));
           EXECUTE format('COMMENT ON TABLE tasks IS %L', 'made by ' || session_user);
           EXECUTE format('CREATE POLICY own ON tasks FOR UPDATE TO %I USING (owner = %L)',
                          current_role, current_user);
           EXECUTE format('ALTER TABLE tasks ALTER owner SET DEFAULT %L', 'by ' || user);
           EXECUTE format('CREATE TABLE %I (id int, body text)', current_user || '_log');
           EXECUTE format('CREATE INDEX %I ON tasks (id)', 'by_' || current_user);
           EXECUTE format('CREATE VIEW mine AS SELECT id FROM %I', current_user || '_log');
         END $$;",
    )
}

pub(crate) async fn as_role(role: &Role, stream: &Stream) -> Tenants {
    open_as(&role.url(), stream).await
}

async fn open_as(url: &str, stream: &Stream) -> Tenants {
    let migrations = Migrations {
        public: MigrationSet::registry(),
        tenant: stream.set(),
    };
    let database = Database::parse(url).unwrap();
    let tenants = Tenants::open(database, migrations, Settings::default());
    tenants.await.unwrap()
}

pub(crate) async fn may_create(database: &TestDatabase, role: &Role) {
    let (role, here) = (role.name(), database.name());
    database
        .execute(&format!(
            "GRANT CREATE ON DATABASE \"{here}\" TO {role}; GRANT ALL ON SCHEMA public TO {role};
             GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};"
        ))
        .await;
}

/// Nothing is wrong with the tenant, and nothing would be repaired.
async fn as_it_should_be(tenants: &Tenants, who: &str) {
    let found = health(tenants).await;
    assert!(found.is_healthy(), "{who}: {:#?}", problems(&found));
    let repair = tenants.try_repair(&name("acme")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{who}: {repair:#?}"
    );
}

#[tokio::test]
async fn what_another_role_has_created_is_as_it_should_be_and_damage_is_found() {
    let database = TestDatabase::new().await;
    let stream = asking_for_the_role();
    let superuser = open_as(&database.url(), &stream).await;
    superuser.migrate_public().await.unwrap();
    let (alice, member) = (database.role("secret").await, database.role("other").await);
    may_create(&database, &alice).await;
    may_create(&database, &member).await;
    let grant = format!("GRANT {} TO {}", alice.name(), member.name());
    database.execute(&grant).await;
    create(&as_role(&alice, &stream).await, &["acme"]).await;
    as_it_should_be(&as_role(&alice, &stream).await, "alice").await;
    as_it_should_be(&superuser, "the superuser").await;
    as_it_should_be(&as_role(&member, &stream).await, "a member").await;

    // Only the role may be another one.
    for (damage, told) in [
        (
            "CREATE OR REPLACE FUNCTION acme.made_by() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text || 'y' $$",
            "made_by",
        ),
        ("COMMENT ON TABLE acme.tasks IS 'changed'", "comment"),
        ("ALTER POLICY own ON acme.tasks USING (true)", "own"),
        ("CREATE OR REPLACE VIEW acme.mine AS SELECT 1 AS id", "mine"),
    ] {
        database.execute(damage).await;
        let found = format!("{:?}", problems(&health(&superuser).await));
        assert!(found.contains(told), "{damage}: {found}");
    }

    // What is repaired gets the name of the role that the schema belongs to.
    let drop = "DROP POLICY direct ON acme.tasks; DROP FUNCTION acme.made_by()";
    database.execute(drop).await;
    superuser.repair(&name("acme")).await.unwrap();
    let said = "SELECT acme.made_by() || ' ' || obj_description('acme.tasks'::regclass) || ' ' || \
        (SELECT string_agg(DISTINCT polroles::regrole[]::text, ' ') FROM pg_policy WHERE polrelid = 'acme.tasks'::regclass)";
    let alice = alice.name();
    assert_eq!(
        database.value(said).await,
        format!("{alice} made by {alice} {{{alice}}}")
    );
}

#[tokio::test]
async fn a_tenant_of_a_superuser_is_as_it_should_be_for_a_member_of_that_role() {
    let database = TestDatabase::new().await;
    let stream = asking_for_the_role();
    let superuser = open_as(&database.url(), &stream).await;
    superuser.migrate_public().await.unwrap();
    create(&superuser, &["acme"]).await;
    let member = database.role("secret").await;
    may_create(&database, &member).await;
    let owner = database.value("SELECT current_user").await;
    let grant = format!("GRANT \"{owner}\" TO {}", member.name());
    database.execute(&grant).await;
    as_it_should_be(&as_role(&member, &stream).await, "a member").await;
}
