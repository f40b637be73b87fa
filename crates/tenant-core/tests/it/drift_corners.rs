//! Damage to what is hard to mend: nothing is lost, and what is mended works.

use futures_util::StreamExt;
use tenant_core::Tenants;
use test_support::TestDatabase;

use crate::drift_ugly::ugly_tenants;
use crate::fixture::{Stream, create, name, tenants};

/// All rows of all tables of a schema.
const ROWS: &str = "
    CREATE FUNCTION public.rows_of(s text) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE t text; these jsonb; result jsonb := '{}';
    BEGIN
        FOR t IN SELECT relname FROM pg_class WHERE relnamespace = s::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(x)), ''[]'') FROM ONLY %I.%I x', s, t) INTO these;
            result := result || jsonb_build_object(t, these);
        END LOOP;
        RETURN result;
    END$$";

/// Rows in most tables.
const FILL: &str = r#"
    INSERT INTO tasks (title, number, email, kind) VALUES ('one', -20, 'a', 'bug'), ('two', -25, 'b', NULL);
    INSERT INTO "acme.x" VALUES (1, 'x', 'y', 40); INSERT INTO title VALUES ('t', 1);
    INSERT INTO left_one VALUES (1, NULL); INSERT INTO right_one (left_id) VALUES (1), (NULL);
    INSERT INTO log VALUES ('2025-01-01', 'eu', 'l', 1), ('2026-01-01', 'eu', 'l', 2), ('2026-01-01', 'us', 'l', 2);
    INSERT INTO child (own) VALUES (1); INSERT INTO grandchild (own) VALUES (2);
    INSERT INTO one_parent VALUES (1, 'x'); INSERT INTO cache (x) VALUES (1), (2); INSERT INTO rooms VALUES ('[2026-01-01,2026-01-02)', 1)
"#;

/// What works in a sound tenant.
const WORKS: &str = r#"
    INSERT INTO tasks (title) VALUES ('works'); INSERT INTO right_one (left_id) VALUES (NULL); INSERT INTO cache (x) VALUES (1);
    INSERT INTO log (at, region) VALUES ('2025-05-05', 'eu'), ('2026-05-05', 'eu'), ('2026-05-05', 'xy');
    UPDATE tasks SET title = 'worked' WHERE title = 'works'; INSERT INTO title VALUES ('works'); INSERT INTO grandchild DEFAULT VALUES;
    REFRESH MATERIALIZED VIEW counts; SELECT FROM "Over.Over", tree, joined, grouped, called, over_counts, more, log_refs;
    SELECT of_task(t), label(state), is_open(t.state), is_open('x', 1), pathed(), sums(1, 2) FROM tasks t; CALL shout('x')
"#;

/// A tenant with rows, to which `damage` was done.
async fn hurt(database: &TestDatabase, tenants: &Tenants, who: &str, damage: &str) {
    create(tenants, &[who]).await;
    let sql = format!(
        "SET session_replication_role = replica; SET search_path TO {who}, ext; {FILL}; {damage}"
    );
    let done = database.client().await.batch_execute(&sql).await;
    done.unwrap_or_else(|error| panic!("{damage}: {:?}", error.as_db_error()));
}

/// Damages a tenant, repairs it, and says what is wrong with what came of it.
async fn mended(
    database: &TestDatabase,
    tenants: &Tenants,
    who: &str,
    damage: &str,
) -> Option<String> {
    create(tenants, &[who]).await;
    let sql = format!(
        "SET session_replication_role = replica; SET search_path TO {who}, ext; {FILL}; {damage}; RESET ALL"
    );
    if let Err(error) = database.client().await.batch_execute(&sql).await {
        let error = error.as_db_error().map(ToString::to_string);
        return Some(format!("the test itself: {damage}: {error:?}"));
    }
    let rows = format!("SELECT public.rows_of('{who}')");
    let before = database.value(&rows).await;
    let repaired = tenants.repair(&name(who)).await;
    let lost = lost(database, &before, &rows).await;
    if !lost.is_empty() {
        return Some(format!("{damage}: lost {lost}"));
    }
    let repair = match repaired {
        Ok(repair) => repair,
        Err(error) => return Some(format!("{damage}: {}", crate::fixture::chain(&error))),
    };
    let works = format!("SET search_path TO {who}, ext; {WORKS}; RESET ALL");
    if let Err(error) = database.client().await.batch_execute(&works).await {
        let error = error.as_db_error().map(ToString::to_string);
        return Some(format!("{damage}: works no more: {error:?}"));
    }
    let health = tenants.health().only([name(who)]).await.unwrap();
    if health.as_expected != Some(1) {
        let left = health.problems.iter().map(|it| it.kind.to_string());
        return Some(format!("{damage}: left {:#?}", left.collect::<Vec<_>>()));
    }
    repair
        .mended
        .is_empty()
        .then(|| format!("{damage}: nothing was noticed"))
}

/// What of the rows `before` is no longer among those that `rows` gives now.
async fn lost(database: &TestDatabase, before: &str, rows: &str) -> String {
    let after = database.value(rows).await;
    let lost = format!(
        "SELECT coalesce(string_agg(key || ': ' || value, ' '), '') FROM jsonb_each({}) \
         WHERE NOT value <@ ({}::jsonb -> key)",
        tenant_core::quote_literal(before) + "::jsonb",
        tenant_core::quote_literal(&after),
    );
    database.value(&lost).await
}

/// What is mended wholly.
const MENDED: &[&str] = &[
    "DROP TYPE status CASCADE",
    "DROP DOMAIN code CASCADE",
    "DROP TYPE places CASCADE",
    "DROP DOMAIN checked CASCADE",
    r#"DROP TYPE "Weird.Type ""x""" CASCADE"#,
    "DROP DOMAIN code CASCADE; CREATE DOMAIN code AS text COLLATE \"C\" CHECK (VALUE <> 'x'); DROP DOMAIN code CASCADE",
    "DROP FUNCTION is_open(status) CASCADE",
    "DROP FUNCTION label CASCADE",
    "DROP FUNCTION touch CASCADE",
    "DROP FUNCTION sums, pathed, pathed2, many, all_tasks, of_task CASCADE",
    "DROP PROCEDURE shout; DROP PROCEDURE add_task; DROP FUNCTION pathed; DROP FUNCTION is_open(text, int)",
    "DROP SEQUENCE numbers CASCADE",
    "DROP SEQUENCE tasks_id_seq CASCADE",
    "DELETE FROM log; DROP TABLE tasks CASCADE",
    "DROP TABLE \"acme.x\"; DROP TABLE title CASCADE; DROP TABLE left_one, right_one",
    "DROP TABLE log CASCADE",
    "DROP TABLE one_parent CASCADE; DROP TABLE two_parent CASCADE",
    "DROP TABLE grandchild, cache, empty_one, rooms",
    "DROP TABLE tasks, log, title, left_one, right_one, log_refs, one_parent, two_parent CASCADE",
    "ALTER TABLE log DROP COLUMN line",
    "ALTER TABLE log DROP COLUMN task, DROP COLUMN state",
    "ALTER TABLE one_parent DROP COLUMN shared CASCADE",
    "ALTER TABLE two_parent DROP COLUMN b; ALTER TABLE one_parent DROP COLUMN a; ALTER TABLE log DETACH PARTITION log_25; ALTER TABLE log_26 DETACH PARTITION log_26_rest",
    "ALTER TABLE log ALTER line SET DEFAULT 'z'; ALTER TABLE log_26_eu ALTER line SET DEFAULT 'y', ALTER state DROP DEFAULT",
    "ALTER TABLE log ALTER line SET NOT NULL, ALTER at SET DEFAULT now(); ALTER TABLE one_parent ALTER a DROP NOT NULL; ALTER TABLE child ALTER a DROP NOT NULL, ALTER a DROP DEFAULT",
    "UPDATE two_parent SET shared = 'x'; ALTER TABLE two_parent ALTER shared SET NOT NULL",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_pkey CASCADE",
    "ALTER TABLE log DROP CONSTRAINT log_pkey CASCADE",
    "ALTER TABLE left_one DROP CONSTRAINT left_one_pkey CASCADE",
    "ALTER TABLE right_one DROP CONSTRAINT right_one_pkey CASCADE; ALTER TABLE log DROP CONSTRAINT log_task_fkey",
    "ALTER TABLE right_one ALTER id SET INCREMENT 4 SET NO CYCLE SET MAXVALUE 999",
    "ALTER TABLE right_one ALTER id DROP IDENTITY",
    "ALTER TABLE right_one ALTER id SET GENERATED ALWAYS; ALTER TABLE cache ALTER id DROP IDENTITY; ALTER TABLE cache SET LOGGED; ALTER SEQUENCE numbers INCREMENT -3 NO CYCLE",
    "ALTER SEQUENCE tasks_id_seq OWNED BY NONE",
    "ALTER TABLE tasks DROP COLUMN label CASCADE",
    "DELETE FROM tasks WHERE id = 2; DELETE FROM log WHERE task = 2; ALTER TABLE tasks DROP COLUMN title CASCADE",
    "ALTER TABLE tasks DROP COLUMN state CASCADE",
    "DELETE FROM log; ALTER TABLE tasks DROP COLUMN id CASCADE",
    "ALTER TABLE tasks DROP COLUMN email CASCADE, DROP COLUMN homes CASCADE",
    "ALTER TABLE \"acme.x\" DROP COLUMN \"tasks.title\", DROP COLUMN \"say \"\"hi\"\". \"; ALTER TABLE tasks ALTER kinds DROP DEFAULT, ALTER states DROP DEFAULT, ALTER home DROP DEFAULT, ALTER fn DROP DEFAULT",
    "ALTER TABLE tasks ALTER seq SET DEFAULT 'tasks'::regclass, ALTER ty SET DEFAULT 'int'::regtype, ALTER cost DROP DEFAULT",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check, DROP CONSTRAINT tasks_c_check, DROP CONSTRAINT tasks_email_check",
    "ALTER TABLE tasks DROP CONSTRAINT whole, DROP CONSTRAINT called, DROP CONSTRAINT tasks_parent_fkey; ALTER TABLE log_26 DROP CONSTRAINT short",
    "DROP VIEW tasks_view CASCADE",
    "DROP VIEW over_view CASCADE",
    "DROP VIEW tree, joined, grouped, called, called_all, over_counts",
    "DROP MATERIALIZED VIEW counts CASCADE",
    "DROP MATERIALIZED VIEW more",
    "DROP VIEW people_view CASCADE",
    "DROP TRIGGER \"odd.trigger\" ON tasks; DROP TRIGGER trans ON tasks; DROP TRIGGER cons ON tasks; DROP TRIGGER instead ON tasks_view; DROP TRIGGER log_touch ON log; DROP RULE quiet ON \"acme.x\"; DROP RULE noted ON over_view",
    "ALTER TABLE tasks ENABLE TRIGGER trans; ALTER TABLE tasks ENABLE TRIGGER cons",
    "ALTER TABLE \"acme.x\" DISABLE RULE quiet; ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY; DROP POLICY \"own.tasks\" ON tasks; DROP POLICY everybody ON tasks; DROP STATISTICS \"s.t\", lowered",
    "ALTER POLICY \"own.tasks\" ON tasks USING (true); DROP INDEX \"odd. index\", nn, tasks_lower_label_idx, counts_state_idx, local_one, log_line_state_idx",
    "DROP INDEX nn; CREATE INDEX nn ON tasks (number); DROP INDEX log_line_state_idx; CREATE INDEX log_line_state_idx ON ONLY log (line, state) WHERE state IN ('open', 'done')",
    "COMMENT ON TABLE tasks IS NULL; COMMENT ON COLUMN tasks.title IS NULL; COMMENT ON TYPE status IS NULL; COMMENT ON DOMAIN amount IS 'x'; \
     COMMENT ON FUNCTION is_open(status) IS NULL; COMMENT ON VIEW joined IS NULL; COMMENT ON CONSTRAINT whole ON tasks IS NULL; \
     COMMENT ON PROCEDURE shout(text) IS NULL; COMMENT ON AGGREGATE count_states(status) IS NULL; COMMENT ON STATISTICS \"s.t\" IS NULL",
    "COMMENT ON TRIGGER trans ON tasks IS NULL; COMMENT ON POLICY everybody ON tasks IS NULL; COMMENT ON SEQUENCE numbers IS NULL; \
     COMMENT ON MATERIALIZED VIEW counts IS NULL; COMMENT ON INDEX nn IS NULL; COMMENT ON RULE quiet ON \"acme.x\" IS NULL",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state FROM many(2) f; ALTER VIEW over_view RESET (security_barrier)",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state, 1 AS more FROM many(1) f",
    "ALTER VIEW called RENAME COLUMN title TO other; ALTER FUNCTION pathed RESET search_path; ALTER FUNCTION label VOLATILE",
    "CREATE OR REPLACE FUNCTION label(s status, sep text DEFAULT 'b') RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$; CREATE OR REPLACE FUNCTION many(a int, b int DEFAULT 3) RETURNS TABLE (title text, state status) LANGUAGE sql AS $$SELECT 'x', 'open'::status$$",
    "DROP FUNCTION pathed; CREATE FUNCTION pathed() RETURNS int LANGUAGE sql AS $$SELECT 1$$; DROP MATERIALIZED VIEW more; CREATE MATERIALIZED VIEW more AS SELECT label('open') AS l",
    "DROP AGGREGATE count_states(status) CASCADE",
    "ALTER TABLE tasks ALTER number DROP DEFAULT, ALTER number SET NOT NULL, ALTER number ADD GENERATED ALWAYS AS IDENTITY; ALTER TABLE right_one ALTER id DROP IDENTITY, ALTER id SET DEFAULT 4; ALTER TABLE \"acme.x\" ALTER other SET DEFAULT 4; REVOKE ALL ON FUNCTION count_states(status), is_open(status) FROM PUBLIC; REVOKE ALL ON PROCEDURE shout(text) FROM PUBLIC; \
     REVOKE USAGE ON TYPE status, place FROM PUBLIC; REVOKE USAGE ON DOMAIN amount FROM PUBLIC",
    "CREATE OR REPLACE AGGREGATE count_states(status) (SFUNC = add_one, STYPE = int, INITCOND = '5')",
];

/// What cannot be mended: rows stand against it, or something else does.
const REFUSED: &[&str] = &[
    "DROP TABLE tasks CASCADE",
    "INSERT INTO log_refs VALUES ('2026-01-01', 'eu'); DROP TABLE log CASCADE",
    "ALTER TABLE tasks DROP COLUMN title CASCADE",
    "ALTER TABLE left_one DROP CONSTRAINT left_one_pkey CASCADE, ADD CONSTRAINT left_one_pkey UNIQUE (id); \
     ALTER TABLE right_one ADD CONSTRAINT more FOREIGN KEY (left_id) REFERENCES left_one (id)",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state, 1 AS more FROM many(1) f; CREATE VIEW own AS SELECT * FROM called",
    "DROP FUNCTION of_task; CREATE FUNCTION of_task(other tasks) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
    "DROP DOMAIN amount CASCADE",
    "ALTER TYPE place DROP ATTRIBUTE street CASCADE",
    "DROP TYPE place CASCADE",
    "UPDATE tasks SET title = NULL WHERE false; ALTER TABLE tasks ALTER title DROP NOT NULL; UPDATE tasks SET title = NULL",
    "ALTER TABLE cache ALTER id DROP IDENTITY, ALTER id DROP NOT NULL; UPDATE cache SET id = NULL",
];

/// What is left to people, and told.
const LEFT: &[&str] = &[
    "ALTER TABLE \"acme.x\" ALTER \"tasks.title\" TYPE varchar(5), ADD legacy text DEFAULT 'kept'",
    "ALTER TABLE cache ALTER x TYPE text",
    "ALTER TABLE log ADD legacy text DEFAULT 'kept'; ALTER TABLE one_parent ADD legacy text DEFAULT 'kept'",
    "ALTER TABLE tasks ALTER label DROP EXPRESSION; UPDATE tasks SET label = 'by hand'",
    "ALTER DOMAIN small_amount DROP NOT NULL",
    "ALTER DOMAIN amount DROP DEFAULT",
    "ALTER DOMAIN amount DROP CONSTRAINT positive",
    "ALTER TYPE status ADD VALUE 'more'",
    "DROP TYPE span CASCADE",
    "DROP FUNCTION \"value\" CASCADE",
    "ALTER TABLE child NO INHERIT two_parent",
    "CREATE TABLE extra (x int); INSERT INTO extra VALUES (1)",
    "ALTER TABLE log_26 DROP CONSTRAINT short, ADD CONSTRAINT short CHECK (length(line) < 98)",
    "ALTER POLICY \"own.tasks\" ON tasks TO PUBLIC; ALTER POLICY everybody ON tasks USING (false)",
    "DROP INDEX log_line_state_idx; CREATE INDEX log_line_state_idx ON log (line)",
    "DROP INDEX \"odd. index\"; CREATE UNIQUE INDEX \"odd. index\" ON tasks (number)",
    "CREATE INDEX by_hand ON more (l); DROP VIEW IF EXISTS nothing; CREATE FUNCTION own() RETURNS int LANGUAGE sql AS $$SELECT 1$$",
    "DROP MATERIALIZED VIEW more; CREATE MATERIALIZED VIEW more AS SELECT 'x' AS l; CREATE INDEX by_hand ON more (l)",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state, 1 AS more FROM many(1) f; \
     CREATE TRIGGER own INSTEAD OF INSERT ON called FOR EACH ROW EXECUTE FUNCTION touch()",
    "DROP DOMAIN code CASCADE; CREATE DOMAIN code AS text CHECK (VALUE ~ '^[a-z\\\\.]+$' AND VALUE <> 'acme.x'); \
     ALTER TABLE tasks ADD code code",
];

#[tokio::test]
async fn what_was_dropped_with_all_that_stood_on_it_comes_back() {
    let database = TestDatabase::new().await;
    let tenants = ugly_tenants(&database).await;
    database.execute(ROWS).await;
    let all = MENDED.iter().enumerate().map(async |(number, damage)| {
        mended(&database, &tenants, &format!("hurt_{number}"), damage).await
    });
    let all = futures_util::stream::iter(all).buffer_unordered(4);
    let wrong = all.collect::<Vec<_>>().await;
    let wrong = wrong.into_iter().flatten().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        MENDED.len(),
        wrong.join("\n\n")
    );
}

/// What the check says of a tenant.
async fn said(tenants: &Tenants, who: &str) -> Vec<String> {
    let health = tenants.health().only([name(who)]).await.unwrap();
    let words = health.problems.iter().map(|it| it.kind.to_string());
    words.collect()
}

#[tokio::test]
async fn what_cannot_be_repaired_is_left_with_why_and_loses_no_row() {
    let database = TestDatabase::new().await;
    let tenants = ugly_tenants(&database).await;
    database.execute(ROWS).await;
    for (number, damage) in REFUSED.iter().enumerate() {
        let who = format!("hurt_{number}");
        hurt(&database, &tenants, &who, damage).await;
        let rows = format!("SELECT public.rows_of('{who}')");
        let before = database.value(&rows).await;
        let repair = tenants.repair(&name(&who)).await;
        let repair = repair.unwrap_or_else(|error| panic!("{damage}: {error:?}"));
        assert!(
            repair.left.iter().any(|it| it.why.is_some()),
            "{damage}: {repair:#?}"
        );
        let mut left = repair
            .left
            .iter()
            .map(|it| it.difference.to_string())
            .collect::<Vec<_>>();
        let mut after = said(&tenants, &who).await;
        left.sort_unstable();
        after.sort_unstable();
        assert_eq!(left, after, "{damage}");
        let lost = lost(&database, &before, &rows).await;
        assert!(lost.is_empty(), "{damage}: lost {lost}");
    }
}

#[tokio::test]
async fn what_somebody_may_want_to_keep_is_left_and_told() {
    let database = TestDatabase::new().await;
    let tenants = ugly_tenants(&database).await;
    database.execute(ROWS).await;
    for (number, damage) in LEFT.iter().enumerate() {
        let who = format!("hurt_{number}");
        hurt(&database, &tenants, &who, damage).await;
        let rows = format!("SELECT public.rows_of('{who}')");
        let before = (said(&tenants, &who).await, database.value(&rows).await);
        assert!(!before.0.is_empty(), "{damage}: nothing is noticed");
        let repaired = tenants.repair(&name(&who)).await;
        let repair = repaired.unwrap_or_else(|error| panic!("{damage}: {error:?}"));
        assert!(!repair.left.is_empty(), "{damage}: {repair:#?}");
        let after = (said(&tenants, &who).await, database.value(&rows).await);
        assert_eq!(before.1, after.1, "{damage}");
        assert_eq!(repair.left.len(), after.0.len(), "{damage}: {after:#?}");
    }
}

#[tokio::test]
async fn sequences_go_on_behind_all_columns_that_they_fill_up_or_down() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE SEQUENCE down INCREMENT -1; CREATE SEQUENCE far START 1000; CREATE SEQUENCE \"it's. up\"; \
         CREATE TABLE one (d int DEFAULT nextval('down'), u int DEFAULT nextval('\"it''s. up\"'), f int DEFAULT nextval('far')); \
         CREATE TABLE other (u bigint DEFAULT nextval('\"it''s. up\"'), s serial, t text DEFAULT 'x' || nextval('far')); \
         ALTER SEQUENCE far OWNED BY other.t; \
         CREATE TABLE ident (i int GENERATED ALWAYS AS IDENTITY (INCREMENT -1))",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; INSERT INTO one VALUES (-5, 3, 7), (-7, 2, 6); INSERT INTO other VALUES (9, -4, 'odd'); \
             INSERT INTO ident OVERRIDING SYSTEM VALUE VALUES (-8); \
             DROP SEQUENCE down, far, \"it's. up\", other_s_seq CASCADE; ALTER TABLE ident ALTER i DROP IDENTITY",
        )
        .await;
    tenants.repair(&name("acme")).await.unwrap();
    let next = "INSERT INTO acme.one DEFAULT VALUES; INSERT INTO acme.other DEFAULT VALUES; INSERT INTO acme.ident DEFAULT VALUES; \
                SELECT d || ' ' || u || ' ' || f FROM acme.one WHERE d = (SELECT min(d) FROM acme.one) \
                UNION ALL SELECT u || ' ' || s FROM acme.other WHERE t <> 'odd' \
                UNION ALL SELECT min(i)::text FROM acme.ident";
    assert_eq!(database.column(next).await, ["-8 10 1000", "11 1", "-9"]);
}

#[tokio::test]
async fn a_generated_column_is_made_anew_with_what_hangs_on_it() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED UNIQUE CHECK (b > 0)); \
         CREATE INDEX t_b_idx ON t (b) WHERE b > 5; COMMENT ON COLUMN t.b IS 'twice'",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "beta"]).await;
    let damage = "INSERT INTO t VALUES (3); ALTER TABLE t DROP COLUMN b; \
                  ALTER TABLE t ADD b int GENERATED ALWAYS AS (a * 3) STORED UNIQUE CHECK (b > 0); \
                  CREATE INDEX t_b_idx ON t (b) WHERE b > 5; GRANT SELECT (b) ON t TO pg_monitor";
    database
        .execute(&format!(
            "SET search_path TO acme; {damage}; SET search_path TO beta; {damage}; CREATE INDEX own ON t (a, b)"
        ))
        .await;
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
    let may = "SELECT b || ' ' || has_column_privilege('pg_monitor', 'acme.t', 'b', 'SELECT') FROM acme.t";
    assert_eq!(database.value(may).await, "6 true");

    let repair = tenants.repair(&name("beta")).await.unwrap();
    assert_eq!(repair.left.len(), 2, "{repair:?}");
    let kept = "SELECT b || ' ' || to_regclass('beta.own')::text FROM beta.t";
    assert_eq!(database.value(kept).await, "9 beta.own");
}

#[tokio::test]
async fn tenants_called_like_what_they_lack_are_mended() {
    let database = TestDatabase::new().await;
    let tenants = ugly_tenants(&database).await;
    database.execute(ROWS).await;
    let damage = "DROP TABLE log, title, left_one, right_one, log_refs, one_parent, two_parent CASCADE; \
                  DROP FUNCTION label, touch CASCADE; DROP SEQUENCE tasks_id_seq, numbers CASCADE; \
                  DROP VIEW over_view CASCADE; DROP INDEX nn; COMMENT ON TABLE tasks IS NULL; \
                  DROP POLICY everybody ON tasks; DROP FUNCTION pathed";
    let mut wrong = Vec::new();
    for who in [
        "acme",
        "tasks",
        "title",
        "status",
        "titles",
        "old",
        "value",
        "log",
        "label",
        "tasks_id_seq",
    ] {
        wrong.extend(mended(&database, &tenants, who, damage).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
