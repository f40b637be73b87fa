//! What was renamed by hand and has another object under its name: what refers to it stays
//! with it, and neither of the two is dropped.

use tenant_core::remedy::Advice;
use tenant_core::{Change, Mending, ProblemKind, Remedy, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

/// Something of each kind that refers to something else.
fn stream() -> Stream {
    Stream::new()
        .with(
            "CREATE TYPE state AS ENUM ('open', 'done'); CREATE DOMAIN amount AS int CHECK (VALUE > 0); \
             CREATE SEQUENCE numbers; \
             CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * x'; \
             CREATE TABLE items (id serial PRIMARY KEY, n text, c text, u text UNIQUE, k text CHECK (k <> ''), \
                 d text, g text GENERATED ALWAYS AS (upper(d)) STORED, s text, t text, plain text, \
                 one text, other text, last int); \
             CREATE TABLE parents (id int PRIMARY KEY, name text); \
             CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents, state state, cost amount, \
                 number int DEFAULT nextval('numbers'), double int DEFAULT twice(2)); \
             CREATE TABLE loose (id int, word text); \
             CREATE TABLE blue (id int PRIMARY KEY, v text); CREATE TABLE green (id int PRIMARY KEY, v text)",
        )
        .with(
            "CREATE VIEW v AS SELECT n, id FROM items; CREATE VIEW w AS SELECT n FROM v; \
             CREATE VIEW parental AS SELECT name FROM parents; \
             CREATE VIEW swappable AS SELECT one FROM items; \
             CREATE INDEX items_c ON items (lower(c)); CREATE STATISTICS of_s ON s, t FROM items; \
             CREATE POLICY own ON items USING (t = CURRENT_USER); \
             CREATE INDEX of_word ON loose (word); \
             CREATE TABLE on_blue (id int REFERENCES blue); CREATE VIEW over_green AS SELECT v FROM green; \
             CREATE TRIGGER touch BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION touch()",
        )
}

const FILL: &str = "INSERT INTO items (n, c, u, k, d, s, t, plain, one, other) \
     VALUES ('n', 'c', 'u', 'k', 'd', 's', 't', 'plain', 'one', 'other'); \
     INSERT INTO parents VALUES (1, 'a'); INSERT INTO children VALUES (1, 1, 'open', 5); \
     INSERT INTO loose VALUES (1, 'x')";

/// What is done by hand, and all that is said of it.
const SHADOWED: &[(&str, &[&str])] = &[
    (
        "ALTER TABLE items RENAME n TO name; ALTER TABLE items ADD n text",
        &["column `items.n` was renamed to `name`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME n TO name; ALTER TABLE items ADD n int NOT NULL DEFAULT 7",
        &["column `items.n` was renamed to `name`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME c TO cc; ALTER TABLE items ADD c text",
        &["column `items.c` was renamed to `cc`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME u TO uu; ALTER TABLE items ADD u text",
        &["column `items.u` was renamed to `uu`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME k TO kk; ALTER TABLE items ADD k text",
        &["column `items.k` was renamed to `kk`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME d TO dd; ALTER TABLE items ADD d text",
        &["column `items.d` was renamed to `dd`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME s TO ss; ALTER TABLE items ADD s text",
        &["column `items.s` was renamed to `ss`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME t TO tt; ALTER TABLE items ADD t text",
        &["column `items.t` was renamed to `tt`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME plain TO words; ALTER TABLE items ADD plain text",
        &["column `items.plain` was renamed to `words`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME n TO name; ALTER TABLE items RENAME c TO cc; \
         ALTER TABLE items ADD n text, ADD c text",
        &[
            "column `items.n` was renamed to `name`, and another column has its name",
            "column `items.c` was renamed to `cc`, and another column has its name",
        ],
    ),
    (
        "ALTER TABLE items RENAME id TO old_id; ALTER TABLE items ADD id int",
        &["column `items.id` was renamed to `old_id`, and another column has its name"],
    ),
    (
        "ALTER TABLE items RENAME one TO x; ALTER TABLE items RENAME other TO one; \
         ALTER TABLE items RENAME x TO other",
        &[
            "column `items.other` was renamed to `one`, and another column has its name",
            "column `items.one` was renamed to `other`, and another column has its name",
        ],
    ),
    (
        "ALTER TABLE items RENAME one TO x; ALTER TABLE items RENAME other TO one",
        &[
            "column `items.other` was renamed to `one`",
            "column `items.one` was renamed to `x`, and another column has its name",
        ],
    ),
    (
        "ALTER TABLE parents RENAME TO folks; CREATE TABLE parents (id int PRIMARY KEY, name text)",
        &["table `parents` was renamed to `folks`, and another table has its name"],
    ),
    (
        "ALTER TABLE parents RENAME TO folks; CREATE TABLE parents (LIKE folks INCLUDING ALL)",
        &["table `parents` was renamed to `folks`, and another table has its name"],
    ),
    (
        "ALTER TABLE loose RENAME TO old; CREATE TABLE loose (LIKE old)",
        &["table `loose` was renamed to `old`, and another table has its name"],
    ),
    (
        "ALTER TABLE items RENAME TO goods; CREATE TABLE items (id int, n text)",
        &["table `items` was renamed to `goods`, and another table has its name"],
    ),
    (
        "ALTER TABLE blue RENAME TO x; ALTER TABLE green RENAME TO blue; ALTER TABLE x RENAME TO green",
        &[
            "table `green` was renamed to `blue`, and another table has its name",
            "table `blue` was renamed to `green`, and another table has its name",
        ],
    ),
    (
        "ALTER TYPE state RENAME TO old_state; CREATE TYPE state AS ENUM ('open', 'done', 'new')",
        &["type `state` was renamed to `old_state`, and another type has its name"],
    ),
    (
        "ALTER DOMAIN amount RENAME TO price; CREATE DOMAIN amount AS bigint",
        &["type `amount` was renamed to `price`, and another type has its name"],
    ),
    (
        "ALTER SEQUENCE numbers RENAME TO counter; CREATE SEQUENCE numbers",
        &["sequence `numbers` was renamed to `counter`, and another sequence has its name"],
    ),
    (
        "ALTER SEQUENCE items_id_seq RENAME TO ids; CREATE SEQUENCE items_id_seq",
        &["sequence `items_id_seq` was renamed to `ids`, and another sequence has its name"],
    ),
    (
        "ALTER FUNCTION touch() RENAME TO touched; CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql \
         AS 'BEGIN RETURN NULL; END'",
        &["function `touch()` was renamed to `touched()`, and another function has its name"],
    ),
    (
        "ALTER FUNCTION twice(int) RENAME TO two_times; CREATE FUNCTION twice(x int) RETURNS int \
         LANGUAGE sql IMMUTABLE AS 'SELECT 3 * x'",
        &[
            "function `twice(x integer)` was renamed to `two_times(x integer)`, and another function has its name",
        ],
    ),
    (
        "ALTER VIEW v RENAME TO seen; CREATE VIEW v AS SELECT 'x'::text AS n, 1 AS id",
        &["view `v` was renamed to `seen`, and another view has its name"],
    ),
];

/// What the check says of a tenant.
async fn said(tenants: &Tenants, who: &str) -> Vec<String> {
    let health = tenants.health().only([name(who)]).await.unwrap();
    let words = health.problems.iter().map(|it| it.kind.to_string());
    words.collect()
}

/// What reads and writes the rows: the same before and after a repair.
const SEEN: &str =
    "SELECT (SELECT string_agg(n, ' ') FROM acme.w) || (SELECT count(*) FROM acme.parental)";

#[tokio::test]
async fn what_refers_to_a_renamed_object_stays_with_it_and_nothing_is_dropped() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    let mut wrong = Vec::new();
    for (damage, words) in SHADOWED {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "SET search_path TO acme; {FILL}; {damage}; RESET search_path"
            ))
            .await;
        let before = database.value(SEEN).await;
        let health = tenants.health().await.unwrap();
        for problem in &health.problems {
            let advised = format!("{:?}", problem.remedies(tenants.registry()));
            if advised.contains("DROP") {
                wrong.push(format!("{damage}: {}: {advised}", problem.kind));
            }
        }
        let found = said(&tenants, "acme").await;
        if found != *words {
            wrong.push(format!("{damage}: found {found:#?}"));
        }
        let repair = tenants.repair(&name("acme")).await.unwrap();
        if !repair.statements.is_empty() {
            wrong.push(format!("{damage}: repaired {:#?}", repair.statements));
        }
        if database.value(SEEN).await != before {
            wrong.push(format!("{damage}: other rows are seen"));
        }
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_object_beside_the_one_that_should_be_is_no_renamed_one() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    for (damage, statements) in [
        (
            "ALTER TABLE items ADD name text; CREATE OR REPLACE VIEW v AS SELECT name AS n, id FROM items",
            1,
        ),
        (
            "CREATE TABLE folks (LIKE parents INCLUDING ALL); \
             CREATE OR REPLACE VIEW parental AS SELECT name FROM folks",
            1,
        ),
        (
            "CREATE SEQUENCE more; ALTER TABLE items ALTER id SET DEFAULT nextval('more')",
            1,
        ),
    ] {
        create(&tenants, &["acme"]).await;
        database
            .execute(&format!(
                "SET search_path TO acme; {damage}; RESET search_path"
            ))
            .await;
        let repair = tenants.repair(&name("acme")).await.unwrap();
        assert_eq!(repair.statements.len(), statements, "{damage}: {repair:#?}");
        let [left] = repair.left.as_slice() else {
            panic!("{damage}: {repair:#?}")
        };
        assert_eq!(left.difference.change, Change::Extra, "{damage}");
        tenants.drop_tenant(&name("acme")).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_missing_is_not_made_of_a_column_with_anothers_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "SET search_path TO acme; DROP VIEW v CASCADE; DROP INDEX items_c; \
             ALTER TABLE items RENAME n TO name; ALTER TABLE items RENAME c TO cc; \
             ALTER TABLE items ADD n text, ADD c text; CREATE INDEX mine ON items (n)",
        )
        .await;
    let repair = tenants.repair(&name("acme")).await.unwrap();
    assert_eq!(
        repair.statements,
        ["CREATE INDEX items_c ON \"acme\".items USING btree (lower(\"cc\"))"]
    );
    let left = repair.left.iter().map(|it| it.difference.to_string());
    let left = left.collect::<Vec<_>>();
    for words in [
        "view `v` is missing (column `n` has the name of another column)",
        "unexpected index `mine` (column `n` has the name of another column)",
    ] {
        assert!(left.iter().any(|it| it == words), "{left:#?}");
    }
}

#[tokio::test]
async fn what_is_advised_leads_to_a_tenant_that_is_as_it_should_be() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &stream()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.items RENAME n TO name; ALTER TABLE acme.items ADD n text")
        .await;
    let health = tenants.health().await.unwrap();
    let [problem] = health.problems.as_slice() else {
        panic!("{:#?}", health.problems)
    };
    assert_eq!(problem.kind.code(), "shadowed_object");
    let ProblemKind::Drift(difference) = &problem.kind else {
        panic!("{problem:?}")
    };
    assert_eq!(difference.mending(), Mending::ByHand);
    let remedies = problem.remedies(tenants.registry());
    assert!(
        matches!(remedies.as_slice(), [Remedy::Advice(Advice::UniteObjects)]),
        "{remedies:?}"
    );
    database
        .execute(
            "UPDATE acme.items SET name = n WHERE n IS NOT NULL; ALTER TABLE acme.items DROP n; \
             ALTER TABLE acme.items RENAME name TO n",
        )
        .await;
    assert_eq!(said(&tenants, "acme").await, [""; 0]);
}
