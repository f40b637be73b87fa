//! What names a column in a text, in each way that PostgreSQL has for it.

/// What hangs on the table in the case, and the parts of the line that reports it.
pub(super) struct Case {
    pub(super) more: &'static str,
    /// Further columns of the table, and other tables.
    pub(super) columns: &'static str,
    pub(super) file: &'static str,
    pub(super) broken: &'static [&'static str],
}

pub(super) const RENAMES: &[Case] = &[
    // A function in SQL that no row reaches.
    Case {
        more: "CREATE FUNCTION titles() RETURNS SETOF text LANGUAGE sql AS 'SELECT title FROM tasks';",
        columns: "",
        file: "",
        broken: &["CREATE OR REPLACE on function `titles()`", "column \"title\" does not exist"],
    },
    // A function of a policy: the owner of the table is not asked by PostgreSQL.
    Case {
        more: "CREATE FUNCTION may_see(n INT) RETURNS boolean LANGUAGE plpgsql AS
                   $$ BEGIN RETURN EXISTS (SELECT FROM tasks WHERE id = n AND title <> ''); END $$;
               ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
               CREATE POLICY seen ON tasks USING (may_see(id));",
        columns: "",
        file: "",
        broken: &["policy `seen` on table `tasks`", "function may_see(integer) line 1"],
    },
    // A default of another table that calls a function.
    Case {
        more: "CREATE FUNCTION first_title() RETURNS text LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT min(title) FROM tasks); END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT DEFAULT first_title());",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, } }",
        broken: &["INSERT on table `notes`", "function first_title() line 1 at RETURN"],
    },
    // A check of another table.
    Case {
        more: "CREATE FUNCTION is_known(t TEXT) RETURNS boolean LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks WHERE title = t; RETURN true; END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT CHECK (is_known(body)));",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, } }",
        broken: &["INSERT, UPDATE on table `notes`", "function is_known(text)"],
    },
    // A generated column of another table.
    Case {
        more: "CREATE FUNCTION known(t TEXT) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT max(title) FROM tasks WHERE title = t); END $$;
               CREATE TABLE notes (id INT PRIMARY KEY, body TEXT,
                                   known TEXT GENERATED ALWAYS AS (known(body)) STORED);",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, body -> Nullable<Text>, known -> Nullable<Text>, } }",
        broken: &["INSERT, UPDATE on table `notes`", "function known(text)"],
    },
    // The columns are arguments of a trigger.
    Case {
        more: "ALTER TABLE tasks ADD COLUMN words tsvector;
               CREATE TRIGGER worded BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW
                   EXECUTE FUNCTION tsvector_update_trigger('words', 'pg_catalog.english', 'title');",
        columns: "words -> Nullable<Tsvector>,",
        file: "",
        broken: &["INSERT, UPDATE on table `tasks`", "column \"title\" does not exist"],
    },
    // A trigger of a view that takes the rows.
    Case {
        more: "CREATE VIEW shown AS SELECT id, title FROM tasks;
               CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN INSERT INTO tasks (title) VALUES (NEW.title); RETURN NEW; END $$;
               CREATE TRIGGER taken INSTEAD OF INSERT ON shown FOR EACH ROW EXECUTE FUNCTION take();",
        columns: "",
        file: "",
        broken: &["INSERT on view `shown`", "function take() line 1"],
    },
    // A rule that calls a function.
    Case {
        more: "CREATE FUNCTION note_it(n INT) RETURNS void LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks WHERE id = n; END $$;
               CREATE RULE noted AS ON UPDATE TO tasks DO ALSO SELECT note_it(OLD.id);",
        columns: "",
        file: "",
        broken: &["UPDATE on table `tasks`", "function note_it(integer) line 1"],
    },
    // A trigger of another table, by dynamic SQL, and only when something changed.
    Case {
        more: "CREATE TABLE notes (id INT PRIMARY KEY, task INT REFERENCES tasks, body TEXT NOT NULL);
               CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN EXECUTE 'UPDATE tasks SET title = $1' USING NEW.body; RETURN NULL; END $$;
               CREATE CONSTRAINT TRIGGER touched AFTER UPDATE ON notes DEFERRABLE INITIALLY DEFERRED
                   FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION touch();",
        columns: "",
        file: "diesel::table! { notes (id) { id -> Int4, task -> Nullable<Int4>, body -> Text, } }
               diesel::joinable!(notes -> tasks (task));",
        broken: &["UPDATE on table `notes`", "function touch() line 1 at EXECUTE"],
    },
    // A view that calls a function, and one that keeps what it gave.
    Case {
        more: "CREATE FUNCTION upper_title(n INT) RETURNS text LANGUAGE plpgsql AS
                   $$ BEGIN RETURN (SELECT upper(title) FROM tasks WHERE id = n); END $$;
               CREATE VIEW loud AS SELECT id, upper_title(id) AS loud FROM tasks;
               CREATE MATERIALIZED VIEW kept AS SELECT id, upper_title(id) AS loud FROM tasks;",
        columns: "",
        file: "",
        broken: &["REFRESH on view `kept`", "function upper_title(integer)"],
    },
    // A branch that only one label of an enum takes.
    Case {
        more: "CREATE TYPE state AS ENUM ('new', 'open', 'waiting', 'done');
               ALTER TABLE tasks ADD COLUMN state state NOT NULL DEFAULT 'new';
               CREATE FUNCTION finish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF NEW.state = 'done' THEN NEW.title := 'done'; END IF;
                   RETURN NEW; END $$;
               CREATE TRIGGER finished BEFORE INSERT OR UPDATE ON tasks
                   FOR EACH ROW EXECUTE FUNCTION finish();",
        columns: "state -> State,",
        file: "pub mod sql_types { #[diesel(postgres_type(name = \"state\"))] pub struct State; }",
        broken: &["UPDATE on table `tasks`", "function finish()"],
    },
    // Partitions, each with the trigger of the whole.
    Case {
        more: "CREATE TABLE days (id INT, day DATE, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
               CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2031-01-01') TO ('2032-01-01');
               CREATE FUNCTION count_day() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM title FROM tasks; RETURN NULL; END $$;
               CREATE TRIGGER counted AFTER INSERT ON days FOR EACH ROW EXECUTE FUNCTION count_day();",
        columns: "",
        file: "diesel::table! { days (id, day) { id -> Int4, day -> Date, } }
               diesel::table! { days_1 (id, day) { id -> Int4, day -> Date, } }",
        broken: &["INSERT on table `days`", "function count_day() line 1"],
    },
    // A trigger on TRUNCATE, and one for each statement that deletes.
    Case {
        more: "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS
                   $$ BEGIN PERFORM count(title) FROM tasks; RETURN NULL; END $$;
               CREATE TRIGGER emptied AFTER DELETE OR TRUNCATE ON tasks EXECUTE FUNCTION gone();",
        columns: "",
        file: "",
        broken: &["DELETE, TRUNCATE on table `tasks`", "function gone() line 1"],
    },
    // An event trigger fires at the next migration.
    Case {
        more: "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS
                   $$ BEGIN IF tg_tag = 'CREATE TABLE' THEN PERFORM title FROM tasks; END IF; END $$;
               CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION watch();",
        columns: "",
        file: "",
        broken: &["CREATE TABLE, ALTER TABLE, DROP TABLE on the database", "function watch() line 1"],
    },
];
