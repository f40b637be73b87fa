//! A list of tenants that is a view on the application's table, with triggers that write it.

use tenant_core::{Database, Error, Migrations, Registry, Settings, Tenants};
use test_support::TestDatabase;

use crate::fixture::{name, two_steps_and_back};

/// The table, and a view of it with the columns of ours.
const VIEW: &str = "CREATE TABLE public.customers (
         id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, slug text NOT NULL UNIQUE,
         plan text NOT NULL DEFAULT 'free', version text, fingerprints jsonb DEFAULT '{}');
     CREATE VIEW public.tenants AS SELECT slug AS name, version, fingerprints
         FROM public.customers;
     CREATE FUNCTION public.write_tenant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF TG_OP = 'INSERT' THEN
             INSERT INTO public.customers (slug, version, fingerprints)
                 VALUES (NEW.name, NEW.version, coalesce(NEW.fingerprints, '{}'));
         ELSIF TG_OP = 'DELETE' THEN
             DELETE FROM public.customers WHERE slug = OLD.name;
             RETURN OLD;
         ELSE
             UPDATE public.customers SET slug = NEW.name, version = NEW.version,
                 fingerprints = NEW.fingerprints WHERE slug = OLD.name;
         END IF;
         RETURN NEW;
     END $$;
     CREATE TRIGGER write_tenant INSTEAD OF INSERT OR UPDATE OR DELETE ON public.tenants
         FOR EACH ROW EXECUTE FUNCTION public.write_tenant();
     INSERT INTO public.customers (slug, plan) VALUES ('acme', 'gold');
     CREATE SCHEMA acme;";

async fn opened(database: &TestDatabase) -> Tenants {
    let registry = Registry::table("public", "tenants");
    let migrations = Migrations {
        public: registry.migrations(),
        tenant: two_steps_and_back().set(),
    };
    let url = Database::parse(&database.url()).unwrap();
    let tenants = Tenants::open(url, migrations, Settings::default()).await;
    let tenants = tenants.unwrap().listed_in(registry).await.unwrap();
    tenants.migrate_public().await.unwrap();
    tenants
}

#[tokio::test]
async fn everything_works_on_a_view() {
    let database = TestDatabase::new().await;
    database.execute(VIEW).await;
    let tenants = opened(&database).await;
    let (acme, globex, copy) = (name("acme"), name("globex"), name("copy"));
    assert_eq!(tenants.migrate().await.unwrap().failures().count(), 0);
    tenants.create(&globex).await.unwrap();
    assert!(matches!(
        tenants.create(&globex).await,
        Err(Error::Taken(_))
    ));
    tenants.spares().keep(1).await.unwrap();
    assert!(tenants.create(&name("initech")).await.unwrap().from_spare);
    tenants.clone_tenant(&acme, &copy).await.unwrap();
    tenants.rename(&acme, &name("Acme_Inc")).await.unwrap();
    let gold = "SELECT slug FROM public.customers WHERE plan = 'gold'";
    assert_eq!(database.value(gold).await, "Acme_Inc");
    let plan = tenants
        .plan_rollback()
        .only([globex.clone()])
        .await
        .unwrap();
    tenants.rollback(plan).await.unwrap();
    tenants.migrate().await.unwrap();
    let health = tenants.health().await.unwrap();
    assert!(health.problems.is_empty(), "{health:?}");
    tenants.drop_tenant(&copy).await.unwrap();
    database
        .execute("DELETE FROM public.customers WHERE slug = 'globex'")
        .await;
    tenants.adopt(&globex).await.unwrap();
    let slugs = "SELECT slug FROM public.customers ORDER BY slug COLLATE \"C\"";
    assert_eq!(
        database.column(slugs).await,
        ["Acme_Inc", "globex", "initech"]
    );
}

#[tokio::test]
async fn a_trigger_that_does_less_than_it_says_is_found_out() {
    // It takes the new name for the old one, and PostgreSQL reports a row.
    let database = TestDatabase::new().await;
    let forgetful = VIEW.replace(
        "WHERE slug = OLD.name;\n         END IF",
        "WHERE slug = NEW.name;\n         END IF",
    );
    assert_ne!(forgetful, VIEW);
    database.execute(&forgetful).await;
    let tenants = opened(&database).await;
    tenants.migrate().await.unwrap();
    let renamed = tenants.rename(&name("acme"), &name("globex")).await;
    let error = renamed.map(drop).unwrap_err();
    assert!(error.to_string().starts_with("tenant `acme`: "), "{error}");
    assert!(database.schemas().await.contains(&"acme".to_owned()));
    // It leaves out rows.
    let body = "CREATE OR REPLACE FUNCTION public.write_tenant() RETURNS trigger
         LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce(NEW, OLD); END $$";
    database.execute(body).await;
    let created = tenants.create(&name("globex")).await.unwrap_err();
    assert!(matches!(created, Error::NotListed { .. }), "{created:?}");
    let dropped = tenants.drop_tenant(&name("acme")).await.unwrap_err();
    assert!(matches!(dropped, Error::Unconfirmed(_)), "{dropped:?}");
    assert!(!database.schemas().await.contains(&"globex".to_owned()));
    assert!(tenants.health().await.unwrap().problems.is_empty());
}
