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
