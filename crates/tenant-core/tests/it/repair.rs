//! Damage done by hand, and put right.

use tenant_core::{Error, Mending};
use test_support::TestDatabase;

use crate::drift::{DAMAGE, everything, found};
use crate::fixture::{create, name, tenants, two_steps};

#[tokio::test]
async fn what_can_be_mended_is_mended_and_nothing_else_is_touched() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    for (number, (damage, _, mending)) in DAMAGE.iter().enumerate() {
        let hurt = format!("hurt_{number}");
        create(&tenants, &[&hurt]).await;
        let rows = "INSERT INTO people (email) VALUES ('a@b'), ('c@d'); \
                    INSERT INTO tasks (owner, title, kind) VALUES (1, 'one', 'bug'), (2, 'two', 'wish')";
        let damage = format!("SET search_path TO {hurt}; {rows}; {damage}; RESET search_path");
        database.execute(&damage).await;
        let before = tenants.health().only([name(&hurt)]).await.unwrap();
        let tried = tenants.try_repair(&name(&hurt)).await.unwrap();
        let unchanged = tenants.health().only([name(&hurt)]).await.unwrap();
        assert_eq!(before.problems.len(), unchanged.problems.len(), "{damage}");

        let repair = tenants.repair(&name(&hurt)).await;
        let repair = repair.unwrap_or_else(|error| panic!("{damage}: {error:?}"));
        assert_eq!(repair.statements, tried.statements, "{damage}");
        let after = tenants.health().only([name(&hurt)]).await.unwrap();
        assert_eq!(
            after.problems.len(),
            repair.left.len(),
            "{damage}: {after:?}"
        );
        if *mending == Mending::Adds {
            assert_eq!(after.as_expected, Some(1), "{damage}: {after:?}");
        } else {
            assert!(!repair.left.is_empty(), "{damage}");
        }
        let kept = format!("SELECT count(*)::text FROM {hurt}.tasks");
        assert_eq!(database.value(&kept).await, "2", "{damage}");
    }
}

#[tokio::test]
async fn a_table_that_is_gone_comes_back_empty_with_all_that_hung_on_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("DROP TABLE acme.tasks CASCADE; DROP TABLE acme.log CASCADE")
        .await;
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(found(&tenants).await, []);
    let works = "SET search_path TO acme; INSERT INTO people (email) VALUES ('a@b'); \
                 INSERT INTO tasks (owner, kind) VALUES (1, 'bug'); \
                 INSERT INTO log VALUES ('2026-05-05', 'in the partition'); RESET search_path";
    database.execute(works).await;
    let open = "SELECT string_agg(title, ',') FROM acme.open_tasks";
    assert_eq!(database.value(open).await, "a task");
}

#[tokio::test]
async fn a_sequence_that_is_made_anew_goes_on_behind_the_rows() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; INSERT INTO people (email) VALUES ('a'), ('b'), ('c'); \
             INSERT INTO tasks (owner) VALUES (1), (2), (3); DROP SEQUENCE tasks_id_seq CASCADE; \
             ALTER TABLE people ALTER id DROP IDENTITY; RESET search_path",
        )
        .await;
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(found(&tenants).await, []);
    database
        .execute("INSERT INTO acme.people (email) VALUES ('d'); INSERT INTO acme.tasks (owner) VALUES (4)")
        .await;
    let newest = "SELECT max(p.id) || ' ' || max(t.id) FROM acme.people p, acme.tasks t";
    assert_eq!(database.value(newest).await, "4 4");
}

#[tokio::test]
async fn labels_that_an_enum_lacks_are_added_where_they_belong() {
    let database = TestDatabase::new().await;
    let short = crate::fixture::Stream::new()
        .with("CREATE TYPE level AS ENUM ('b', 'd'); CREATE TABLE t (level level)");
    let tenants_before = tenants(&database, &short).await;
    create(&tenants_before, &["acme"]).await;
    let long = crate::fixture::Stream::new().with(
        "CREATE TYPE level AS ENUM ('a', 'b', 'c, \"c\"', 'd', 'e'); CREATE TABLE t (level level)",
    );
    let tenants = tenants(&database, &long).await;
    tenants.repair(&name("acme")).await.unwrap();
    let labels = "SELECT string_agg(enumlabel, '|' ORDER BY enumsortorder) FROM pg_enum \
                  WHERE enumtypid = 'acme.level'::regtype";
    assert_eq!(database.value(labels).await, "a|b|c, \"c\"|d|e");
}

#[tokio::test]
async fn what_rows_stand_against_is_left_with_why_and_the_rest_is_repaired() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; DROP INDEX tasks_due_idx; \
             ALTER TABLE people DROP CONSTRAINT people_email_key; \
             INSERT INTO people (email) VALUES ('twice'), ('twice'); RESET search_path",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    let [left] = repair.left.as_slice() else {
        panic!("{repair:?}")
    };
    let why = left.why.as_ref().unwrap();
    assert_eq!(why.sqlstate(), Some("23505"), "{why}");
    assert!(
        why.to_string()
            .contains("ADD CONSTRAINT \"people_email_key\" UNIQUE (email)"),
        "{why}"
    );
    let said = "constraint `people_email_key` of `people` is missing".to_owned();
    assert_eq!(found(&tenants).await, [("acme".to_owned(), said)]);
}

/// Damage that cannot be repaired, which code says so, and what else of it is repaired.
const LEFT_WITH_WHY: &[(&str, &str, &str)] = &[
    (
        "CREATE OR REPLACE VIEW open_tasks AS SELECT id, title, owner, kind FROM tasks; \
         CREATE VIEW own AS SELECT kind FROM open_tasks",
        "2BP01",
        "view `open_tasks` ",
    ),
    (
        "DROP FUNCTION is_open CASCADE; CREATE FUNCTION is_open(other status) RETURNS boolean LANGUAGE sql IMMUTABLE \
         AS 'SELECT true'",
        "42P13",
        "function `is_open(s status)` is missing",
    ),
    (
        "ALTER TABLE people DROP CONSTRAINT people_pkey CASCADE, ADD CONSTRAINT people_pkey UNIQUE (id); \
         ALTER TABLE tasks ADD CONSTRAINT own FOREIGN KEY (owner) REFERENCES people (id)",
        "2BP01",
        "constraint `people_pkey` of `people` ",
    ),
    (
        "ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check; INSERT INTO tasks (kind) VALUES ('idea')",
        "23514",
        "constraint `tasks_kind_check` of `tasks` is missing",
    ),
];

#[tokio::test]
async fn each_difference_that_cannot_be_repaired_says_why_and_holds_up_no_other() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &everything()).await;
    for (number, (damage, code, words)) in LEFT_WITH_WHY.iter().enumerate() {
        let who = format!("hurt_{number}");
        create(&tenants, &[&who]).await;
        let damage = format!(
            "SET search_path TO {who}; {damage}; DROP INDEX tasks_lower_idx; COMMENT ON TABLE tasks IS NULL; \
             RESET search_path"
        );
        database.execute(&damage).await;
        let repair = tenants.repair(&name(&who)).await.unwrap();
        let mut left = repair.left.iter().filter(|it| it.why.is_some());
        let one = left.find(|it| it.difference.to_string().starts_with(words));
        let one = one.unwrap_or_else(|| panic!("{damage}: {repair:#?}"));
        let why = one.why.as_ref().unwrap();
        assert_eq!(why.sqlstate(), Some(*code), "{damage}: {why:?}");
        let repaired = repair.mended.iter().map(ToString::to_string);
        let repaired = repaired.collect::<Vec<_>>().join("; ");
        for other in [
            "index `tasks_lower_idx` is missing",
            "table `tasks` has no comment",
        ] {
            assert!(repaired.contains(other), "{damage}: {repaired}");
        }
    }
}

#[tokio::test]
async fn a_trigger_of_a_view_and_a_constraint_that_was_validated_are_compared_too() {
    let database = TestDatabase::new().await;
    let stream = crate::fixture::Stream::new().with(
        "CREATE TABLE t (id int); CREATE VIEW v AS SELECT id FROM t; \
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
         CREATE TRIGGER of_v INSTEAD OF DELETE ON v FOR EACH ROW EXECUTE FUNCTION f(); \
         ALTER TABLE t ADD CONSTRAINT later CHECK (id > 0) NOT VALID, ADD CONSTRAINT now CHECK (id > 1)",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "DROP TRIGGER of_v ON acme.v; ALTER TABLE acme.t VALIDATE CONSTRAINT later, DROP CONSTRAINT now, \
             ADD CONSTRAINT now CHECK (id > 1) NOT VALID",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        [
            "ALTER TABLE \"acme\".\"t\" VALIDATE CONSTRAINT \"now\"",
            "CREATE TRIGGER of_v INSTEAD OF DELETE ON \"acme\".v FOR EACH ROW EXECUTE FUNCTION \"acme\".f()",
        ]
    );
    let left = repair.left.iter().map(|it| it.difference.to_string());
    let words = "constraint `later` of `t` is validated; expected not validated";
    assert_eq!(left.collect::<Vec<_>>(), [words]);
}

#[tokio::test]
async fn a_tenant_that_is_behind_is_mended_to_its_own_version() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    let before = tenants(&database, &stream).await;
    create(&before, &["acme"]).await;
    let newer = stream.with("ALTER TABLE tasks ADD COLUMN more int");
    let newer = crate::fixture::open(&database, &newer, Default::default()).await;
    database
        .execute("ALTER TABLE acme.tasks DROP COLUMN due")
        .await;
    let repair = newer.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        ["ALTER TABLE \"acme\".\"tasks\" ADD COLUMN \"due\" date"]
    );
    let words = found(&newer).await;
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(words[0].1.starts_with("1 pending migration"), "{words:?}");
}

#[tokio::test]
async fn nobody_is_repaired_who_is_not_there() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["gone"]).await;
    database
        .execute("DROP SCHEMA gone CASCADE; CREATE SCHEMA stray")
        .await;
    for (who, error) in [
        ("nobody", "Unknown"),
        ("stray", "Unknown"),
        ("gone", "MissingSchema"),
    ] {
        let refused = tenants.repair(&name(who)).await.unwrap_err();
        assert!(format!("{refused:?}").starts_with(error), "{refused:?}");
    }
    let sound = tenants.create(&name("sound")).await;
    sound.unwrap();
    let repair = tenants.repair(&name("sound")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{repair:?}"
    );
}

#[tokio::test]
async fn a_table_of_another_owner_is_found_and_given_back() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme", "beta", "gamma"]).await;
    let role = database.role("secret").await;
    let role = role.name();
    database
        .execute(&format!(
            "ALTER TABLE acme.tasks OWNER TO {role}; ALTER SCHEMA beta OWNER TO {role}"
        ))
        .await;
    let health = tenants.health().await.unwrap();
    let codes = health.problems.iter();
    let codes = codes.map(|problem| (problem.tenant.as_deref(), problem.kind.code()));
    let codes = codes.collect::<Vec<_>>();
    assert!(codes.contains(&(Some("acme"), "wrong_owner")), "{codes:?}");
    assert!(codes.contains(&(Some("beta"), "wrong_owner")), "{codes:?}");
    assert!(
        !codes.iter().any(|(tenant, _)| *tenant == Some("gamma")),
        "{codes:?}"
    );
    tenants.repair(&name("acme")).await.unwrap();
    let owner = "SELECT (relowner = (SELECT nspowner FROM pg_namespace WHERE nspname = 'acme'))::text \
                 FROM pg_class WHERE oid = 'acme.tasks'::regclass";
    assert_eq!(database.value(owner).await, "true");
}

#[tokio::test]
async fn grants_of_default_privileges_are_no_drift_and_stay_as_they_are() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    let role = database.role("secret").await;
    let role = role.name();
    database
        .execute(&format!(
            "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO {role}"
        ))
        .await;
    create(&tenants, &["beta"]).await;
    assert_eq!(found(&tenants).await, []);
    let health = tenants.health().await.unwrap();
    let told = "grants by default privileges on a table".to_owned();
    assert!(health.varying.contains(&told), "{:?}", health.varying);
    tenants.repair(&name("acme")).await.unwrap();
    let may = format!("SELECT has_table_privilege('{role}', 'acme.tasks', 'INSERT')::text");
    assert_eq!(database.value(&may).await, "false");
    // A grant of the role's own beyond them is one to have.
    database
        .execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        .await;
    assert_eq!(found(&tenants).await, []);
}

#[tokio::test]
async fn a_repair_waits_for_the_tenant_s_lock_no_longer_than_it_may() {
    let database = TestDatabase::new().await;
    let stream = two_steps();
    create(&tenants(&database, &stream).await, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.tasks DROP COLUMN due")
        .await;
    let settings = tenant_core::Settings {
        lock_timeout: std::time::Duration::from_millis(200),
        wait: std::time::Duration::from_millis(200),
        ..Default::default()
    };
    let tenants = crate::fixture::open(&database, &stream, settings).await;
    let reader = database.client().await;
    reader
        .batch_execute("BEGIN; SELECT * FROM acme.tasks")
        .await
        .unwrap();
    let error = tenants.repair(&name("acme")).await.unwrap_err();
    assert_eq!(error.sqlstate(), Some("55P03"), "{error}");
    assert!(matches!(error, Error::Database { .. }), "{error:?}");
    reader.batch_execute("COMMIT").await.unwrap();
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(found(&tenants).await, []);
}
