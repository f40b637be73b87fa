//! Values that are objects: a clone's lead to its own.

use tenant_core::{Error, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, name, tenants};

fn with_references() -> Stream {
    Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY);
         CREATE TYPE mood AS ENUM ('good');
         CREATE DOMAIN relation AS regclass;
         CREATE TYPE entry AS (relation regclass, note text);
         CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE registry (id int, relation regclass, type regtype, function regprocedure,
             proc regproc, schema regnamespace, relations regclass[], own relation, entry entry,
             note text, entries entry[]);",
    )
}

async fn cloned(tenants: &Tenants, from: &str, to: &str) {
    let cloned = tenants.clone_tenant(&name(from), &name(to)).await;
    cloned.unwrap_or_else(|error| panic!("{}", chain(&error)));
}

#[tokio::test]
async fn references_to_the_original_lead_to_the_clone_and_others_stay() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_references()).await;
    create(&tenants, &["acme", "Big"]).await;
    database
        .execute(
            "CREATE TABLE public.acme (id int); CREATE SCHEMA not_acme;
             CREATE TABLE not_acme.tasks (id int)",
        )
        .await;
    for from in ["acme", "\"Big\""] {
        let rows = format!(
            "INSERT INTO {from}.registry (id, relation, type, function, proc, schema, own, note) VALUES
                 (1, '{from}.tasks', '{from}.mood[]', '{from}.f({from}.mood)', '{from}.g', '{from}',
                  '{from}.tasks', 'acme.tasks'),
                 (2, 'public.acme', 'text', 'lower(text)', 'now', 'public', 'not_acme.tasks', NULL),
                 (3, 424242, NULL, NULL, NULL, NULL, NULL, NULL)"
        );
        database.execute(&rows).await;
    }
    database
        .execute(
            "INSERT INTO acme.registry (id, relations) VALUES
                 (4, ARRAY['acme.tasks', 'public.acme', NULL, 'acme.registry']::regclass[])",
        )
        .await;
    cloned(&tenants, "acme", "beta").await;
    cloned(&tenants, "Big", "Copy").await;
    let rows = |schema: &str| {
        format!(
            "SELECT concat_ws(' ', id, relation, type, function, proc, schema, relations, own, note) \
             FROM {schema}.registry ORDER BY id"
        )
    };
    assert_eq!(
        database.column(&rows("beta")).await,
        [
            "1 beta.tasks beta.mood[] beta.f(beta.mood) beta.g beta beta.tasks acme.tasks",
            "2 acme text lower(text) now public not_acme.tasks",
            "3 424242",
            "4 {beta.tasks,acme,NULL,beta.registry}",
        ]
    );
    let copied = database.column(&rows("\"Copy\"")).await;
    assert_eq!(
        copied[0],
        "1 \"Copy\".tasks \"Copy\".mood[] \"Copy\".f(\"Copy\".mood) \"Copy\".g \"Copy\" \
         \"Copy\".tasks acme.tasks"
    );
}

#[tokio::test]
async fn a_text_search_configuration_that_is_called_like_the_original_stays() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE texts (lang regconfig, langs regconfig[], schema regnamespace,
             schemas regnamespace[], relation regclass);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["english"]).await;
    database
        .execute(
            "INSERT INTO english.texts VALUES ('english', '{english,simple}', 'english',
                 '{english,english,public}', 'english.texts')",
        )
        .await;
    for copy in ["acme", "german"] {
        cloned(&tenants, "english", copy).await;
        let row = format!(
            "SELECT concat_ws(' ', lang, langs, schema, schemas, relation) FROM {copy}.texts"
        );
        assert_eq!(
            database.value(&row).await,
            format!("english {{english,simple}} {copy} {{{copy},{copy},public}} {copy}.texts")
        );
    }
}

#[tokio::test]
async fn references_within_other_values_are_refused_before_anything_is_made() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_references()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.registry (id, entry) VALUES (1, ('public.schema_tracker', 'x'))")
        .await;
    cloned(&tenants, "acme", "beta").await;
    for value in [
        "entry) VALUES (2, ('acme.tasks', 'x'))",
        "entries) VALUES (2, ARRAY[('acme.tasks', 'x')::acme.entry])",
    ] {
        let row = format!("INSERT INTO acme.registry (id, {value}");
        database.execute(&row).await;
        let (from, to) = (name("acme"), name("gamma"));
        let refused = tenants.clone_tenant(&from, &to).await.unwrap_err();
        let Error::NotCopyable { objects, .. } = &refused else {
            panic!("{}", chain(&refused));
        };
        assert_eq!(objects.len(), 1, "{objects:?}");
        assert!(
            objects[0].starts_with("values of column registry.entr"),
            "{objects:?}"
        );
        assert_eq!(database.schemas().await, ["acme", "beta"]);
        database
            .execute("DELETE FROM acme.registry WHERE id = 2")
            .await;
    }
}

#[tokio::test]
async fn a_reference_to_what_the_clone_lacks_fails_with_its_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &with_references()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.registry (id, relation) VALUES (1, 'acme.tasks_pkey')")
        .await;
    let (from, to) = (name("acme"), name("beta"));
    let refused = tenants.clone_tenant(&from, &to).await;
    let refused = chain(&refused.unwrap_err());
    assert!(
        refused.contains("a value of registry.relation or registry.type or")
            && refused.contains("\"beta.tasks_pkey\" does not exist"),
        "{refused}"
    );
    assert_eq!(database.schemas().await, ["acme"]);
}

#[tokio::test]
async fn a_value_that_names_a_view_is_refused_with_its_column() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY); CREATE VIEW done AS SELECT id FROM tasks;
         CREATE TABLE pages (id int, shows regclass, also regclass);",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.pages VALUES (1, 'acme.done', 'acme.tasks')")
        .await;
    let refused = tenants.clone_tenant(&name("acme"), &name("beta")).await;
    assert_eq!(
        chain(&refused.unwrap_err()),
        "tenant `acme` cannot be cloned: its schema contains a value of pages.shows or pages.also that names an object created after the rows, such as a view: relation \"beta.done\" does not \
         exist (SQLSTATE 42P01)"
    );
    assert_eq!(database.schemas().await, ["acme"]);
}
