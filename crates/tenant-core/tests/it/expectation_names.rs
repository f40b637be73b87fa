//! Whatever migrations put together of the schema's name, the database's name and random
//! numbers: no name that they were only tried under is ever shown, nor a mark of the
//! program's own.

use tenant_core::{Error, Note, Tenants};
use test_support::{TestDatabase, Trials, rounds};

use crate::expectation_scratch::COMMITS;
use crate::fixture::{Stream, chain, create, name, tenants};

/// Objects of each kind, whose names are made of `NAME`.
const OBJECTS: &str = "
    EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, %I text UNIQUE, n int)', 't_' || NAME, 'c_' || NAME);
    EXECUTE format('CREATE INDEX %I ON %I (n)', 'i_' || NAME, 't_' || NAME);
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (n > 0)', 't_' || NAME, 'k_' || NAME);
    EXECUTE format('CREATE SEQUENCE %I', 's_' || NAME);
    EXECUTE format('CREATE VIEW %I AS SELECT n FROM %I', 'v_' || NAME, 't_' || NAME);
    EXECUTE format('CREATE TYPE %I AS ENUM (''a'', %L)', 'e_' || NAME, left(NAME, 60));
    EXECUTE format('CREATE FUNCTION %I() RETURNS text LANGUAGE sql AS %L', 'f_' || NAME, format('SELECT %L', NAME));
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION touch(%L)', 'g_' || NAME, NAME);
    EXECUTE format('CREATE POLICY %I ON plain USING (word = %L)', 'p_' || NAME, NAME);
    EXECUTE format('CREATE TABLE %I (id serial, at date)', 'part_' || NAME || '_');
    EXECUTE format('ALTER TABLE plain ADD COLUMN %I text DEFAULT %L', 'd_' || NAME, NAME);
    EXECUTE format('COMMENT ON COLUMN plain.word IS %L', NAME);";

/// What a name can be made of.
const NAMES: &[&str] = &[
    "current_schema()",
    "upper(current_schema())",
    "replace(current_schema(), '_', '')",
    "repeat('a', 40) || current_schema()",
    "repeat('a', 52) || current_schema()",
    "reverse(current_schema())",
    "left(current_schema(), 6)",
    "md5(current_schema())",
    "md5(random()::text)",
    "current_schema() || '_' || (random() * 1000)::int",
    "repeat('a', 50) || current_schema() || md5(random()::text)",
    "current_database()",
    "upper(current_database())",
    "repeat('a', 40) || current_database()",
    "current_database() || '.' || current_schema()",
    "length(current_schema())",
];

fn stream(made_of: &str) -> Stream {
    Stream::new().with(&format!(
        "CREATE TABLE plain (id int, word text); \
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
         DO $$ DECLARE made text := ({made_of})::text; BEGIN {} END $$;",
        OBJECTS.replace("NAME", "made")
    ))
}

/// What is wrong with a text: letters that only made-up names have together, the names of
/// scratch databases, and marks.
fn faults(text: &str) -> Option<String> {
    let is_of_names = |letter: char| "ghjkmnpqrstvwxyz".contains(letter.to_ascii_lowercase());
    let words = text.split(|letter: char| !is_of_names(letter));
    let made_up = words.filter(|word| word.len() >= 5).map(str::to_owned);
    let marks = text
        .chars()
        .filter(|it| ('\u{fdd0}'..='\u{fdef}').contains(it));
    let marks = marks.map(|mark| format!("{mark:?}"));
    let scratch = text.to_lowercase().contains("rehearsal_");
    let scratch = scratch.then(|| "a scratch database".to_owned());
    let found = made_up.chain(marks).chain(scratch).collect::<Vec<_>>();
    (!found.is_empty()).then(|| format!("{found:?} in {text}"))
}

fn told(notes: &[Note]) -> Vec<String> {
    notes
        .iter()
        .map(|note| format!("{note} {note:?}"))
        .collect()
}

fn failed<T>(result: Result<T, Error>, words: impl FnOnce(T) -> Vec<String>) -> Vec<String> {
    match result {
        Ok(done) => words(done),
        Err(error) => vec![chain(&error)],
    }
}

/// All that is said of a tenant.
async fn said(tenants: &Tenants) -> Vec<String> {
    let acme = name("acme");
    let mut said = Vec::new();
    let health = tenants.health().await.unwrap();
    said.extend(health.varying.clone());
    for problem in &health.problems {
        said.push(problem.kind.to_string());
        said.extend(problem.sql(tenants.registry()));
        said.push(format!("{:?}", problem.remedies(tenants.registry())));
    }
    said.extend(failed(tenants.try_repair(&acme).await, |repair| {
        let left = repair.left.iter().map(|it| {
            let why = it.why.as_ref().map(|why| chain(why));
            format!("{} {why:?} {:?}", it.difference, it.difference.change)
        });
        left.chain(repair.mended.iter().map(ToString::to_string))
            .chain(repair.statements.clone())
            .collect()
    }));
    said.extend(failed(tenants.repair(&acme).await, |repair| {
        repair.statements
    }));
    let clone = tenants.clone_tenant(&acme, &name("copy")).await;
    said.extend(failed(clone, |cloned| told(&cloned.notes)));
    let compared = tenants.compare(&acme, &name("globex")).await;
    said.extend(failed(compared, |comparison| {
        let differences = comparison.differences.iter();
        differences.map(ToString::to_string).collect()
    }));
    let spares = tenants.spares().keep(1).await;
    said.extend(failed(spares, |spares| vec![format!("{spares:?}")]));
    let renamed = tenants.rename(&acme, &name("acme_two")).await;
    said.extend(failed(renamed, |renamed| told(&renamed.notes)));
    said
}

/// The statements that drop or rename one object each.
const DAMAGES: &str = "
    SELECT format('DROP %s %s CASCADE', CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'i' THEN 'INDEX' WHEN 'S' THEN 'SEQUENCE'
                  ELSE 'VIEW' END, oid::regclass)
    FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'i', 'S', 'v')
      AND relname <> '__diesel_schema_migrations'
    UNION ALL
    SELECT format('ALTER TABLE %s RENAME TO found_%s', oid::regclass, oid)
    FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind IN ('r', 'i', 'S', 'v')
      AND relname <> '__diesel_schema_migrations'
    UNION ALL
    SELECT format('ALTER TABLE %s RENAME %I TO was_%s', attrelid::regclass, attname, attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r' AND attnum > 0
      AND relname <> '__diesel_schema_migrations'
    UNION ALL
    SELECT format('ALTER TABLE %s ALTER %I DROP DEFAULT', adrelid::regclass, attname)
    FROM pg_attrdef d JOIN pg_attribute a ON (attrelid, attnum) = (adrelid, adnum)
    JOIN pg_class c ON c.oid = adrelid WHERE relnamespace = 'acme'::regnamespace
    UNION ALL
    SELECT format('ALTER TYPE %s RENAME VALUE %L TO %L', enumtypid::regtype, enumlabel, 'label ' || e.oid)
    FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid WHERE typnamespace = 'acme'::regnamespace
    UNION ALL
    SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'acme'::regnamespace
    UNION ALL
    SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = 'acme'::regnamespace AND NOT tgisinternal
    UNION ALL
    SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy p JOIN pg_class c ON c.oid = polrelid
    WHERE relnamespace = 'acme'::regnamespace
    UNION ALL VALUES ('CREATE TABLE acme.other (id int)'), ('CREATE INDEX ON acme.plain (id)'),
                     ('COMMENT ON COLUMN acme.plain.word IS ''no'''), ('ALTER TABLE acme.plain ADD more text')";

#[tokio::test]
async fn no_name_of_a_trial_is_shown_whatever_is_made_of_it() {
    let database = TestDatabase::new().await;
    let mut trials = Trials::of("made-up names");
    for made_of in NAMES {
        let mut streams = vec![stream(made_of)];
        if made_of.contains("database") || rounds(0, 1) > 0 {
            streams.push(stream(made_of).outside(COMMITS));
        }
        for stream in streams {
            let tenants = tenants(&database, &stream).await;
            create(&tenants, &["acme", "globex"]).await;
            database.execute("SET search_path TO public").await;
            let damages = database.column(DAMAGES).await;
            let client = database.client().await;
            for _ in 0..rounds(5, 12) {
                // What an earlier one has taken away cannot be damaged any more.
                let damage = trials.one_of(damages.as_slice());
                let _ = client.batch_execute(damage.as_str()).await;
            }
            let said = said(&tenants).await;
            trials.count("texts", said.len());
            let wrong = said
                .iter()
                .filter_map(|text| faults(text))
                .collect::<Vec<_>>();
            trials.wrong(made_of, &wrong);
            for tenant in ["acme", "acme_two", "globex", "copy"] {
                let _ = tenants.drop_tenant(&name(tenant)).await;
            }
            let _ = tenants.spares().keep(0).await;
        }
    }
    trials.end();
}

#[tokio::test]
async fn what_a_trial_says_does_not_name_its_schema() {
    for (raise, outside) in [
        (
            "RAISE EXCEPTION 'the schema % has no plan', current_schema()",
            false,
        ),
        (
            "RAISE EXCEPTION 'no plan' USING DETAIL = current_schema(), HINT = upper(current_schema())",
            false,
        ),
        (
            "EXECUTE format('SELECT * FROM %I.nothing', current_schema())",
            false,
        ),
        ("RAISE EXCEPTION '% has no plan', current_database()", true),
    ] {
        let database = TestDatabase::new().await;
        // It fails where it is tried, and not in the tenant.
        let body = format!(
            "DO $$ BEGIN IF current_schema() NOT IN ('acme') AND current_schema() !~ '^_spare' THEN {raise}; END IF; END $$;"
        );
        let stream = Stream::new().with("CREATE TABLE t (id int)").with(&body);
        let stream = if outside {
            stream.outside(COMMITS)
        } else {
            stream
        };
        let tenants = tenants(&database, &stream).await;
        create(&tenants, &["acme"]).await;
        let health = tenants.health().await.unwrap();
        for problem in &health.problems {
            assert_eq!(faults(&chain(&problem.kind)), None, "{raise}");
        }
        assert!(
            !health.problems.is_empty() || health.not_checked.is_some(),
            "{raise}"
        );
        let repair = tenants.repair(&name("acme")).await.unwrap_err();
        let text = chain(&repair);
        assert_eq!(faults(&text), None, "{raise}");
        assert!(text.contains("(trial run)"), "{text}");
    }
}
