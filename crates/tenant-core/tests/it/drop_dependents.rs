//! Dropping a tenant takes nothing of others, unless somebody says so.

use std::time::Duration;

use tenant_core::remedy::Advice;
use tenant_core::{Error, Removed, Settings, Status, Tenants};
use test_support::{TestDatabase, eventually, own_server};

use crate::fixture::{Stream, create, name, open, open_at, tenants, two_steps};

/// What depends on the tenant from outside, as kind and name.
async fn dependents(tenants: &Tenants, tenant: &str) -> Vec<String> {
    let contents = tenants.contents(&name(tenant)).await.unwrap();
    let dependents = contents.dependents.iter().map(ToString::to_string);
    dependents.collect()
}

async fn refused(tenants: &Tenants, tenant: &str) -> Error {
    tenants.drop_tenant(&name(tenant)).await.unwrap_err()
}

#[tokio::test]
async fn a_view_over_all_tenants_a_key_and_a_column_with_data_stay() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "globex"]).await;
    let role = database.role("secret").await;
    let role = role.name();
    database
        .execute(&format!(
            "CREATE EXTENSION hstore SCHEMA acme;
             CREATE TYPE acme.mood AS ENUM ('good');
             CREATE VIEW public.all_tasks AS SELECT * FROM acme.tasks UNION ALL SELECT * FROM globex.tasks;
             CREATE TABLE public.invoices (id int PRIMARY KEY, task int REFERENCES acme.tasks,
                 mood acme.mood, detail acme.hstore);
             CREATE INDEX ON public.invoices USING gin (detail);
             INSERT INTO public.invoices VALUES (1, NULL, 'good', 'a=>1'), (2, NULL, 'good', 'a=>2');
             ALTER TABLE public.invoices OWNER TO {role};
             ANALYZE public.invoices"
        ))
        .await;
    let found = [
        "column `public.invoices.detail`",
        "column `public.invoices.mood`",
        "extension `hstore`",
        "foreign key `invoices_task_fkey on public.invoices`",
        "view `public.all_tasks`",
    ];
    assert_eq!(dependents(&tenants, "acme").await, found);
    let contents = tenants.contents(&name("acme")).await.unwrap();
    let column = contents.dependents.first().unwrap();
    assert_eq!(
        (column.owner.as_deref(), column.rows),
        (Some(role), Some(2))
    );

    let error = refused(&tenants, "acme").await;
    assert_eq!(
        error.to_string(),
        format!(
            "tenant `acme` cannot be dropped: 5 objects outside the schema depend on it: {}",
            found.join(", ")
        )
    );
    assert_eq!(database.schemas().await, ["acme", "globex"]);
    let details = "SELECT string_agg(detail::text, ' ' ORDER BY id) FROM public.invoices";
    assert_eq!(database.value(details).await, "\"a\"=>\"1\" \"a\"=>\"2\"");

    let removed = tenants.drop_tenant(&name("acme")).with_dependents().await;
    assert_eq!(removed.unwrap(), Removed::Tenant);
    assert_eq!(database.schemas().await, ["globex"]);
    let kept = "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute \
                WHERE attrelid = 'public.invoices'::regclass AND attnum > 0 AND NOT attisdropped";
    assert_eq!(database.value(kept).await, "id task");
    let view = "SELECT to_regclass('public.all_tasks')";
    assert_eq!(database.value(view).await, "NULL");
}

/// What one tenant can have that objects elsewhere are built on.
const BASE: &str = "
    CREATE TYPE acme.mood AS ENUM ('good');
    CREATE TYPE acme.pair AS (a int, b int);
    CREATE SEQUENCE acme.numbers;
    CREATE FUNCTION acme.one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION acme.same(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION acme.plus(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
    CREATE FUNCTION acme.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION acme.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE TABLE acme.events (at int) PARTITION BY RANGE (at);
    CREATE TABLE acme.parent (id int);
    CREATE MATERIALIZED VIEW acme.counts AS SELECT count(*) FROM acme.tasks;
    CREATE TABLE public.names (id int, name text);";

/// Each thing that is built on it, and what it is listed as.
const ELSEWHERE: [(&str, &[&str]); 25] = [
    (
        "CREATE EXTENSION hstore SCHEMA acme; CREATE TABLE acme.t (detail acme.hstore)",
        &["extension `hstore`"],
    ),
    (
        "CREATE FUNCTION public.told(anyenum) RETURNS int LANGUAGE sql AS 'SELECT 1'; \
         CREATE TYPE public.level AS ENUM ('low'); \
         CREATE CAST (acme.mood AS public.level) WITH INOUT",
        &["cast `(acme.mood AS public.level)`"],
    ),
    (
        "CREATE FUNCTION public.same(acme.mood, acme.mood) RETURNS bool LANGUAGE sql AS 'SELECT true'; \
         CREATE OPERATOR public.@@@ (leftarg = acme.mood, rightarg = acme.mood, function = public.same)",
        &[
            "function `public.same(acme.mood,acme.mood)`",
            "operator `public.@@@(acme.mood,acme.mood)`",
        ],
    ),
    (
        "CREATE FUNCTION public.cmp(acme.mood, acme.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0'; \
         CREATE OPERATOR CLASS public.of_moods FOR TYPE acme.mood USING btree \
         AS FUNCTION 1 public.cmp(acme.mood, acme.mood)",
        &[
            "function `public.cmp(acme.mood,acme.mood)`",
            "operator class `public.of_moods USING btree`",
        ],
    ),
    (
        "CREATE FUNCTION public.f(acme.mood) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        &["function `public.f(acme.mood)`"],
    ),
    (
        "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM acme.tasks; END",
        &["function `public.f()`"],
    ),
    (
        "CREATE TABLE public.t (id bigint DEFAULT nextval('acme.numbers'))",
        &["default value `public.t.id`"],
    ),
    (
        "CREATE TABLE public.t (id int, twice int GENERATED ALWAYS AS (acme.plus(id, id)) STORED)",
        &["column `public.t.twice`"],
    ),
    (
        "CREATE TABLE public.t (id int CONSTRAINT positive CHECK (id > acme.one()))",
        &["table constraint `positive on public.t`"],
    ),
    (
        "CREATE TABLE public.t (name text); CREATE INDEX i ON public.t (acme.same(name))",
        &["index `public.i`"],
    ),
    (
        "CREATE TABLE public.t (id int); CREATE POLICY p ON public.t USING (id = acme.one())",
        &["policy `p on public.t`"],
    ),
    (
        "CREATE TABLE public.t (id int); CREATE TRIGGER g BEFORE INSERT ON public.t \
         FOR EACH ROW EXECUTE FUNCTION acme.fire()",
        &["trigger `g on public.t`"],
    ),
    (
        "CREATE TABLE public.t (id int); CREATE RULE r AS ON DELETE TO public.t DO ALSO DELETE FROM acme.tasks",
        &["rule `r on public.t`"],
    ),
    (
        "CREATE TABLE public.t PARTITION OF acme.events FOR VALUES FROM (1) TO (2)",
        &["table `public.t`"],
    ),
    (
        "CREATE TABLE public.t (more int, UNIQUE (more)) INHERITS (acme.parent)",
        &["table `public.t`"],
    ),
    (
        "CREATE TABLE public.t OF acme.pair (PRIMARY KEY (a))",
        &["table `public.t`"],
    ),
    (
        "CREATE TABLE public.t (whole acme.tasks, many acme.mood[])",
        &["column `public.t.many`", "column `public.t.whole`"],
    ),
    (
        "CREATE MATERIALIZED VIEW public.m AS SELECT * FROM acme.counts; \
         CREATE VIEW public.v AS SELECT * FROM public.m",
        &["materialized view `public.m`", "view `public.v`"],
    ),
    (
        "CREATE DOMAIN public.d AS int CHECK (value > acme.one()); CREATE TABLE public.t (d public.d)",
        &["domain constraint `d_check on public.d`"],
    ),
    (
        "CREATE DOMAIN public.d AS acme.mood; CREATE TABLE public.t (d public.d)",
        &["column `public.t.d`", "type `public.d`"],
    ),
    (
        "CREATE OPERATOR public.@@@ (leftarg = int, rightarg = int, function = acme.plus)",
        &["operator `public.@@@(integer,integer)`"],
    ),
    (
        "CREATE TYPE public.from_text AS (a text); CREATE FUNCTION acme.cast(public.from_text) \
         RETURNS int LANGUAGE sql AS 'SELECT 1'; \
         CREATE CAST (public.from_text AS int) WITH FUNCTION acme.cast(public.from_text)",
        &["cast `(public.from_text AS integer)`"],
    ),
    (
        "CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE CAST') EXECUTE FUNCTION acme.event()",
        &["event trigger `e`"],
    ),
    (
        "CREATE AGGREGATE public.total(int) (sfunc = acme.plus, stype = int, initcond = '0')",
        &["aggregate `public.total(integer)`"],
    ),
    (
        "CREATE STATISTICS public.s ON (acme.same(name)), id FROM public.names",
        &["statistics object `public.s`"],
    ),
];

#[tokio::test]
async fn whatever_is_built_on_a_tenant_elsewhere_is_found() {
    for (statements, found) in ELSEWHERE {
        let database = TestDatabase::new().await;
        let tenants = tenants(&database, &two_steps()).await;
        create(&tenants, &["acme"]).await;
        database.execute(&format!("{BASE} {statements}")).await;
        assert_eq!(dependents(&tenants, "acme").await, found, "{statements}");
        let error = refused(&tenants, "acme").await;
        assert!(matches!(error, Error::HasDependents { .. }), "{error}");
        let dropped = tenants.drop_tenant(&name("acme")).with_dependents().await;
        assert_eq!(dropped.unwrap(), Removed::Tenant, "{statements}");
    }
}

#[tokio::test]
async fn what_belongs_to_the_tenant_is_no_dependent_wherever_it_leads() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, plan int, at int);
         CREATE TABLE events (at int, id int) PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "CREATE TABLE public.plans (id int PRIMARY KEY);
             CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TABLE public.events (at int, id int REFERENCES public.plans) PARTITION BY RANGE (at);
             CREATE INDEX ON public.events (id);
             CREATE TABLE acme.part PARTITION OF public.events FOR VALUES FROM (1) TO (2);
             ALTER TABLE acme.tasks ADD FOREIGN KEY (plan) REFERENCES public.plans;
             CREATE TRIGGER fire BEFORE INSERT ON acme.tasks FOR EACH ROW EXECUTE FUNCTION public.fire();
             CREATE VIEW acme.planned AS SELECT plans.id FROM acme.tasks JOIN public.plans ON plan = plans.id;
             CREATE PUBLICATION two FOR TABLE acme.tasks, globex.tasks;
             CREATE PUBLICATION whole FOR TABLES IN SCHEMA acme;
             CREATE STATISTICS acme.s ON id, plan FROM acme.tasks;
             CREATE STATISTICS public.s ON id, plan FROM acme.tasks;
             CREATE TYPE acme.pair AS (a int, b int);
             CREATE FUNCTION acme.cast(acme.pair) RETURNS int LANGUAGE sql AS 'SELECT 1';
             CREATE CAST (acme.pair AS int) WITH FUNCTION acme.cast(acme.pair);
             CREATE POLICY p ON acme.tasks USING (true);
             ALTER DEFAULT PRIVILEGES IN SCHEMA acme GRANT SELECT ON TABLES TO PUBLIC",
        )
        .await;
    assert_eq!(dependents(&tenants, "acme").await, Vec::<String>::new());
    let removed = tenants.drop_tenant(&name("acme")).await;
    assert_eq!(removed.unwrap(), Removed::Tenant);
    let kept = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class \
                WHERE relnamespace = 'public'::regnamespace AND relname IN ('plans', 'events', 'events_id_idx')";
    assert_eq!(database.value(kept).await, "events events_id_idx plans");
}

#[tokio::test]
async fn an_extension_elsewhere_of_which_a_part_lies_in_the_tenant_stays() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "CREATE EXTENSION hstore SCHEMA public;
             CREATE FUNCTION acme.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
             ALTER EXTENSION hstore ADD FUNCTION acme.f();
             CREATE TABLE public.t (detail hstore)",
        )
        .await;
    assert_eq!(
        dependents(&tenants, "acme").await,
        ["column `public.t.detail`", "extension `hstore`"]
    );
    let error = refused(&tenants, "acme").await;
    assert!(matches!(error, Error::HasDependents { .. }), "{error}");
}

#[tokio::test]
async fn a_view_that_is_made_while_a_tenant_is_dropped_is_not_taken() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let other = database.client().await;
    let view = "BEGIN; CREATE VIEW public.v AS SELECT * FROM acme.tasks";
    other.batch_execute(view).await.unwrap();
    let patient = Settings {
        lock_timeout: Duration::from_secs(60),
        ..Settings::default()
    };
    let patient = open(&database, &stream, patient).await;
    let acme = name("acme");
    let (error, ()) = tokio::join!(patient.drop_tenant(&acme), async {
        eventually("the drop waits for the view", async || {
            let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
            database.value(waiting).await != "0"
        })
        .await;
        other.batch_execute("COMMIT").await.unwrap();
    });
    let error = error.unwrap_err();
    assert!(error.to_string().ends_with("view `public.v`"), "{error}");
    assert_eq!(database.value("SELECT count(*) FROM public.v").await, "0");
}

#[tokio::test]
async fn a_spare_on_which_something_depends_is_not_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    tenants.spares().keep(1).await.unwrap();
    let spare = database.value("SELECT name FROM spare_schemas").await;
    database
        .execute(&format!(
            "CREATE VIEW public.v AS SELECT * FROM {spare}.tasks"
        ))
        .await;
    let report = tenants.spares().keep(0).await.unwrap();
    let [outcome] = report.outcomes.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(outcome.status, Status::Failed, "{report:?}");
    let error = outcome.error.as_ref().unwrap();
    let advice = [Advice::DetachDependents.into()];
    assert_eq!(error.remedies(), advice);
    let error = error.to_string();
    assert!(error.ends_with("depends on it: view `public.v`"), "{error}");
    let row = database.value("SELECT s::text FROM spare_schemas s").await;
    database.execute("DELETE FROM spare_schemas").await;
    // No command drops what is in no list.
    let health = tenants.health().await.unwrap();
    let remedies = health.problems[0].remedies(tenants.registry());
    assert_eq!(remedies, advice, "{row}: {health:?}");
    database
        .execute(&format!("INSERT INTO spare_schemas SELECT (r).* FROM (SELECT '{row}'::spare_schemas AS r) t; DROP VIEW public.v"))
        .await;
    let report = tenants.spares().keep(0).await.unwrap();
    assert_eq!(report.outcomes[0].status, Status::Dropped, "{report:?}");
}

#[tokio::test]
async fn a_schema_that_is_dropped_in_portions_loses_none_while_others_depend_on_it() {
    let server = own_server()
        .setting("max_locks_per_transaction", "10")
        .setting("max_connections", "20")
        .start()
        .unwrap();
    let url = server.url("postgres");
    let tenants = open_at(&url, &two_steps(), Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    create(&tenants, &["acme"]).await;
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
        .await
        .unwrap();
    drop(tokio::spawn(connection));
    for number in 0..300 {
        let table = format!("CREATE TABLE acme.t{number} (id bigserial PRIMARY KEY)");
        client.batch_execute(&table).await.unwrap();
    }
    let view = "CREATE VIEW public.v AS SELECT * FROM acme.t299";
    client.batch_execute(view).await.unwrap();
    let error = refused(&tenants, "acme").await;
    assert!(matches!(error, Error::HasDependents { .. }), "{error}");
    let contents = tenants.contents(&name("acme")).await.unwrap();
    assert_eq!(contents.tables.len(), 301);
    let dropped = tenants.drop_tenant(&name("acme")).with_dependents().await;
    assert_eq!(dropped.unwrap(), Removed::Tenant);
    let view = client.query_one("SELECT to_regclass('public.v')::text", &[]);
    assert_eq!(view.await.unwrap().get::<_, Option<String>>(0), None);
}

#[tokio::test]
async fn a_check_advises_no_cascade_where_something_depends_on_an_orphan() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "lost", "used"]).await;
    database
        .execute(
            "DELETE FROM schema_tracker WHERE name IN ('lost', 'used');
             CREATE VIEW public.v AS SELECT * FROM used.tasks",
        )
        .await;
    let health = tenants.health().await.unwrap();
    let cascades = health.problems.iter().map(|problem| {
        let remedies = format!("{:?}", problem.remedies(tenants.registry()));
        let tenant = problem.tenant.clone().unwrap_or_default();
        (tenant, remedies.contains("CASCADE"))
    });
    assert_eq!(
        cascades.collect::<Vec<_>>(),
        [("lost".to_owned(), true), ("used".to_owned(), false)],
        "{health:?}"
    );
}
