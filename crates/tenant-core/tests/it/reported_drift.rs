//! What others' checks of a schema got wrong, by public reports of theirs: each in our own
//! words, on a tenant.

use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// Of each: migrations, what is then done to the tenant, and what the check says.
const REPORTS: [(&str, &str, &[&str]); 9] = [
    // A trigger that is told where its history is, by the schema's name at that time.
    // nearform/temporal_tables 13
    (
        "CREATE TABLE subs (id int, state text); CREATE TABLE subs_history (LIKE subs);
         CREATE FUNCTION versioning() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           EXECUTE format('INSERT INTO %s SELECT ($1).*', TG_ARGV[0]) USING OLD; RETURN NEW; END $$;
         DO $$ BEGIN EXECUTE format('CREATE TRIGGER v BEFORE UPDATE ON subs FOR EACH ROW
           EXECUTE FUNCTION versioning(%L, %L)', format('%I.subs_history', current_schema()), 'true'); END $$;",
        "INSERT INTO TENANT.subs VALUES (1, 'a'); UPDATE TENANT.subs SET state = 'b'",
        &[],
    ),
    // A default by hand, and a right that was taken away: a check said nothing of either.
    // escentohq/escento 76
    (
        "CREATE TABLE t (id int, state text); GRANT SELECT ON t TO ROLE;",
        "ALTER TABLE TENANT.t ALTER state SET DEFAULT 'new'; REVOKE SELECT ON TENANT.t FROM ROLE",
        &[
            "missing grants on table `t`: `ROLE` lacks SELECT",
            "column `t.state` has default `'new'::text`; expected none",
        ],
    ),
    // A partitioned table whose default asks a setting, with a default partition: a diff
    // wanted to drop things of it. ariga/atlas 3552
    (
        "CREATE TABLE partners (id serial PRIMARY KEY);
         CREATE TABLE items (name text, partner_id int NOT NULL DEFAULT current_setting('app.p')::int,
           id uuid NOT NULL DEFAULT gen_random_uuid(), PRIMARY KEY (partner_id, id),
           FOREIGN KEY (partner_id) REFERENCES partners) PARTITION BY LIST (partner_id);
         CREATE TABLE items_default PARTITION OF items DEFAULT;",
        "CREATE TABLE TENANT.items_7 PARTITION OF TENANT.items FOR VALUES IN (7)",
        &[],
    ),
    // Rights that were given in another order. pgadmin-org/pgadmin4 5108
    (
        "CREATE TABLE t (id int); GRANT SELECT ON t TO ROLE; GRANT SELECT ON t TO PUBLIC;",
        "REVOKE ALL ON TENANT.t FROM ROLE, PUBLIC; GRANT SELECT ON TENANT.t TO PUBLIC; \
         GRANT SELECT ON TENANT.t TO ROLE",
        &[],
    ),
    // Rights of the owner, written down. stripe/pg-schema-diff 287
    (
        "CREATE TABLE t (id int);",
        "GRANT ALL ON SCHEMA TENANT TO CURRENT_USER; GRANT SELECT, INSERT ON TENANT.t TO CURRENT_USER",
        &[],
    ),
    // A function whose argument is a table's row. denishpatel/pg-clone-schema 27
    (
        "CREATE TABLE people (name text);
         CREATE FUNCTION shown(people, key text) RETURNS text LANGUAGE sql AS 'SELECT $1.name || $2';",
        "SELECT TENANT.shown(NULL, 'x')",
        &[],
    ),
    // A table that is no longer partitioned. djrobstep/migra 60
    (
        "CREATE TABLE m (day date NOT NULL) PARTITION BY RANGE (day);",
        "DROP TABLE TENANT.m; CREATE TABLE TENANT.m (day date NOT NULL)",
        &[
            "table `m` is ordinary (expected `partitioned`) and has no definition (expected `PARTITION BY RANGE (day)`)",
        ],
    ),
    // Seeded rows with random keys and the time. A moment's texts are no definitions.
    (
        "CREATE TABLE seeds (id uuid DEFAULT gen_random_uuid(), at timestamptz DEFAULT now(), n int);
         INSERT INTO seeds (n) SELECT generate_series(1, 50); COMMENT ON TABLE seeds IS 'made now';",
        "UPDATE TENANT.seeds SET n = 0",
        &[],
    ),
    // A constraint called by a hash of the schema's name.
    (
        "CREATE TABLE t (id int); DO $$ BEGIN EXECUTE format('ALTER TABLE t ADD CONSTRAINT %I CHECK (id > 0)',
           'c_' || md5(current_schema())); END $$;",
        "INSERT INTO TENANT.t VALUES (1)",
        &[],
    ),
];

#[tokio::test]
async fn a_check_says_what_is_so_where_others_were_reported_to_be_wrong() {
    for (up, done, said) in REPORTS {
        let database = TestDatabase::new().await;
        let role = database.role("secret").await;
        let in_place = |sql: &str| sql.replace("TENANT", "acme").replace("ROLE", role.name());
        let stream = Stream::new().with(&in_place(up));
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme", "globex"]).await;
        assert!(tenants.health().await.unwrap().is_healthy(), "{up}");
        database.execute(&in_place(done)).await;
        let health = tenants.health().await.unwrap();
        let found = health.problems.iter();
        let found = found.map(|it| it.kind.to_string()).collect::<Vec<_>>();
        let said = said.iter().map(|text| in_place(text));
        assert_eq!(found, said.collect::<Vec<_>>(), "{up}");
        // Between two tenants these are differences.
        if !up.contains("PARTITION") && !up.contains("md5") {
            let same = tenants.compare(&name("globex"), &name("acme")).await;
            let differences = same.unwrap().differences;
            assert_eq!(differences.is_empty(), found.is_empty(), "{up}");
        }
    }
}
