//! A write in one tenant never lands in another, although migrations write the schema's
//! name into texts: in clones, and after renames.

use tenant_core::{Error, Note, Rows, SpareCount, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, chain, create, name, tenants, two_steps};

/// An audit whose trigger has the table's name in its argument, and a default that is the
/// tenant's name.
fn audited() -> Stream {
    Stream::new().with(
        "CREATE TABLE tasks (id int PRIMARY KEY, title text, tenant text);
         CREATE TABLE tasks_log (id int, title text);
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           EXECUTE format('INSERT INTO %s VALUES ($1, $2)', TG_ARGV[0]) USING OLD.id, OLD.title; RETURN NEW; END $$;
         DO $$ BEGIN
           EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION keep(%L)',
                          current_schema() || '.tasks_log');
           EXECUTE format('ALTER TABLE tasks ALTER COLUMN tenant SET DEFAULT %L', current_schema());
           INSERT INTO tasks VALUES (0, upper(current_schema()), current_schema());
         END $$;",
    )
}

async fn clone(tenants: &Tenants, from: &str, to: &str) -> Result<tenant_core::Cloned, Error> {
    tenants.clone_tenant(&name(from), &name(to)).await
}

/// The same where it is known that no function uses the name in a row.
async fn clone_rows(tenants: &Tenants, from: &str, to: &str) -> tenant_core::Cloned {
    let (from, to) = (name(from), name(to));
    let call = tenants.clone_tenant(&from, &to).allow_name_in_rows();
    call.await.unwrap()
}

async fn problems(tenants: &Tenants) -> Vec<String> {
    let health = tenants.health().await.unwrap();
    let problems = health.problems.iter();
    let told = problems.map(|it| format!("{:?}: {}", it.tenant, it.kind));
    told.collect()
}

fn told_rows(notes: &[Note]) -> bool {
    let rows = Note::NameInRows {
        name: "acme".to_owned(),
        tables: vec!["tasks".to_owned()],
    };
    notes == [rows]
}

/// Updates a task of the tenant and adds one; what its log and its new task say.
async fn used(database: &TestDatabase, tenant: &str) -> String {
    database
        .execute(&format!(
            "UPDATE {tenant}.tasks SET title = 'new' WHERE id = 0;
             INSERT INTO {tenant}.tasks (id) VALUES (1)"
        ))
        .await;
    let said = format!(
        "SELECT (SELECT count(*) FROM {tenant}.tasks_log) || ' ' || tenant FROM {tenant}.tasks WHERE id = 1"
    );
    database.value(&said).await
}

#[tokio::test]
async fn an_update_in_a_clone_is_logged_in_the_clone() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &audited()).await;
    create(&tenants, &["acme"]).await;
    let cloned = clone_rows(&tenants, "acme", "beta").await;
    assert!(told_rows(&cloned.notes), "{cloned:?}");
    assert_eq!(used(&database, "beta").await, "1 beta");
    let log = "SELECT count(*) FROM acme.tasks_log";
    assert_eq!(database.value(log).await, "0");
    assert_eq!(used(&database, "acme").await, "1 acme");
    assert_eq!(problems(&tenants).await, Vec::<String>::new());
    // A clone of the clone, under a name that needs quotes.
    clone_rows(&tenants, "beta", "Gamma").await;
    let default = "INSERT INTO \"Gamma\".tasks (id) VALUES (7) RETURNING tenant";
    assert_eq!(database.value(default).await, "Gamma");
}

#[tokio::test]
async fn after_a_rename_updates_are_logged_under_the_new_name() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &audited()).await;
    create(&tenants, &["acme"]).await;
    let (from, to) = (name("acme"), name("globex"));
    let renamed = tenants.rename(&from, &to).await.unwrap();
    assert!(told_rows(&renamed.notes), "{renamed:?}");
    assert_eq!(used(&database, "globex").await, "1 globex");
    assert_eq!(problems(&tenants).await, Vec::<String>::new());
    create(&tenants, &["acme"]).await;
    let log = "SELECT count(*) FROM acme.tasks_log";
    assert_eq!(database.value(log).await, "0");
}

/// Each place where somebody has written the name by hand, and what is told of it.
const BY_HAND: [(&str, &str); 14] = [
    (
        "ALTER TABLE acme.tasks ALTER title SET DEFAULT 'acme'",
        "default of column `tasks.title`",
    ),
    (
        "CREATE FUNCTION acme.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER t BEFORE UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION acme.f('acme.log')",
        "definition of trigger `t` of `tasks`",
    ),
    (
        "ALTER TABLE acme.tasks ADD kind text DEFAULT 'acmes and acme_2.x. Our acme. Yours', \
             ADD CHECK (title <> 'x')",
        "",
    ),
    (
        "ALTER TABLE acme.tasks ADD kind text GENERATED ALWAYS AS (coalesce(title, 'ACME')) STORED",
        "generation of column `tasks.kind`",
    ),
    (
        "ALTER TABLE acme.tasks ADD CONSTRAINT c CHECK (title LIKE 'acme.%')",
        "definition of constraint `c` of `tasks`",
    ),
    (
        "CREATE POLICY p ON acme.tasks USING (current_setting('app.tenant', true) = 'acme')",
        "definition of policy `p` of `tasks`",
    ),
    (
        "CREATE TABLE acme.log (t text);
         CREATE RULE r AS ON DELETE TO acme.tasks DO ALSO INSERT INTO acme.log VALUES ('acme')",
        "definition of rule `r` of `tasks`",
    ),
    (
        "CREATE VIEW acme.v AS SELECT id, 'acme' AS tenant FROM acme.tasks",
        "definition of view `v`",
    ),
    (
        "CREATE INDEX i ON acme.tasks (id) WHERE title = 'acme'",
        "definition of index `i`",
    ),
    (
        "CREATE DOMAIN acme.d AS text DEFAULT 'acme'",
        "definition of type `d`",
    ),
    (
        "CREATE FUNCTION acme.f(task acme.tasks) RETURNS bigint LANGUAGE plpgsql
             AS 'BEGIN RETURN (SELECT count(*) FROM acme.tasks); END'",
        "definition of function `f(task tasks)`",
    ),
    (
        "CREATE FUNCTION acme.f() RETURNS text LANGUAGE sql SET app.tenant TO 'acme' AS $$ SELECT ''::text $$",
        "definition of function `f()`",
    ),
    (
        "CREATE FUNCTION acme.f(tenant text DEFAULT 'acme') RETURNS text LANGUAGE sql AS 'SELECT tenant'",
        "definition of function `f(tenant text)`",
    ),
    (
        r#"CREATE FUNCTION acme.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER t BEFORE UPDATE ON acme.tasks FOR EACH ROW
             EXECUTE FUNCTION acme.f('{"schema":"acme"}')"#,
        "definition of trigger `t` of `tasks`",
    ),
];

fn told_of(place: &str) -> Note {
    Note::NameInText {
        name: "acme".to_owned(),
        places: vec![place.to_owned()],
    }
}

#[tokio::test]
async fn a_name_that_somebody_wrote_refuses_a_clone_and_is_told_by_a_rename() {
    for (statements, place) in BY_HAND {
        let database = TestDatabase::new().await;
        let stream = two_steps().with(
            "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE tasks IS %L', 'of ' || current_schema()); END $$;",
        );
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme"]).await;
        database.execute(statements).await;
        let cloned = clone(&tenants, "acme", "beta").await;
        if place.is_empty() {
            cloned.unwrap_or_else(|error| panic!("{statements}: {}", chain(&error)));
            continue;
        }
        let refused = cloned.unwrap_err();
        let Error::NameInText { places, .. } = &refused else {
            panic!("{statements}: {}", chain(&refused));
        };
        assert_eq!(*places, [place], "{statements}");
        assert_eq!(database.schemas().await, ["acme"]);
        let (from, to) = (name("acme"), name("globex"));
        let renamed = tenants.rename(&from, &to).await.unwrap();
        // A function with the name in its body is listed once.
        let in_body = statements.contains("count(*)");
        let expected = if in_body {
            "globex.f(task globex.tasks)"
        } else {
            place
        };
        assert_eq!(renamed.notes, [told_of(expected)], "{statements}");
        let comment = "SELECT obj_description('globex.tasks'::regclass)";
        assert_eq!(database.value(comment).await, "of globex");
    }
}

#[tokio::test]
async fn a_rename_tells_of_the_name_also_where_no_migration_writes_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &two_steps()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            "CREATE TABLE acme.log (id int);
             CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               EXECUTE format('INSERT INTO %s VALUES ($1)', TG_ARGV[0]) USING NEW.id; RETURN NEW; END $$;
             CREATE TRIGGER t BEFORE UPDATE ON acme.tasks FOR EACH ROW EXECUTE FUNCTION public.f('acme.log')",
        )
        .await;
    let renamed = tenants.rename(&name("acme"), &name("globex")).await;
    let told = told_of("definition of trigger `t` of `tasks`");
    assert_eq!(renamed.unwrap().notes, [told]);
}

/// What a migration reads from a table outside is no part of what an earlier trial is
/// kept for.
#[tokio::test]
async fn a_clone_goes_by_what_the_migrations_write_now() {
    let database = TestDatabase::new().await;
    database
        .execute(
            "CREATE TABLE public.labels (label text); INSERT INTO public.labels VALUES ('acme')",
        )
        .await;
    let stream = two_steps().with(
        "DO $$ BEGIN EXECUTE format('ALTER TABLE tasks ALTER title SET DEFAULT %L',
             (SELECT coalesce(label, current_schema()) FROM public.labels)); END $$;",
    );
    let before = tenants(&database, &stream).await;
    create(&before, &["acme"]).await;
    assert_eq!(problems(&before).await, Vec::<String>::new());
    database
        .execute("UPDATE public.labels SET label = NULL")
        .await;
    let tenants = tenants(&database, &stream).await;
    clone(&tenants, "acme", "beta").await.unwrap();
    let title = "INSERT INTO beta.tasks (id) VALUES (1) RETURNING title";
    assert_eq!(database.value(title).await, "beta");
}

#[tokio::test]
async fn objects_that_are_called_after_the_tenant_are_called_after_the_clone() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with(
        "DO $$ BEGIN
           EXECUTE format('ALTER TABLE tasks ADD CONSTRAINT %I CHECK (id > 0)', current_schema() || '_positive');
           EXECUTE format('CREATE INDEX %I ON tasks (title)', current_schema() || '_by_title');
         END $$;",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["acme"]).await;
    clone(&tenants, "acme", "beta").await.unwrap();
    assert_eq!(problems(&tenants).await, Vec::<String>::new());
    let (from, to) = (name("beta"), name("gamma"));
    let renamed = tenants.rename(&from, &to).await.unwrap();
    let told = renamed.notes.iter().map(ToString::to_string);
    let told = told.collect::<Vec<_>>();
    assert!(!told.iter().any(|it| it.contains("beta_")), "{told:?}");
    assert_eq!(problems(&tenants).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_word_of_the_migrations_is_no_tenants_name() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with(
        "ALTER TABLE tasks ADD state text DEFAULT 'open' CHECK (state IN ('open', 'closed'));",
    );
    let tenants = tenants(&database, &stream).await;
    create(&tenants, &["open"]).await;
    let cloned = clone(&tenants, "open", "beta").await.unwrap();
    assert!(cloned.notes.is_empty(), "{cloned:?}");
    let state = "INSERT INTO beta.tasks (id) VALUES (1) RETURNING state";
    assert_eq!(database.value(state).await, "open");
}

#[tokio::test]
async fn where_the_migrations_are_not_known_nothing_is_certain() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &audited()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute("INSERT INTO acme.__diesel_schema_migrations VALUES ('20270101000000')")
        .await;
    let refused = clone(&tenants, "acme", "beta").await.unwrap_err();
    let Error::NameInText { places, .. } = &refused else {
        panic!("{}", chain(&refused));
    };
    assert_eq!(
        *places,
        [
            "default of column `tasks.tenant`",
            "definition of trigger `keep` of `tasks`"
        ]
    );
    let (from, to) = (name("acme"), name("globex"));
    let renamed = tenants.rename(&from, &to).await.unwrap();
    let told = Note::NameInText {
        name: "acme".to_owned(),
        places: places.clone(),
    };
    assert_eq!(renamed.notes.first(), Some(&told));
    // Nor is it known what comes of what the text shows.
    let uses = renamed.notes.iter().map(Note::code);
    assert_eq!(uses.collect::<Vec<_>>(), ["name_in_text", "uses_of_name"]);
}

#[tokio::test]
async fn functions_with_a_path_of_their_own_lead_to_the_tenant_that_takes_a_spare() {
    let database = TestDatabase::new().await;
    let stream = two_steps().with(
        "CREATE FUNCTION count_tasks() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT
             AS 'SELECT count(*) FROM tasks';",
    );
    let tenants = tenants(&database, &stream).await;
    tenants.spares().keep(1).await.unwrap();
    create(&tenants, &["acme"]).await;
    let spares = tenants.spares().count().await.unwrap();
    assert_eq!(spares, SpareCount::default(), "the spare was taken");
    database
        .execute("INSERT INTO acme.tasks VALUES (1), (2)")
        .await;
    clone(&tenants, "acme", "beta").await.unwrap();
    database
        .execute("DELETE FROM beta.tasks WHERE id = 1")
        .await;
    let (from, to) = (name("acme"), name("globex"));
    tenants.rename(&from, &to).await.unwrap();
    let counts = "SELECT globex.count_tasks() || ' ' || beta.count_tasks()";
    assert_eq!(database.value(counts).await, "2 1");
}

/// A row says where to write, and a trigger of another table does so.
fn told_where_by_a_row() -> Stream {
    Stream::new().with(
        "CREATE TABLE settings (key text, value text);
         INSERT INTO settings VALUES ('log', current_schema() || '.tasks_log');
         CREATE TABLE tasks (id int PRIMARY KEY);
         CREATE TABLE tasks_log (id int);
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN
           EXECUTE format('INSERT INTO %s VALUES ($1)', (SELECT value FROM settings)) USING NEW.id; RETURN NEW; END $$;
         CREATE TRIGGER keep BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION keep();",
    )
}

#[tokio::test]
async fn rows_with_the_name_refuse_a_clone_where_dynamic_sql_could_use_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &told_where_by_a_row()).await;
    create(&tenants, &["acme"]).await;
    let refused = clone(&tenants, "acme", "beta").await.unwrap_err();
    assert_eq!(
        chain(&refused),
        "tenant `acme` cannot be cloned: its name appears in rows of \
         `settings`, and dynamic SQL could use it: acme.keep()"
    );
    assert_eq!(database.schemas().await, ["acme"]);
    let (from, to) = (name("acme"), name("beta"));
    let empty = tenants.clone_tenant(&from, &to).rows(Rows::None);
    empty.await.unwrap();
    // Rows that do not name the tenant any more lead nowhere.
    database
        .execute("UPDATE acme.settings SET value = 'tasks_log'")
        .await;
    clone(&tenants, "acme", "gamma").await.unwrap();
    database.execute("INSERT INTO gamma.tasks VALUES (1)").await;
    for (log, count) in [("acme", "0"), ("gamma", "1")] {
        let logged = format!("SELECT count(*) FROM {log}.tasks_log");
        assert_eq!(database.value(&logged).await, count, "{log}");
    }
}

#[tokio::test]
async fn what_else_leads_from_a_row_to_the_original_refuses_a_clone_as_well() {
    for function in [
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval(value) FROM settings $$;",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           PERFORM set_config('search_path', value, true) FROM settings; RETURN NEW; END $$;",
        "CREATE TABLE t (id int);
         CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION public.shared();",
    ] {
        let database = TestDatabase::new().await;
        let shared = "CREATE FUNCTION public.shared() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            EXECUTE 'SELECT 1'; RETURN NULL; END $$";
        database.execute(shared).await;
        let up = format!(
            "CREATE TABLE settings (value text); \
             INSERT INTO settings VALUES (current_schema() || '.ids'); CREATE SEQUENCE ids; {function}"
        );
        let tenants = tenants(&database, &Stream::new().with(&up)).await;
        create(&tenants, &["acme"]).await;
        let refused = clone(&tenants, "acme", "beta").await.unwrap_err();
        assert!(
            refused.to_string().contains("rows of `settings`"),
            "{refused}"
        );
    }
    // A function that puts no SQL together cannot follow a row, and the note is enough.
    let database = TestDatabase::new().await;
    let up = "CREATE TABLE tasks (value text); INSERT INTO tasks VALUES (current_schema());
        CREATE SEQUENCE ids;
        CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('ids') $$;";
    let tenants = tenants(&database, &Stream::new().with(up)).await;
    create(&tenants, &["acme"]).await;
    let cloned = clone(&tenants, "acme", "beta").await.unwrap();
    assert!(told_rows(&cloned.notes), "{cloned:?}");
}
