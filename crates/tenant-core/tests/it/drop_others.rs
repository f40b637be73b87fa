//! What a drop changes of what stays, and tenants that are not this program's to drop or to
//! rename.

use tenant_core::remedy::Advice;
use tenant_core::{Error, Removed, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants, two_steps};

#[tokio::test]
async fn what_stays_and_names_the_tenant_is_listed_and_holds_up_no_drop() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    let role = database.role("reader").await;
    let role = role.name();
    database
        .execute(&format!(
            "CREATE PUBLICATION two FOR TABLE acme.tasks, globex.tasks;
             CREATE PUBLICATION whole FOR TABLES IN SCHEMA acme;
             CREATE PUBLICATION others FOR TABLES IN SCHEMA globex;
             CREATE SUBSCRIPTION inbound CONNECTION 'dbname=nowhere' PUBLICATION p
                 WITH (connect = false, slot_name = NONE);
             INSERT INTO pg_subscription_rel SELECT s.oid, 'acme.tasks'::regclass, 'r'
                 FROM pg_subscription s WHERE s.subname = 'inbound';
             CREATE FUNCTION public.count_tasks() RETURNS bigint LANGUAGE plpgsql
                 AS $$ BEGIN RETURN (SELECT count(*) FROM acme.tasks); END $$;
             CREATE FUNCTION public.of_path() RETURNS int LANGUAGE sql SET search_path TO acme AS 'SELECT 1';
             CREATE FUNCTION public.unrelated() RETURNS int LANGUAGE sql AS 'SELECT 1';
             CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql
                 AS $$ BEGIN PERFORM 1 FROM acme.tasks; END $$;
             CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE CAST')
                 EXECUTE FUNCTION public.watch();
             ALTER ROLE {role} IN DATABASE {} SET search_path TO acme",
            database.name()
        ))
        .await;
    let contents = tenants.contents(&name("acme")).await.unwrap();
    let affected = contents.affected.iter().map(ToString::to_string);
    assert_eq!(
        affected.collect::<Vec<_>>(),
        [
            "publication `two`".to_owned(),
            "publication `whole`".to_owned(),
            "subscription `inbound`".to_owned(),
            "event trigger `watch`".to_owned(),
            "function `public.count_tasks()`".to_owned(),
            "function `public.watch()`".to_owned(),
            "search_path `function public.of_path()`".to_owned(),
            format!("search_path `role {role}`"),
        ]
    );
    assert!(contents.dependents.is_empty(), "{contents:?}");
    let dropped = tenants.drop_tenant(&name("acme")).await;
    assert_eq!(dropped.unwrap(), Removed::Tenant);
    let kept = "SELECT string_agg(pubname, ' ' ORDER BY pubname) FROM pg_publication";
    assert_eq!(database.value(kept).await, "others two whole");
    let contents = tenants.contents(&name("globex")).await.unwrap();
    assert_eq!(contents.affected.len(), 2, "{contents:?}");
    database
        .execute("ALTER SUBSCRIPTION inbound DISABLE; DROP SUBSCRIPTION inbound")
        .await;
}

/// Tenants of another program in the same registry: with other versions, with the same
/// versions and other tables, and with no history at all.
async fn of_another_program(database: &TestDatabase) -> Tenants {
    let other = Stream::new()
        .named("2031-01-01-000000_first", "CREATE TABLE invoices (id int);")
        .named(
            "2031-01-02-000000_second",
            "CREATE TABLE payments (id int);",
        );
    let other = tenants(database, &other).await;
    create(&other, &["versions"]).await;
    let ours = tenants(database, &two_steps()).await;
    create(&ours, &["acme"]).await;
    database
        .execute(
            "CREATE SCHEMA same; CREATE TABLE same.invoices (id int);
             CREATE TABLE same.__diesel_schema_migrations (LIKE acme.__diesel_schema_migrations INCLUDING ALL);
             INSERT INTO same.__diesel_schema_migrations SELECT * FROM acme.__diesel_schema_migrations;
             CREATE SCHEMA bare; CREATE TABLE bare.invoices (id int);
             INSERT INTO schema_tracker (name) VALUES ('same'), ('bare')",
        )
        .await;
    ours
}

#[tokio::test]
async fn another_programs_tenant_is_neither_dropped_nor_renamed_unless_it_is_meant() {
    let database = TestDatabase::new().await;
    let tenants = of_another_program(&database).await;
    for (tenant, why) in [
        ("versions", "this program has none of them"),
        ("same", "none of the tables that they create"),
        ("bare", "no migration creates its objects"),
    ] {
        let (from, to) = (name(tenant), name("renamed"));
        let contents = tenants.contents(&from).await.unwrap();
        let told = contents.others.unwrap();
        assert!(told.contains(why), "{tenant}: {told}");
        for refused in [
            tenants.drop_tenant(&from).await.map(drop).unwrap_err(),
            tenants.rename(&from, &to).await.map(drop).unwrap_err(),
            tenants
                .drop_tenant(&from)
                .with_dependents()
                .await
                .map(drop)
                .unwrap_err(),
        ] {
            assert!(matches!(refused, Error::OthersTenant { .. }), "{refused}");
            assert!(refused.to_string().contains(&told), "{refused}");
            let advice = [Advice::UseOtherProgram, Advice::AllowOtherProgram];
            assert_eq!(refused.remedies(), advice.map(Into::into), "{tenant}");
        }
        let there = format!("SELECT count(*) FROM {tenant}.invoices");
        assert_eq!(database.value(&there).await, "0");
        let renamed = tenants.rename(&from, &to).allow_other_program().await;
        assert_eq!(renamed.unwrap().to, to);
        let dropped = tenants.drop_tenant(&to).allow_other_program().await;
        assert_eq!(dropped.unwrap(), Removed::Tenant, "{tenant}");
    }
    let dropped = tenants.drop_tenant(&name("acme")).await;
    assert_eq!(dropped.unwrap(), Removed::Tenant);
    assert_eq!(database.schemas().await, Vec::<String>::new());
}
