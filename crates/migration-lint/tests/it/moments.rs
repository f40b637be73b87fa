//! What a definition keeps of the moment, the schema and the role of its migration.

use crate::{TENANT, each_gives, found, lint, none_gives_any};

#[test]
fn words_that_stand_for_a_moment_are_found_in_definitions() {
    each_gives(
        TENANT,
        "moment-constant",
        &[
            "CREATE TABLE t (id bigint, made timestamptz DEFAULT 'now');",
            "CREATE TABLE t (id bigint, made timestamp with time zone NOT NULL DEFAULT ('now'));",
            "CREATE TABLE t (due date DEFAULT 'today', name text DEFAULT 'today');",
            "CREATE TABLE t (made text DEFAULT 'now'::timestamp);",
            "CREATE TABLE t (created timestamp NOT NULL DEFAULT 'now()');",
            "CREATE TABLE t (id bigint); ALTER TABLE t ADD created timestamptz DEFAULT 'now()';",
            "CREATE TABLE t (made text DEFAULT CAST('now' AS timestamp));",
            "CREATE TABLE t (made text DEFAULT timestamp 'now');",
            "CREATE TABLE t (made text DEFAULT timestamp with time zone 'NOW');",
            "CREATE TABLE t (born date CHECK (born < 'today'));",
            "CREATE TABLE t (born date, CONSTRAINT c CHECK ('yesterday 12:00' >= t.born));",
            "CREATE TABLE t (born date, CHECK (born BETWEEN '1900-01-01' AND 'today'));",
            "ALTER TABLE t ADD CHECK (born <= 'today');",
            "ALTER TABLE t ADD COLUMN made timestamp DEFAULT 'now';",
            "CREATE TABLE t (made date); ALTER TABLE t ALTER COLUMN made SET DEFAULT 'tomorrow';",
            "CREATE DOMAIN past AS date CHECK (VALUE < 'today');",
            "CREATE DOMAIN past AS date DEFAULT 'today';",
            "CREATE DOMAIN past AS date; CREATE TABLE t (born past DEFAULT 'today');",
            "CREATE TABLE p PARTITION OF t FOR VALUES FROM ('today') TO ('2030-01-01');",
            "CREATE VIEW late AS SELECT * FROM t WHERE due < 'today';",
            "CREATE TABLE t (due date); CREATE VIEW v AS SELECT 1 FROM t WHERE t.due = 'today';",
            "CREATE INDEX ON t (id) WHERE made > 'today'::timestamp;",
            "CREATE POLICY p ON t USING (made > 'yesterday');",
            "DO $$ BEGIN CREATE TABLE t (due date DEFAULT 'today'); END $$;",
        ],
    );
}

#[test]
fn what_is_evaluated_each_time_and_ordinary_words_are_left_alone() {
    none_gives_any(
        TENANT,
        &[
            "CREATE TABLE t (made timestamptz DEFAULT now(), due date DEFAULT CURRENT_DATE);",
            "CREATE TABLE t (made date DEFAULT ('now'::text)::date);",
            "ALTER TABLE t ADD COLUMN made date NOT NULL DEFAULT ('to' || 'day')::date;",
            "CREATE TABLE t (label text DEFAULT 'today', CHECK (label IN ('today', 'now')));",
            "CREATE TABLE t (today date, now text DEFAULT 'now', CHECK (now <> 'now'));",
            "CREATE TABLE t (label text CHECK (label > 'now'));",
            "CREATE TABLE t (when_done text); ALTER TABLE t ALTER when_done SET DEFAULT 'today';",
            "ALTER TABLE t ALTER COLUMN label SET DEFAULT 'now';",
            "CREATE TYPE urgency AS ENUM ('now', 'today', 'tomorrow');",
            "CREATE TABLE t (u urgency DEFAULT 'now' CHECK (u = 'today'));",
            "CREATE TABLE t (call text DEFAULT 'now()', CHECK (call <> 'now()'));",
            "INSERT INTO t (label, made) VALUES ('now()', 'now');",
            "UPDATE t SET due = 'today'::date WHERE due > 'today'::date;",
            "COMMENT ON COLUMN t.today IS 'today';",
            "CREATE TABLE p PARTITION OF t FOR VALUES IN ('today', 'now');",
            "CREATE FUNCTION f() RETURNS date LANGUAGE sql AS $$ SELECT 'today'::date $$;",
            "CREATE FUNCTION f() RETURNS date LANGUAGE sql AS 'SELECT now()::date';",
            "CREATE TABLE t (until timestamp DEFAULT 'infinity', since date DEFAULT '2026-01-01');",
        ],
    );
}

#[test]
fn a_finding_says_what_to_write_instead() {
    let hint = |text: &str| lint(TENANT, text).remove(0).hint.unwrap();
    assert_eq!(
        hint("CREATE TABLE t (made timestamptz DEFAULT 'now');"),
        "Write `now()`, which PostgreSQL evaluates each time."
    );
    assert!(hint("ALTER TABLE t ADD CHECK (born < 'today');").contains("`CURRENT_DATE`"));
    let bound = "CREATE TABLE p PARTITION OF t FOR VALUES FROM ('today') TO ('tomorrow');";
    assert!(hint(bound).contains("Write the date"));
}

#[test]
fn partitions_of_the_present_are_found_where_a_block_makes_them() {
    let direct = "DO $$ BEGIN EXECUTE format('CREATE TABLE log_%s PARTITION OF log FOR VALUES \
                  FROM (%L) TO (%L)', to_char(now(), 'YYYY_MM'), date_trunc('month', now()), 1); END $$;";
    let through = "DO $$\nDECLARE\n  first date := date_trunc('month', current_date);\n  \
                   next_one date;\nBEGIN\n  next_one := first + 31;\n  \
                   EXECUTE format('CREATE TABLE log_now PARTITION OF log FOR VALUES FROM (%L) TO \
                   (%L)', '2026-01-01', next_one);\nEND $$;";
    let each = "DO $$ DECLARE d date; BEGIN FOR d IN SELECT generate_series(now(), now(), '1 day') \
                LOOP EXECUTE 'CREATE TABLE log_' || to_char(d, 'MM') || ' PARTITION OF log'; \
                END LOOP; END $$;";
    assert_eq!(found(TENANT, direct), ["moment-in-definition:1"]);
    assert_eq!(found(TENANT, through), ["moment-in-definition:7"]);
    assert_eq!(found(TENANT, each), ["moment-in-definition:1"]);
}

#[test]
fn a_name_that_becomes_text_in_a_definition_is_found() {
    each_gives(
        TENANT,
        "name-in-definition",
        &[
            "DO $$ BEGIN EXECUTE format('ALTER TABLE t ALTER COLUMN tenant SET DEFAULT %L', \
             current_schema()); END $$;",
            "DO $$ BEGIN EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON t FOR EACH ROW \
             EXECUTE FUNCTION keep(%L)', current_schema() || '.t_log'); END $$;",
            "DO $$ DECLARE s text := current_schema; BEGIN EXECUTE 'CREATE VIEW v AS SELECT ' || \
             quote_literal(s); END $$;",
            "DO $$ BEGIN EXECUTE 'ALTER TABLE t ALTER who SET DEFAULT ''' || current_user || ''''; \
             END $$;",
            "DO $$ DECLARE s text; BEGIN SELECT current_schema() INTO s; EXECUTE \
             format('COMMENT ON TABLE %I IS %2$L', 't', s); END $$;",
        ],
    );
}

#[test]
fn names_as_identifiers_rows_and_what_runs_later_are_left_alone() {
    none_gives_any(
        TENANT,
        &[
            "CREATE TABLE t (tenant text DEFAULT current_schema(), who text DEFAULT current_user);",
            "DO $$ BEGIN EXECUTE format('ALTER TABLE %I.t ADD x int', current_schema()); END $$;",
            "DO $$ BEGIN EXECUTE format('ALTER TABLE %s.t ADD x text DEFAULT %L', \
             quote_ident(current_schema()), 'x'); END $$;",
            "DO $$ BEGIN EXECUTE format('ALTER TABLE t OWNER TO %I', current_user); END $$;",
            "DO $$ BEGIN INSERT INTO t VALUES (current_schema(), now()); END $$;",
            "DO $$ BEGIN EXECUTE format('INSERT INTO t VALUES (%L, %L)', current_schema(), now()); \
             END $$;",
            "DO $$ BEGIN UPDATE t SET made = now(); EXECUTE 'CREATE TABLE x (id bigint)'; END $$;",
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE \
             format('CREATE TABLE p_%s (d date)', to_char(now(), 'MM')); END $$;",
            "DO $$ BEGIN IF current_schema() = 'x' AND now() > '2026-01-01' THEN EXECUTE \
             'CREATE TABLE y (id bigint)'; END IF; END $$;",
        ],
    );
}

#[test]
fn a_finding_can_be_ignored_where_it_stands() {
    let text = "-- lint:ignore moment-constant the day of the migration is meant\n\
                ALTER TABLE t ADD born date DEFAULT 'today';";
    none_gives_any(TENANT, &[text]);
}
