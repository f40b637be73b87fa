-- What Citus refuses in a tenant's schema, for each rule about it: the rule and the
-- message, the statements, and after `-- instead` what is accepted. The tests of the rules
-- read this file, and so does one that runs it all on a cluster.
--
-- Each example finds these tables, with some rows:
--   lists (id bigint identity primary key, name text)
--   tasks (id bigint identity primary key, list bigint references lists, title text,
--          size int, constraint size_positive check (size > 0))
--   plain (id int, body text, due date)
--   old (id serial primary key)
-- and the type `place`, the sequence `counter`, the view `titles` and the function
-- `shout()` of a trigger.

-- citus-add-constraint: cannot execute ADD CONSTRAINT command with other subcommands
ALTER TABLE plain ADD COLUMN size int, ADD CONSTRAINT size_positive CHECK (size > 0);
-- instead
ALTER TABLE plain ADD COLUMN size int;
ALTER TABLE plain ADD CONSTRAINT size_positive CHECK (size > 0);

-- citus-add-constraint: cannot execute ADD CONSTRAINT command with other subcommands
ALTER TABLE tasks DROP CONSTRAINT size_positive, ADD CONSTRAINT size_positive CHECK (size >= 0);
-- instead
ALTER TABLE tasks DROP CONSTRAINT size_positive;
ALTER TABLE tasks ADD CONSTRAINT size_positive CHECK (size >= 0);

-- citus-add-constraint: cannot execute ADD COLUMN command with PRIMARY KEY, UNIQUE, FOREIGN and CHECK constraints
ALTER TABLE plain ADD COLUMN size int CHECK (size > 0);
-- instead
ALTER TABLE plain ADD COLUMN size int CONSTRAINT size_positive CHECK (size > 0);

-- citus-add-constraint: cannot execute ADD COLUMN command with PRIMARY KEY, UNIQUE, FOREIGN and CHECK constraints
ALTER TABLE plain ADD COLUMN list bigint REFERENCES lists, ADD COLUMN size int;
-- instead
ALTER TABLE plain ADD COLUMN list bigint CONSTRAINT plain_list_fkey REFERENCES lists;
ALTER TABLE plain ADD COLUMN size int, ADD COLUMN shade text DEFAULT 'red' NOT NULL;

-- citus-add-constraint: cannot execute ADD COLUMN command with PRIMARY KEY, UNIQUE, FOREIGN and CHECK constraints
ALTER TABLE plain ADD COLUMN size int UNIQUE, ADD COLUMN shade text;
-- instead
ALTER TABLE plain ADD COLUMN size int CONSTRAINT one_of_each UNIQUE, ADD COLUMN shade text;

-- citus-alter-sequence: cannot create sequences that specify a distributed table in their OWNED BY option
CREATE SEQUENCE numbers OWNED BY plain.id;
-- instead
CREATE SEQUENCE numbers;
ALTER SEQUENCE numbers OWNED BY plain.id;
ALTER TABLE plain ALTER COLUMN id SET DEFAULT nextval('numbers');

-- citus-alter-sequence: Altering a distributed sequence is currently not supported.
ALTER SEQUENCE old_id_seq RESTART WITH 100;
-- instead
DO $$ BEGIN PERFORM setval('old_id_seq', 100); END $$;

-- citus-alter-sequence: Altering a distributed sequence is currently not supported.
ALTER SEQUENCE old_id_seq INCREMENT BY 10 CACHE 5;
-- instead
CREATE SEQUENCE by_tens INCREMENT BY 10;
ALTER TABLE old ALTER COLUMN id SET DEFAULT nextval('by_tens');
ALTER SEQUENCE old_id_seq RENAME TO unused;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER COLUMN id RESTART WITH 100;
-- instead
SELECT setval(pg_get_serial_sequence('tasks', 'id'), 100);

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER COLUMN id SET GENERATED ALWAYS;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER COLUMN id SET INCREMENT BY 2;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER COLUMN id DROP IDENTITY;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER COLUMN title SET STATISTICS 500;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE plain ALTER COLUMN body SET STORAGE EXTERNAL;
-- instead
ALTER TABLE plain ALTER COLUMN body SET COMPRESSION pglz;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE plain ALTER COLUMN body SET (n_distinct = 5);
-- instead
ALTER TABLE plain SET (fillfactor = 70);
ALTER TABLE plain RESET (fillfactor);

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks CLUSTER ON tasks_pkey;
-- instead
CLUSTER tasks USING tasks_pkey;

-- citus-alter-table: alter table command is currently unsupported
ALTER TABLE tasks ALTER CONSTRAINT tasks_list_fkey DEFERRABLE;
-- instead
ALTER TABLE tasks DROP CONSTRAINT tasks_list_fkey;
ALTER TABLE tasks ADD CONSTRAINT tasks_list_fkey FOREIGN KEY (list) REFERENCES lists DEFERRABLE;

-- citus-alter-table: alter table command is currently unsupported
CREATE TABLE twin (id int, body text, due date);
ALTER TABLE twin INHERIT plain;

-- citus-alter-table: alter table command is currently unsupported
CREATE TABLE sums (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
ALTER TABLE sums ALTER COLUMN b DROP EXPRESSION;

-- citus-alter-table: Citus doesn't support setting or resetting default values for a column of view
ALTER VIEW titles ALTER COLUMN title SET DEFAULT 'none';

-- citus-alter-table: alter index ... set tablespace ... is currently unsupported
ALTER INDEX tasks_pkey SET TABLESPACE pg_default;
-- instead
ALTER INDEX tasks_pkey SET (fillfactor = 70);

-- citus-change-rows: functions used in UPDATE queries on distributed tables must not be VOLATILE
UPDATE plain SET body = gen_random_uuid()::text;
-- instead
WITH new AS (SELECT id, gen_random_uuid()::text AS value FROM plain)
UPDATE plain SET body = new.value FROM new WHERE new.id = plain.id;

-- citus-change-rows: functions used in UPDATE queries on distributed tables must not be VOLATILE
UPDATE plain SET id = nextval('counter') WHERE id > 1;
-- instead
UPDATE plain SET due = now();
INSERT INTO plain (id) SELECT nextval('counter') FROM tasks;

-- citus-change-rows: functions used in the WHERE/ON/WHEN clause of modification queries on distributed tables must not be VOLATILE
DELETE FROM plain WHERE random() < 0.5;

-- citus-change-rows: functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE
CREATE TABLE seen (id int PRIMARY KEY, at timestamptz);
INSERT INTO seen (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = now();
-- instead
CREATE TABLE seen (id int PRIMARY KEY, at timestamptz);
INSERT INTO seen (id, at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = excluded.at;

-- citus-change-rows: functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE
CREATE TABLE seen (id int PRIMARY KEY, at timestamptz);
INSERT INTO seen (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET at = CURRENT_TIMESTAMP;

-- citus-change-rows: non-IMMUTABLE functions are not yet supported in MERGE sql with distributed tables
MERGE INTO plain USING tasks ON plain.id = tasks.id WHEN MATCHED THEN UPDATE SET due = now();
-- instead
MERGE INTO plain USING tasks ON plain.id = tasks.id WHEN MATCHED THEN UPDATE SET body = title;

-- citus-change-rows: cannot run DML queries with cursors
DECLARE one CURSOR FOR SELECT * FROM plain;
FETCH one;
DELETE FROM plain WHERE CURRENT OF one;

-- citus-constraint-name: constraint "plain_list_fkey" of relation "plain" does not exist
ALTER TABLE plain ADD COLUMN list bigint REFERENCES lists;
ALTER TABLE plain DROP CONSTRAINT plain_list_fkey;
-- instead
ALTER TABLE plain ADD COLUMN list bigint CONSTRAINT plain_list_fkey REFERENCES lists;
ALTER TABLE plain DROP CONSTRAINT plain_list_fkey;

-- citus-constraint-name: constraint "plain_size_key" of relation "plain" does not exist
ALTER TABLE plain ADD COLUMN size int UNIQUE;
ALTER TABLE plain DROP CONSTRAINT plain_size_key;
-- instead
ALTER TABLE plain ADD COLUMN size int CONSTRAINT plain_size_key UNIQUE;
ALTER TABLE plain DROP CONSTRAINT plain_size_key;

-- citus-create-table: tables in a distributed schema cannot inherit or be inherited
CREATE TABLE child (extra int) INHERITS (plain);
-- instead
CREATE TABLE child (LIKE plain INCLUDING ALL, extra int);
CREATE TEMP TABLE one (id int) ON COMMIT DROP;
CREATE TEMP TABLE other () INHERITS (one);

-- citus-create-table: cannot create tables in a distributed schema using CREATE TABLE OF syntax
CREATE TABLE places OF place;

-- citus-create-table: distributing multi-level partitioned tables is not supported
CREATE TABLE days (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE year PARTITION OF days FOR VALUES FROM ('2030-01-01') TO ('2031-01-01') PARTITION BY LIST (id);
-- instead
CREATE TABLE days (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE year PARTITION OF days FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');

-- citus-create-table: cannot create a foreign table in a distributed schema
CREATE FOREIGN TABLE away (id int) SERVER elsewhere;

-- citus-foreign-key: cannot create foreign key constraint since relations are not colocated
CREATE TABLE notes (task bigint REFERENCES neighbour.things);
-- instead
CREATE TABLE notes (task bigint REFERENCES tasks);

-- citus-object: "table spans" has dependency on unsupported object
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE spans (span span);
-- instead
CREATE TABLE spans (span numrange);

-- citus-object: operator does not exist
CREATE FUNCTION same(place, place) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR === (LEFTARG = place, RIGHTARG = place, FUNCTION = same);
CREATE TABLE visits (place place);
SELECT FROM visits WHERE place === ROW('a')::place;
-- instead
CREATE FUNCTION same(place, place) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE TABLE visits (place place);
SELECT FROM visits WHERE same(place, ROW('a')::place);

-- citus-object: cannot cast type integer to place
CREATE FUNCTION to_place(int) RETURNS place LANGUAGE sql IMMUTABLE AS $$SELECT ROW('a')::place$$;
CREATE CAST (int AS place) WITH FUNCTION to_place(int);
SELECT id::place FROM plain;

-- citus-object: has dependency on unsupported object "operator class
CREATE OPERATOR CLASS by_size FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
CREATE INDEX plain_by_size ON plain (id by_size);

-- citus-object: cannot execute a distributed query from a query on a shard
CREATE RULE also AS ON INSERT TO plain DO ALSO INSERT INTO lists (name) VALUES ('one more');
-- used
INSERT INTO plain (id) VALUES (7);
-- instead
CREATE RULE never AS ON DELETE TO plain DO INSTEAD NOTHING;
-- used
DELETE FROM plain;

-- citus-policy: unexpected non-SELECT command in SubLink
CREATE POLICY own ON plain USING (id IN (SELECT id FROM tasks));
-- instead
CREATE POLICY own ON plain USING (body = current_setting('app.user', true));
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;

-- citus-rename-constraint: renaming constraints belonging to distributed tables is currently unsupported
ALTER TABLE tasks RENAME CONSTRAINT size_positive TO positive;
-- instead
ALTER TABLE tasks DROP CONSTRAINT size_positive;
ALTER TABLE tasks ADD CONSTRAINT positive CHECK (size > 0);

-- citus-sequence-column: cannot execute ADD COLUMN commands involving serial pseudotypes
ALTER TABLE plain ADD COLUMN number bigserial;
-- instead
ALTER TABLE plain ADD COLUMN number bigint;
CREATE SEQUENCE plain_number_seq;
ALTER TABLE plain ALTER COLUMN number SET DEFAULT nextval('plain_number_seq');
WITH new AS (SELECT id, nextval('plain_number_seq') AS number FROM plain)
UPDATE plain SET number = new.number FROM new WHERE new.id = plain.id;

-- citus-sequence-column: cannot execute ADD COLUMN commands involving identity columns
ALTER TABLE plain ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
-- instead
CREATE TABLE numbered (number bigint GENERATED ALWAYS AS IDENTITY, old serial, id bigint DEFAULT nextval('counter'));

-- citus-sequence-column: cannot add a column involving DEFAULT nextval('..') because the table is not empty
ALTER TABLE plain ADD COLUMN number bigint DEFAULT nextval('counter');

-- citus-sequence-column: SET DEFAULT nextval('..') command with other subcommands
ALTER TABLE plain ALTER COLUMN id SET DEFAULT nextval('counter'), ADD COLUMN size int;
-- instead
ALTER TABLE plain ADD COLUMN size int;
ALTER TABLE plain ALTER COLUMN id SET DEFAULT nextval('counter');

-- citus-setval: is out of bounds for sequence
SELECT setval('lists_id_seq', max(id)) FROM lists;
-- instead
DO $$ DECLARE top bigint; BEGIN SELECT max(id) INTO top FROM lists; PERFORM setval('lists_id_seq', top); END $$;

-- citus-setval: is out of bounds for sequence
SELECT setval('lists_id_seq', (SELECT max(id) FROM lists));

-- citus-trigger: triggers are not supported on distributed tables
CREATE TRIGGER loud BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION shout();
-- instead
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER loud BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION shout();
ALTER TABLE tasks DISABLE TRIGGER loud;
DROP TRIGGER loud ON tasks;

-- citus-trigger: triggers are not supported on distributed tables
ALTER TABLE tasks DISABLE TRIGGER ALL;

-- citus-trigger: triggers are not supported on distributed tables
DROP TRIGGER IF EXISTS loud ON tasks;
-- instead
CREATE TRIGGER loud INSTEAD OF INSERT ON titles FOR EACH ROW EXECUTE FUNCTION shout();

-- citus-trigger-path: relation "plain" does not exist
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO plain (body) VALUES (NEW.title); RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();
-- used
INSERT INTO tasks (title) VALUES ('noted');
-- instead
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN INSERT INTO plain (body) VALUES (NEW.title); RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();
-- used
INSERT INTO tasks (title) VALUES ('noted');

-- citus-trigger-path: relation "plain" does not exist
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO plain (body) VALUES ($1)' USING NEW.title; RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();
-- used
INSERT INTO tasks (title) VALUES ('noted');
-- instead
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('INSERT INTO %I.plain (body) VALUES ($1)', TG_TABLE_SCHEMA) USING NEW.title; RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();
-- used
INSERT INTO tasks (title) VALUES ('noted');

-- citus-trigger-name: violates check constraint
CREATE TABLE log (of text CHECK (of = 'tasks'));
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN INSERT INTO log VALUES (TG_TABLE_NAME); RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note();
-- used
INSERT INTO tasks (title) VALUES ('noted');
-- instead
CREATE TABLE log (of text CHECK (of = 'tasks'));
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN INSERT INTO log VALUES (TG_ARGV[0]); RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER noted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note('tasks');
-- used
INSERT INTO tasks (title) VALUES ('noted');

-- citus-trigger-sequence: relation "counter" does not exist
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN NEW.size := nextval('counter'); RETURN NEW; END $$;
SET LOCAL citus.enable_unsafe_triggers TO on;
CREATE TRIGGER numbered BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION number();
-- used
INSERT INTO tasks (title) VALUES ('numbered');
-- instead
ALTER TABLE tasks ALTER COLUMN size SET DEFAULT nextval('counter');
-- used
INSERT INTO tasks (title) VALUES ('numbered');
