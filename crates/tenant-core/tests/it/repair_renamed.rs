//! What was renamed by hand is told as that, and no repair makes another one in its
//! place, nor moves what hangs on it.

use tenant_core::{Change, Mending, ProblemKind, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// Something of everything that can be renamed.
fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE state AS ENUM ('open', 'done'); CREATE DOMAIN amount AS int CHECK (VALUE > 0); \
             CREATE SEQUENCE numbers; CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x'; \
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE DEFAULT 'none', nick text, \
                 state state DEFAULT 'open', cost amount, number int DEFAULT nextval('numbers'), \
                 size int GENERATED ALWAYS AS (length(email)) STORED, CHECK (email <> '')); \
             CREATE INDEX users_email_idx ON users (lower(email)) WHERE email LIKE '%@%'; \
             CREATE INDEX users_open_idx ON users (id) WHERE state = 'open'; \
             CREATE TABLE posts (id int PRIMARY KEY, author text REFERENCES users (email), parent int REFERENCES posts, \
                 double int DEFAULT twice(2))",
        )
        .with(
            "CREATE VIEW people AS SELECT email, id FROM users WHERE state = 'open'; \
             CREATE VIEW names AS SELECT email AS e FROM people; \
             CREATE MATERIALIZED VIEW counts AS SELECT email, count(*) AS n FROM users GROUP BY email; \
             CREATE TRIGGER touch BEFORE UPDATE OF email ON users FOR EACH ROW WHEN (new.email <> '') EXECUTE FUNCTION touch(); \
             ALTER TABLE users ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON users USING (email = CURRENT_USER); \
             CREATE STATISTICS both_of ON email, nick FROM users; COMMENT ON COLUMN users.email IS 'where to write'; \
             CREATE RULE quiet AS ON DELETE TO posts DO INSTEAD NOTHING; \
             CREATE TABLE log (at date, line text) PARTITION BY RANGE (at); \
             CREATE TABLE log_26 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
        )
}

/// What is renamed, what is said of it, and what would take it back.
const RENAMED: &[(&str, &str, &str)] = &[
    (
        "ALTER TABLE users RENAME email TO mail",
        "column `users.email` was renamed to `mail`",
        "ALTER TABLE \"acme\".\"users\" RENAME COLUMN \"mail\" TO \"email\"",
    ),
    (
        "ALTER TABLE users RENAME email TO \"E-Mail\"",
        "column `users.email` was renamed to `E-Mail`",
        "ALTER TABLE \"acme\".\"users\" RENAME COLUMN \"E-Mail\" TO \"email\"",
    ),
    (
        "ALTER TABLE log RENAME line TO text",
        "column `log.line` was renamed to `text`",
        "ALTER TABLE \"acme\".\"log\" RENAME COLUMN \"text\" TO \"line\"",
    ),
    (
        "ALTER TABLE users RENAME TO customers",
        "table `users` was renamed to `customers`",
        "ALTER TABLE \"acme\".\"customers\" RENAME TO \"users\"",
    ),
    (
        "ALTER TABLE log RENAME TO journal",
        "table `log` was renamed to `journal`",
        "ALTER TABLE \"acme\".\"journal\" RENAME TO \"log\"",
    ),
    (
        "ALTER TYPE state RENAME TO status",
        "type `state` was renamed to `status`",
        "ALTER TYPE \"acme\".\"status\" RENAME TO \"state\"",
    ),
    (
        "ALTER TYPE state RENAME VALUE 'open' TO 'new'",
        "label 'open' of type `state` was renamed to 'new'",
        "ALTER TYPE \"acme\".\"state\" RENAME VALUE 'new' TO 'open'",
    ),
    (
        "ALTER DOMAIN amount RENAME TO price",
        "type `amount` was renamed to `price`",
        "ALTER DOMAIN \"acme\".\"price\" RENAME TO \"amount\"",
    ),
    (
        "ALTER SEQUENCE numbers RENAME TO counter",
        "sequence `numbers` was renamed to `counter`",
        "ALTER SEQUENCE \"acme\".\"counter\" RENAME TO \"numbers\"",
    ),
    (
        "ALTER SEQUENCE users_id_seq RENAME TO ids",
        "sequence `users_id_seq` was renamed to `ids`",
        "ALTER SEQUENCE \"acme\".\"ids\" RENAME TO \"users_id_seq\"",
    ),
    (
        "ALTER FUNCTION twice RENAME TO two_times",
        "function `twice(x integer)` was renamed to `two_times(x integer)`",
        "ALTER FUNCTION \"acme\".two_times(x integer) RENAME TO \"twice\"",
    ),
    (
        "ALTER TABLE users RENAME CONSTRAINT users_email_key TO one_mail",
        "constraint `users_email_key` of `users` was renamed to `one_mail`",
        "ALTER TABLE \"acme\".\"users\" RENAME CONSTRAINT \"one_mail\" TO \"users_email_key\"",
    ),
    (
        "ALTER TABLE posts RENAME CONSTRAINT posts_author_fkey TO author",
        "constraint `posts_author_fkey` of `posts` was renamed to `author`",
        "ALTER TABLE \"acme\".\"posts\" RENAME CONSTRAINT \"author\" TO \"posts_author_fkey\"",
    ),
    (
        "ALTER TABLE posts RENAME CONSTRAINT posts_author_fkey TO old__fkey",
        "constraint `posts_author_fkey` of `posts` was renamed to `old__fkey`",
        "ALTER TABLE \"acme\".\"posts\" RENAME CONSTRAINT \"old__fkey\" TO \"posts_author_fkey\"",
    ),
    (
        "ALTER INDEX users_email_idx RENAME TO i",
        "index `users_email_idx` was renamed to `i`",
        "ALTER INDEX \"acme\".\"i\" RENAME TO \"users_email_idx\"",
    ),
    (
        "ALTER VIEW people RENAME TO persons",
        "view `people` was renamed to `persons`",
        "ALTER VIEW \"acme\".\"persons\" RENAME TO \"people\"",
    ),
    (
        "ALTER MATERIALIZED VIEW counts RENAME TO sums",
        "materialized view `counts` was renamed to `sums`",
        "ALTER MATERIALIZED VIEW \"acme\".\"sums\" RENAME TO \"counts\"",
    ),
    (
        "ALTER TRIGGER touch ON users RENAME TO touched",
        "trigger `touch` of `users` was renamed to `touched`",
        "ALTER TRIGGER \"touched\" ON \"acme\".\"users\" RENAME TO \"touch\"",
    ),
    (
        "ALTER POLICY own ON users RENAME TO owned",
        "policy `own` of `users` was renamed to `owned`",
        "ALTER POLICY \"owned\" ON \"acme\".\"users\" RENAME TO \"own\"",
    ),
    (
        "ALTER RULE quiet ON posts RENAME TO silent",
        "rule `quiet` of `posts` was renamed to `silent`",
        "ALTER RULE \"silent\" ON \"acme\".\"posts\" RENAME TO \"quiet\"",
    ),
    (
        "ALTER STATISTICS both_of RENAME TO two_of",
        "statistics `both_of` was renamed to `two_of`",
        "ALTER STATISTICS \"acme\".\"two_of\" RENAME TO \"both_of\"",
    ),
];

/// What the check says of a tenant.
async fn said(tenants: &Tenants, who: &str) -> Vec<String> {
    let health = tenants.health().only([name(who)]).await.unwrap();
    let words = health.problems.iter().map(|it| it.kind.to_string());
    words.collect()
}

#[tokio::test]
async fn what_was_renamed_is_one_difference_that_nothing_else_comes_of() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for (damage, words, statement) in RENAMED {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "SET search_path TO acme; {damage}; RESET search_path"
            ))
            .await;
        let health = tenants.health().await.unwrap();
        let [problem] = health.problems.as_slice() else {
            panic!("{damage}: {:#?}", health.problems)
        };
        assert_eq!(problem.kind.to_string(), *words, "{damage}");
        assert_eq!(problem.kind.code(), "renamed_object", "{damage}");
        assert_eq!(problem.sql(tenants.registry()), [*statement], "{damage}");
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert_eq!(repair.statements, [""; 0], "{damage}");
        assert_eq!(repair.left.len(), 1, "{damage}: {repair:#?}");
        database.execute(statement).await;
        assert_eq!(said(&tenants, "acme").await, [""; 0], "{damage}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn several_renames_are_told_one_by_one_and_taken_back_in_their_order() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; ALTER TABLE users RENAME email TO mail; ALTER TABLE users RENAME nick TO handle; \
             ALTER TABLE users RENAME CONSTRAINT users_email_key TO one_mail; ALTER TYPE state RENAME TO status; \
             ALTER TYPE status RENAME VALUE 'open' TO 'new'; ALTER INDEX users_email_idx RENAME TO i; \
             ALTER POLICY own ON users RENAME TO owned; ALTER VIEW people RENAME TO persons; \
             DROP INDEX users_open_idx; RESET search_path",
        )
        .await;
    let found = said(&tenants, "acme").await;
    assert_eq!(found.len(), 9, "{found:#?}");
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        [
            "CREATE INDEX users_open_idx ON \"acme\".users USING btree (id) WHERE (state = 'new'::\"acme\".\"status\")"
        ]
    );
    let schema = "acme".parse().unwrap();
    for left in &repair.left {
        for statement in left.difference.sql(&schema) {
            database.execute(&statement).await;
        }
    }
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}

#[tokio::test]
async fn a_unique_key_stays_on_the_column_that_was_renamed() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "INSERT INTO acme.users (email) VALUES ('a@b'); ALTER TABLE acme.users RENAME email TO mail; \
             DROP INDEX acme.users_email_idx; ALTER TABLE acme.posts DROP CONSTRAINT posts_author_fkey",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        [
            "ALTER TABLE \"acme\".\"posts\" ADD CONSTRAINT \"posts_author_fkey\" FOREIGN KEY (author) \
             REFERENCES \"acme\".users(\"mail\")",
            "CREATE INDEX users_email_idx ON \"acme\".users USING btree (lower(\"mail\")) WHERE (\"mail\" ~~ '%@%'::text)",
        ]
    );
    let columns = "SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'acme.users'::regclass \
                   AND attnum > 0 AND NOT attisdropped AND atttypid = 'text'::regtype";
    assert_eq!(database.value(columns).await, "mail nick");
    let twice = "INSERT INTO acme.users (mail) VALUES ('a@b')";
    assert!(database.client().await.batch_execute(twice).await.is_err());
}

#[tokio::test]
async fn of_several_columns_that_are_alike_the_one_in_its_place_was_renamed() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with("CREATE TABLE t (id int PRIMARY KEY, a text, b text, c text)");
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.t RENAME a TO x; ALTER TABLE acme.t RENAME b TO y")
        .await;
    assert_eq!(
        said(&tenants, "acme").await,
        [
            "column `t.b` was renamed to `y`",
            "column `t.a` was renamed to `x`"
        ]
    );
}

#[tokio::test]
async fn what_may_be_renamed_and_changed_is_left_to_people_who_are_told_why() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme", "beta", "gamma"]).await;
    database
        .execute(
            "INSERT INTO acme.users (email) VALUES ('a@b'); INSERT INTO gamma.posts VALUES (1); \
             ALTER TABLE acme.users RENAME email TO mail; ALTER TABLE acme.users ALTER mail DROP DEFAULT; \
             ALTER TABLE beta.posts DROP COLUMN author, ADD COLUMN one text, ADD COLUMN other varchar(9); \
             ALTER TABLE gamma.posts RENAME TO articles; ALTER TABLE gamma.articles ADD COLUMN more int",
        )
        .await;
    for (who, missing, extra) in [
        (
            "acme",
            "column `users.email` is missing (possibly renamed to `mail`)",
            "unexpected column `users.mail` (possibly renamed from `email`)",
        ),
        (
            "beta",
            "column `posts.author` is missing (possibly renamed to `one` or `other`)",
            "unexpected column `posts.one` (possibly renamed from `author`)",
        ),
        (
            "gamma",
            "table `posts` is missing (possibly renamed to `articles`)",
            "unexpected table `articles` (possibly renamed from `posts`)",
        ),
    ] {
        let repair = tenants.repair(&name(who)).await.unwrap();
        let left = repair.left.iter().map(|it| &it.difference);
        let of = |words: &str| left.clone().find(|it| it.to_string() == words).cloned();
        for words in [missing, extra] {
            let difference = of(words).unwrap_or_else(|| panic!("{who}: {repair:#?}"));
            assert_eq!(difference.mending(), Mending::ByHand, "{words}");
            let sql = difference.sql(&who.parse().unwrap());
            assert_eq!(sql, [""; 0], "{words}");
        }
    }
    let kept = "SELECT count(*)::text || (SELECT count(*) FROM gamma.articles) FROM acme.users WHERE mail = 'a@b'";
    assert_eq!(database.value(kept).await, "11");
    let twice = "INSERT INTO acme.users (mail) VALUES ('a@b')";
    assert!(database.client().await.batch_execute(twice).await.is_err());
}

/// What by hand is stricter than what the migrations make, or of other columns.
const NOT_WEAKENED: &[&str] = &[
    "DROP INDEX users_email_idx; CREATE INDEX users_email_idx ON users (nick)",
    "DROP INDEX users_open_idx; CREATE UNIQUE INDEX users_open_idx ON users (id)",
    "ALTER TABLE users DROP CONSTRAINT users_email_check, ADD CONSTRAINT users_email_check CHECK (email LIKE '%@%')",
    "ALTER TABLE posts DROP CONSTRAINT posts_parent_fkey, ADD CONSTRAINT posts_parent_fkey FOREIGN KEY (id) REFERENCES posts",
    "ALTER TABLE users DROP CONSTRAINT users_email_key CASCADE, ADD CONSTRAINT users_email_key UNIQUE (nick)",
    "DROP STATISTICS both_of; CREATE STATISTICS both_of ON id, nick FROM users",
    "ALTER POLICY own ON users USING (false)",
    "CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()",
];

#[tokio::test]
async fn nothing_is_moved_to_another_column_or_weakened() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for damage in NOT_WEAKENED {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "SET search_path TO acme; {damage}; RESET search_path"
            ))
            .await;
        let repair = tenants.repair(&name("acme")).await.unwrap();
        let left = repair.left.iter().map(|it| &it.difference);
        let is_left = left
            .clone()
            .any(|it| matches!(it.change, Change::Changed(_)) && it.mending() == Mending::Removes);
        assert!(is_left, "{damage}: {repair:#?}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_opened_by_hand_is_closed_again() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; ALTER POLICY own ON users USING (true); DROP INDEX users_email_idx; \
             CREATE INDEX users_email_idx ON users (email); ALTER TABLE users DROP CONSTRAINT users_email_check, \
             ADD CONSTRAINT users_email_check CHECK (true); \
             CREATE OR REPLACE TRIGGER touch BEFORE UPDATE OF email ON users FOR EACH ROW WHEN (new.email <> '') \
             EXECUTE FUNCTION touch('more'); RESET search_path",
        )
        .await;
    tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}

#[tokio::test]
async fn a_rename_is_no_drift_of_a_kind_that_a_repair_takes_away() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.users RENAME email TO mail")
        .await;
    let health = tenants.health().await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{health:?}")
    };
    let ProblemKind::Drift(difference) = &problem.kind else {
        panic!("{problem:?}")
    };
    assert_eq!(difference.mending(), Mending::ByHand);
    let words = |it: &tenant_core::Remedy| format!("{it:?}");
    let remedies = problem.remedies(tenants.registry());
    let words = remedies.iter().map(words).collect::<String>();
    assert!(
        words.contains("RenameBack") && !words.contains("DROP"),
        "{words}"
    );
}
