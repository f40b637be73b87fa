//! Damage to what is hard to mend: nothing is lost, and what is mended works.

use tenant_core::Tenants;
use test_support::TestDatabase;

use crate::drift_ugly::ugly_tenants;
use crate::fixture::{create, name};

/// All rows of all tables of a schema.
const ROWS: &str = "
    CREATE FUNCTION public.rows_of(s text) RETURNS jsonb LANGUAGE plpgsql AS $$
    DECLARE t text; some jsonb; result jsonb := '{}';
    BEGIN
        FOR t IN SELECT relname FROM pg_class WHERE relnamespace = s::regnamespace AND relkind = 'r' LOOP
            EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(x)), ''[]'') FROM ONLY %I.%I x', s, t) INTO some;
            result := result || jsonb_build_object(t, some);
        END LOOP;
        RETURN result;
    END$$";

/// Rows in most tables.
const FILL: &str = r#"
    INSERT INTO tasks (title, number, email, kind) VALUES ('one', -20, 'a', 'bug'), ('two', -25, 'b', NULL);
    INSERT INTO "acme.x" VALUES (1, 'x', 'y', 40); INSERT INTO title VALUES ('t', 1);
    INSERT INTO left_one VALUES (1, NULL); INSERT INTO right_one (left_id) VALUES (1), (NULL);
    INSERT INTO log VALUES ('2025-01-01', 'eu', 'l', 1), ('2026-01-01', 'eu', 'l', 2), ('2026-01-01', 'us', 'l', 2);
    INSERT INTO log_refs VALUES ('2026-01-01', 'eu'); INSERT INTO child (own) VALUES (1); INSERT INTO grandchild (own) VALUES (2);
    INSERT INTO one_parent VALUES (1, 'x'); INSERT INTO cache (x) VALUES (1), (2); INSERT INTO rooms VALUES ('[2026-01-01,2026-01-02)', 1)
"#;

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
        return Some(format!("the test itself: {damage}: {error:?}"));
    }
    let rows = format!("SELECT public.rows_of('{who}')");
    let before = database.value(&rows).await;
    let repaired = tenants.repair(&name(who)).await;
    let after = database.value(&rows).await;
    let kept = format!(
        "SELECT coalesce(string_agg(key || ': ' || value, ' '), '') FROM jsonb_each({}) \
         WHERE NOT value <@ ({}::jsonb -> key)",
        tenant_core::quote_literal(&before) + "::jsonb",
        tenant_core::quote_literal(&after),
    );
    let lost = database.value(&kept).await;
    if !lost.is_empty() {
        return Some(format!("{damage}: lost {lost}"));
    }
    let repair = match repaired {
        Ok(repair) => repair,
        Err(error) => return Some(format!("{damage}: {}", crate::fixture::chain(&error))),
    };
    let health = tenants.health(&[name(who)]).await.unwrap();
    if health.as_expected != Some(1) {
        let left = health.problems.iter().map(|it| it.kind.to_string());
        return Some(format!("{damage}: left {:#?}", left.collect::<Vec<_>>()));
    }
    repair
        .mended
        .is_empty()
        .then(|| format!("{damage}: nothing was noticed"))
}

/// What is mended wholly.
const MENDED: &[&str] = &[
    "DROP TYPE status CASCADE",
    "DROP TYPE place CASCADE",
    "DROP DOMAIN amount CASCADE",
    "DROP DOMAIN code CASCADE",
    "DROP TYPE places CASCADE",
    "DROP DOMAIN checked CASCADE",
    r#"DROP TYPE "Weird.Type ""x""" CASCADE"#,
    "DROP FUNCTION is_open(status) CASCADE",
    "DROP FUNCTION label CASCADE",
    "DROP FUNCTION touch CASCADE",
    "DROP FUNCTION \"value\" CASCADE",
    "DROP FUNCTION sums, pathed, pathed2, many, all_tasks, of_task CASCADE",
    "DROP PROCEDURE shout",
    "DROP PROCEDURE add_task",
    "DROP FUNCTION pathed; DROP FUNCTION is_open(text, int)",
    "DROP SEQUENCE numbers CASCADE",
    "DROP SEQUENCE tasks_id_seq CASCADE",
    "DROP TABLE tasks CASCADE",
    "DROP TABLE \"acme.x\"",
    "DROP TABLE title CASCADE",
    "DROP TABLE left_one, right_one",
    "DROP TABLE log CASCADE",
    "DROP TABLE log_26",
    "DROP TABLE log_26_rest, log_25",
    "DROP TABLE one_parent CASCADE",
    "DROP TABLE one_parent, two_parent CASCADE",
    "DROP TABLE grandchild, cache, empty_one, rooms",
    "DROP TABLE tasks, log, title, left_one, right_one, log_refs, one_parent, two_parent CASCADE",
    "ALTER TABLE log DROP COLUMN line",
    "ALTER TABLE log DROP COLUMN task",
    "ALTER TABLE one_parent DROP COLUMN shared CASCADE",
    "ALTER TABLE log DETACH PARTITION log_25",
    "ALTER TABLE log_26 DETACH PARTITION log_26_eu",
    "ALTER TABLE log ALTER line SET DEFAULT 'z'",
    "ALTER TABLE log ALTER at DROP DEFAULT, ALTER line SET NOT NULL",
    "ALTER TABLE one_parent ALTER a DROP NOT NULL; ALTER TABLE child ALTER a DROP NOT NULL, ALTER a DROP DEFAULT",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_pkey CASCADE",
    "ALTER TABLE log DROP CONSTRAINT log_pkey CASCADE",
    "ALTER TABLE left_one DROP CONSTRAINT left_one_pkey CASCADE",
    "ALTER TABLE right_one DROP CONSTRAINT right_one_pkey CASCADE",
    "ALTER TABLE left_one DROP CONSTRAINT cycle; ALTER TABLE log DROP CONSTRAINT log_task_fkey",
    "ALTER TABLE right_one ALTER id SET INCREMENT 4 SET NO CYCLE SET MAXVALUE 99",
    "ALTER TABLE right_one ALTER id DROP IDENTITY",
    "ALTER TABLE right_one ALTER id SET GENERATED ALWAYS",
    "ALTER TABLE cache ALTER id DROP IDENTITY; ALTER TABLE cache SET LOGGED",
    "ALTER SEQUENCE numbers INCREMENT 3 NO CYCLE",
    "ALTER SEQUENCE tasks_id_seq OWNED BY NONE",
    "ALTER TABLE tasks DROP COLUMN label",
    "ALTER TABLE tasks DROP COLUMN title CASCADE",
    "ALTER TABLE tasks DROP COLUMN state CASCADE",
    "ALTER TABLE tasks DROP COLUMN id CASCADE",
    "ALTER TABLE tasks DROP COLUMN email",
    "ALTER TABLE \"acme.x\" DROP COLUMN \"tasks.title\"",
    "ALTER TABLE tasks ALTER kinds DROP DEFAULT, ALTER states DROP DEFAULT, ALTER home DROP DEFAULT, ALTER fn DROP DEFAULT",
    "ALTER TABLE tasks ALTER seq SET DEFAULT 'tasks'::regclass, ALTER ty SET DEFAULT 'int'::regtype, ALTER cost DROP DEFAULT",
    "ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check, DROP CONSTRAINT tasks_c_check, DROP CONSTRAINT tasks_email_check",
    "ALTER TABLE tasks DROP CONSTRAINT whole, DROP CONSTRAINT called, DROP CONSTRAINT tasks_parent_fkey",
    "DROP VIEW tasks_view CASCADE",
    "DROP VIEW over_view CASCADE",
    "DROP VIEW tree, joined, grouped, called, called_all, over_counts",
    "DROP MATERIALIZED VIEW counts CASCADE",
    "DROP MATERIALIZED VIEW more",
    "DROP VIEW people_view CASCADE",
    "DROP TRIGGER \"odd.trigger\" ON tasks; DROP TRIGGER trans ON tasks; DROP TRIGGER cons ON tasks",
    "DROP TRIGGER instead ON tasks_view; DROP TRIGGER log_touch ON log; DROP RULE quiet ON \"acme.x\"; DROP RULE noted ON over_view",
    "ALTER TABLE tasks ENABLE TRIGGER trans; ALTER TABLE tasks ENABLE TRIGGER cons",
    "ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY",
    "DROP POLICY \"own.tasks\" ON tasks; DROP POLICY everybody ON tasks",
    "DROP STATISTICS \"s.t\", lowered",
    "ALTER POLICY \"own.tasks\" ON tasks TO PUBLIC",
    "ALTER POLICY everybody ON tasks USING (false)",
    "DROP INDEX \"odd. index\", nn, tasks_lower_label_idx, counts_state_idx, local_one, log_line_state_idx",
    "DROP INDEX log_line_state_idx; CREATE INDEX log_line_state_idx ON log (line)",
    "DROP INDEX nn; CREATE INDEX nn ON tasks (number)",
    "DROP INDEX log_line_state_idx; CREATE INDEX log_line_state_idx ON ONLY log (line, state) WHERE state IN ('open', 'done')",
    "COMMENT ON TABLE tasks IS NULL; COMMENT ON COLUMN tasks.title IS NULL; COMMENT ON TYPE status IS NULL; COMMENT ON DOMAIN amount IS 'x'",
    "COMMENT ON FUNCTION is_open(status) IS NULL; COMMENT ON VIEW joined IS NULL; COMMENT ON CONSTRAINT whole ON tasks IS NULL; COMMENT ON INDEX nn IS NULL",
    "COMMENT ON PROCEDURE shout(text) IS NULL; COMMENT ON AGGREGATE count_states(status) IS NULL; COMMENT ON RULE quiet ON \"acme.x\" IS NULL; COMMENT ON STATISTICS \"s.t\" IS NULL",
    "COMMENT ON TRIGGER trans ON tasks IS NULL; COMMENT ON POLICY everybody ON tasks IS NULL; COMMENT ON SEQUENCE numbers IS NULL; COMMENT ON MATERIALIZED VIEW counts IS NULL",
    "COMMENT ON COLUMN joined.x IS NULL",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state FROM many(2) f",
    "ALTER VIEW over_view RESET (security_barrier)",
    "CREATE OR REPLACE VIEW called AS SELECT f.title, f.state, 1 AS more FROM many(1) f",
    "ALTER VIEW called RENAME COLUMN title TO other",
    "ALTER FUNCTION pathed RESET search_path",
    "ALTER FUNCTION label VOLATILE",
    "CREATE OR REPLACE FUNCTION label(s status, sep text DEFAULT 'b') RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'x'$$",
    "CREATE OR REPLACE FUNCTION many(a int, b int DEFAULT 3) RETURNS TABLE (title text, state status) LANGUAGE sql AS $$SELECT 'x', 'open'::status$$",
    "DROP FUNCTION pathed; CREATE FUNCTION pathed() RETURNS int LANGUAGE sql AS $$SELECT 1$$",
    "DROP FUNCTION of_task; CREATE FUNCTION of_task(other tasks) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
    "DROP MATERIALIZED VIEW more; CREATE MATERIALIZED VIEW more AS SELECT label('open') AS l",
    "ALTER TABLE tasks DROP COLUMN label; ALTER TABLE tasks ADD label text GENERATED ALWAYS AS ('x') STORED; COMMENT ON COLUMN tasks.label IS 'l'; CREATE VIEW pg_temp.v AS SELECT 1",
    "ALTER VIEW called ALTER title SET DEFAULT 'x'",
    "ALTER TABLE \"acme.x\" DISABLE RULE quiet",
    "ALTER DOMAIN small_amount DROP NOT NULL",
    "ALTER DOMAIN amount DROP DEFAULT",
    "ALTER DOMAIN amount DROP CONSTRAINT positive",
    "DROP TABLE child CASCADE; DROP FUNCTION touch CASCADE; DROP VIEW tasks_view CASCADE; ALTER TABLE tasks DROP COLUMN number",
    "DROP AGGREGATE count_states(status) CASCADE",
    "DROP TYPE span CASCADE",
    "ALTER TABLE child NO INHERIT two_parent",
    "DROP DOMAIN code CASCADE; CREATE DOMAIN code AS text CHECK (VALUE ~ '^[a-z\\\\.]+$' AND VALUE <> 'acme.x'); ALTER TABLE tasks ADD code code",
];

#[tokio::test]
async fn what_was_dropped_with_all_that_stood_on_it_comes_back() {
    let database = TestDatabase::new().await;
    let tenants = ugly_tenants(&database).await;
    database.execute(ROWS).await;
    let mut wrong = Vec::new();
    for (number, damage) in MENDED.iter().enumerate() {
        wrong.extend(mended(&database, &tenants, &format!("hurt_{number}"), damage).await);
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        MENDED.len(),
        wrong.join("\n\n")
    );
}
