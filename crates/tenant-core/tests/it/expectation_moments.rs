//! What migrations make of the year, the month or a random number: tenants of another year
//! are as they should be, and nothing of it is written into them.

use test_support::TestDatabase;

use crate::expectation::{health, problems};
use crate::fixture::{Stream, create, name, tenants};

/// A table, a sequence, defaults, a comment and a function that have the year in them.
const OF_THE_YEAR: &str = "
    -- As in 2026 and in 2027.
    CREATE TABLE invoices (id int PRIMARY KEY, year int, number text, born date DEFAULT '1999-01-01',
                           at timestamptz DEFAULT now());
    DO $$
    DECLARE year text := to_char(now(), 'YYYY');
    BEGIN
      EXECUTE format('CREATE TABLE sales_%s (id int PRIMARY KEY, sum numeric CHECK (sum > 0))', year);
      EXECUTE format('CREATE SEQUENCE inv_%s', year);
      EXECUTE format('ALTER TABLE invoices ALTER year SET DEFAULT %s', extract(year FROM now()));
      EXECUTE format('ALTER TABLE invoices ALTER number SET DEFAULT %L || nextval(%L)', 'inv-' || year, 'inv_' || year);
      EXECUTE format('COMMENT ON TABLE invoices IS %L', 'since ' || to_char(now(), 'YYYY-MM'));
      EXECUTE format('CREATE VIEW sold AS SELECT sum FROM sales_%s', year);
      EXECUTE format('CREATE FUNCTION begun() RETURNS text LANGUAGE sql AS %L', 'SELECT ''in ' || year || '''');
    END $$;";

/// Makes the tenant `globex` one that was created in the year before.
const AGED: &str = "
    DO $$
    DECLARE
      year int := extract(year FROM now());
      is_text text;
    BEGIN
      SET LOCAL search_path TO globex;
      EXECUTE format('ALTER TABLE sales_%s RENAME TO sales_%s', year, year - 1);
      EXECUTE format('ALTER SEQUENCE inv_%s RENAME TO inv_%s', year, year - 1);
      EXECUTE format('ALTER TABLE invoices ALTER year SET DEFAULT %s', year - 1);
      EXECUTE format('ALTER TABLE invoices ALTER number SET DEFAULT %L || nextval(%L)',
                     'inv-' || (year - 1)::text, 'inv_' || (year - 1)::text);
      EXECUTE format('COMMENT ON TABLE invoices IS %L', 'since ' || (year - 1)::text || '-03');
      EXECUTE format('CREATE OR REPLACE FUNCTION begun() RETURNS text LANGUAGE sql AS %L',
                     'SELECT ''in ' || (year - 1)::text || '''');
    END $$";

#[tokio::test]
async fn a_tenant_of_last_year_is_as_it_should_be_and_gets_nothing_of_this_year() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(OF_THE_YEAR)).await;
    create(&tenants, &["acme", "globex"]).await;
    database.execute(AGED).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(
        found.varying,
        [
            "comment of table `invoices`",
            "default of column `invoices.number`",
            "default of column `invoices.year`",
            "definition of function `begun()`",
            "definition of view `sold`",
            "sequence `inv_...`",
            "table `sales_...`",
        ]
    );
    let quick = tenants.health().quick().await.unwrap();
    assert!(quick.is_healthy(), "{:?}", problems(&quick));
    let repair = tenants.repair(&name("globex")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{repair:?}"
    );
    let tables = "SELECT count(*) FROM pg_class WHERE relname ~ '^(sales|inv)_[0-9]+$' \
                  AND relnamespace = 'globex'::regnamespace";
    assert_eq!(database.value(tables).await, "2");
}

#[tokio::test]
async fn what_else_differs_is_found_beside_a_year() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(OF_THE_YEAR)).await;
    create(&tenants, &["acme", "globex"]).await;
    database.execute(AGED).await;
    database
        .execute(
            "ALTER TABLE globex.invoices ALTER born SET DEFAULT '1999-01-02'; \
             CREATE TABLE globex.sales_of_others (id int); \
             CREATE TABLE globex.sales_1999 (note text); \
             DO $$ BEGIN EXECUTE format('ALTER TABLE acme.sales_%s DROP COLUMN sum CASCADE', \
                         to_char(now(), 'YYYY')); END $$",
        )
        .await;
    let year = database.value("SELECT to_char(now(), 'YYYY')").await;
    let found = health(&tenants).await;
    assert_eq!(
        problems(&found),
        [
            format!("Some(\"acme\"): column `sales_{year}.sum` is missing"),
            format!(
                "Some(\"acme\"): constraint `sales_{year}_sum_check` of `sales_{year}` is missing"
            ),
            "Some(\"acme\"): view `sold` is missing".to_owned(),
            "Some(\"globex\"): column `invoices.born` has default `'1999-01-02'::date`; expected `'1999-01-01'::date`"
                .to_owned(),
            "Some(\"globex\"): unexpected table `sales_1999` (its name matches what migrations create, but its definition does not)"
                .to_owned(),
            "Some(\"globex\"): unexpected table `sales_of_others`".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_year_that_migrations_write_down_is_compared() {
    let database = TestDatabase::new().await;
    let year = database.value("SELECT to_char(now(), 'YYYY')").await;
    let stream = Stream::new().with(&format!(
        "CREATE TABLE plans_{year} (id int, year int DEFAULT {year}, day date DEFAULT '{year}-01-31', \
                                    at timestamp DEFAULT '{year}-01-31');
         DO $$ BEGIN PERFORM now(); END $$;"
    ));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(found.varying, Vec::<String>::new());
    database
        .execute(&format!(
            "ALTER TABLE acme.plans_{year} ALTER year SET DEFAULT 1999, ALTER day SET DEFAULT '1999-01-31', \
             ALTER at SET DEFAULT '1999-01-31'; ALTER TABLE globex.plans_{year} RENAME TO plans_1999"
        ))
        .await;
    assert_eq!(health(&tenants).await.problems.len(), 4);
}

#[tokio::test]
async fn a_random_name_excuses_tables_like_it_and_no_others() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int CONSTRAINT small CHECK (id < 9));
         DO $$ BEGIN
           EXECUTE format('CREATE TABLE log_%s (id int PRIMARY KEY, line text)', md5(random()::text));
           EXECUTE format('ALTER TABLE t ADD CONSTRAINT c%s CHECK (id > 0)', (random() * 100000)::int);
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(
        found.varying,
        ["constraint `...` of `t`", "table `log_...`"]
    );
    database
        .execute(
            "CREATE TABLE acme.notes (id int); CREATE TABLE acme.log_of_mails (id int, line text); \
             CREATE TABLE acme.log_0123456789abcdef0123456789abcdef (id int); \
             ALTER TABLE acme.t ADD CONSTRAINT more CHECK (id < 7), DROP CONSTRAINT small",
        )
        .await;
    let found = health(&tenants).await;
    assert_eq!(
        problems(&found),
        [
            "Some(\"acme\"): constraint `small` of `t` is missing",
            "Some(\"acme\"): unexpected table `log_0123456789abcdef0123456789abcdef` (its name matches what migrations create, but its definition does not)",
            "Some(\"acme\"): unexpected table `log_of_mails`",
            "Some(\"acme\"): unexpected table `notes`",
            "Some(\"acme\"): unexpected constraint `more` of `t` (its name matches what migrations create, but its definition does not)",
        ]
    );
}

/// Texts with a year of this moment in them, which no clock has made.
const LITERALS: &str = "
    CREATE TABLE plans (y int CHECK (y >= YEAR), price int CHECK (price < NEXT), note text DEFAULT 'since YEAR');
    CREATE SEQUENCE no START YEAR00001;
    CREATE VIEW planned AS SELECT y FROM plans WHERE y >= YEAR;
    CREATE FUNCTION fixed() RETURNS int LANGUAGE sql AS 'SELECT YEAR';
    COMMENT ON TABLE plans IS 'of YEAR';
    INSERT INTO plans VALUES (YEAR, 1)";

#[tokio::test]
async fn a_year_in_one_statement_says_nothing_of_what_the_clock_makes() {
    let database = TestDatabase::new().await;
    let year = database.value("SELECT to_char(now(), 'YYYY')").await;
    let next = database
        .value("SELECT to_char(now() + interval '1 year', 'YYYY')")
        .await;
    let literals = LITERALS.replace("YEAR", &year).replace("NEXT", &next);
    let stream = Stream::new().with(OF_THE_YEAR).with(&literals);
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    database.execute(AGED).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    let repair = tenants.repair(&name("globex")).await.unwrap();
    assert_eq!(repair.statements, [""; 0], "{repair:#?}");
    database
        .execute(
            "ALTER TABLE globex.plans DROP CONSTRAINT plans_y_check, ADD CONSTRAINT plans_y_check CHECK (y >= 1999), \
             ALTER note SET DEFAULT 'since 1999'; ALTER SEQUENCE globex.no START 199900001; \
             CREATE OR REPLACE VIEW globex.planned AS SELECT y FROM globex.plans WHERE y >= 1999; \
             CREATE OR REPLACE FUNCTION globex.fixed() RETURNS int LANGUAGE sql AS 'SELECT 1999'; \
             COMMENT ON TABLE globex.plans IS 'of 1999'",
        )
        .await;
    let found = problems(&health(&tenants).await);
    for object in [
        "constraint `plans_y_check`",
        "column `plans.note`",
        "sequence `no`",
        "view `planned`",
        "function `fixed()`",
        "table `plans`",
    ] {
        let is_named = |it: &&String| it.contains(&format!("{object} "));
        assert_eq!(
            found.iter().filter(is_named).count(),
            1,
            "{object}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 6, "{found:#?}");
}

#[tokio::test]
async fn a_day_in_one_statement_says_nothing_of_another() {
    let database = TestDatabase::new().await;
    let day = database.value("SELECT to_char(now(), 'YYYY-MM-DD')").await;
    let stream = Stream::new().with(&format!(
        "CREATE TABLE t (born date DEFAULT 'today', fixed date DEFAULT '{day}')"
    ));
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("ALTER TABLE acme.t ALTER born SET DEFAULT '2020-02-02'")
        .await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    database
        .execute("ALTER TABLE acme.t ALTER fixed SET DEFAULT '2020-02-02'")
        .await;
    assert_eq!(
        problems(&health(&tenants).await),
        [format!(
            "Some(\"acme\"): column `t.fixed` has default `'2020-02-02'::date`; expected `'{day}'::date`"
        )]
    );
}

#[tokio::test]
async fn what_has_a_name_of_its_own_in_each_tenant_is_missed_when_it_is_gone() {
    let database = TestDatabase::new().await;
    let stream = Stream::new().with(
        "CREATE TABLE t (id int PRIMARY KEY, at int) PARTITION BY RANGE (id);
         DO $$ BEGIN
           EXECUTE format('CREATE TABLE log_%s (id int PRIMARY KEY, line text)', md5(random()::text));
           EXECUTE format('CREATE TABLE h_%s (at date)', md5(random()::text));
           EXECUTE format('CREATE INDEX ix_%s ON t (at)', md5(random()::text));
           EXECUTE format('CREATE TABLE sales_%s (sum numeric)', to_char(now(), 'YYYY'));
           EXECUTE format('CREATE TABLE t_%s PARTITION OF t FOR VALUES FROM (1) TO (9)', to_char(now(), 'YYYY'));
           FOR i IN 1 .. 2 LOOP
             EXECUTE format('CREATE SEQUENCE s_%s', md5(random()::text));
           END LOOP;
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme", "globex"]).await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    // How many sequences there have to be is not known; a partition may be dropped.
    database
        .execute(
            "DO $$ DECLARE one text; BEGIN
               FOR one IN SELECT format('%s %s', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX'
                              ELSE 'TABLE' END, oid::regclass)
                          FROM pg_class WHERE relnamespace = 'acme'::regnamespace
                            AND (relname ~ '^(log|h|sales|s|t)_[0-9a-f]+$' AND relkind IN ('r', 'S')
                                 OR relname ~ '^ix_[0-9a-f]+$' AND relkind = 'I') LOOP
                 EXECUTE replace('DROP ' || one, 'TABLE acme.ix_', 'INDEX acme.ix_');
               END LOOP;
               SELECT format('ALTER TABLE %s RENAME TO diary', oid::regclass) INTO one
               FROM pg_class WHERE relnamespace = 'globex'::regnamespace AND relname LIKE 'log%' AND relkind = 'r';
               EXECUTE one;
             END $$",
        )
        .await;
    let found = health(&tenants).await;
    let from = "is missing (created at 2026-02-01-000000_step/up.sql:2)";
    assert_eq!(
        problems(&found),
        [
            format!("Some(\"acme\"): a table with a varying name, such as `h_...`, {from}"),
            format!("Some(\"acme\"): a table with a varying name, such as `log_...`, {from}"),
            format!(
                "Some(\"acme\"): an index of `t` with a varying name, such as `ix_...`, {from}"
            ),
            format!("Some(\"acme\"): a table with a varying name, such as `sales_...`, {from}"),
            "Some(\"globex\"): unexpected table `diary` (possibly renamed from `log_...`)"
                .to_owned(),
            format!("Some(\"globex\"): a table with a varying name, such as `log_...`, {from}"),
        ]
    );
    for problem in &found.problems {
        assert_eq!(problem.sql(tenants.registry()), [""; 0], "{}", problem.kind);
    }
}

/// Numbers of seconds and milliseconds of the moment, and some that are none.
const OF_THE_SECOND: &str = "
    CREATE TABLE events (id bigint, at bigint, label text, fixed bigint DEFAULT 1234567890);
    DO $$
    DECLARE seconds bigint := extract(epoch FROM now())::bigint;
    BEGIN
      EXECUTE format('CREATE SEQUENCE numbers START %s', seconds);
      EXECUTE format('ALTER TABLE events ALTER id SET DEFAULT %s', seconds);
      EXECUTE format('ALTER TABLE events ALTER at SET DEFAULT %s', seconds * 1000);
      EXECUTE format('ALTER TABLE events ALTER label SET DEFAULT %L', 'since ' || seconds);
    END $$;";

#[tokio::test]
async fn seconds_of_the_moment_may_be_others_and_numbers_beside_them_may_not() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &Stream::new().with(OF_THE_SECOND)).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "DROP SEQUENCE globex.numbers; CREATE SEQUENCE globex.numbers START 1700000000; \
             ALTER TABLE globex.events ALTER id SET DEFAULT 1700000000; \
             ALTER TABLE globex.events ALTER at SET DEFAULT 1700000000000; \
             ALTER TABLE globex.events ALTER label SET DEFAULT 'since 1700000000'",
        )
        .await;
    let defaults = "SELECT string_agg(pg_get_expr(adbin, adrelid), ' ' ORDER BY adnum) FROM pg_attrdef \
                    WHERE adrelid = 'globex.events'::regclass";
    let before = database.value(defaults).await;
    // The second check reads what the first one has kept.
    for _ in 0..2 {
        let found = health(&tenants).await;
        assert!(found.is_healthy(), "{:?}", problems(&found));
    }
    let repair = tenants.repair(&name("globex")).await.unwrap();
    assert!(
        repair.mended.is_empty() && repair.left.is_empty(),
        "{repair:?}"
    );
    assert_eq!(database.value(defaults).await, before);
    database
        .execute("ALTER TABLE globex.events ALTER fixed SET DEFAULT 1234567891")
        .await;
    assert_eq!(
        problems(&health(&tenants).await),
        ["Some(\"globex\"): column `events.fixed` has default `1234567891`; expected `1234567890`"]
    );
}

#[tokio::test]
async fn a_year_of_two_digits_with_a_month_is_found_in_a_name() {
    let database = TestDatabase::new().await;
    let made = "DO $$ BEGIN
          EXECUTE format('CREATE TABLE le_%s (id int)', to_char(now(), 'YY_MM'));
          EXECUTE format('CREATE TABLE of_%s (name text)', to_char(now(), 'YYMM'));
        END $$;";
    let tenants = tenants(&database, &Stream::new().with(made)).await;
    create(&tenants, &["acme", "globex"]).await;
    database
        .execute(
            "DO $$ DECLARE before timestamptz := now() - interval '14 months'; BEGIN \
               EXECUTE format('ALTER TABLE globex.le_%s RENAME TO le_%s', \
                              to_char(now(), 'YY_MM'), to_char(before, 'YY_MM')); \
               EXECUTE format('ALTER TABLE globex.of_%s RENAME TO of_%s', \
                              to_char(now(), 'YYMM'), to_char(before, 'YYMM')); \
             END $$",
        )
        .await;
    let found = health(&tenants).await;
    assert!(found.is_healthy(), "{:?}", problems(&found));
    assert_eq!(found.varying, ["table `le_..._...`", "table `of_...`"]);
}
