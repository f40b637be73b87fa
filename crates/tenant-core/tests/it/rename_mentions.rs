//! What a tenant's old name stands in: what follows, and what is told.

use tenant_core::{Note, Renamed, Tenants};
use test_support::TestDatabase;

use crate::fixture::{Stream, create, name, tenants};

fn one_table() -> Stream {
    Stream::new().with("CREATE TABLE tasks (id int PRIMARY KEY);")
}

async fn renamed(tenants: &Tenants) -> Renamed {
    let renamed = tenants.rename(&name("acme"), &name("globex")).await;
    renamed.unwrap()
}

/// Whose paths have the old name, and what sets them right.
fn old_paths(renamed: &Renamed) -> Vec<(&str, &str)> {
    let paths = renamed.notes.iter().filter_map(|note| match note {
        Note::OldPath { of, remedy, .. } => Some((of.as_str(), remedy.as_str())),
        _ => None,
    });
    paths.collect()
}

#[tokio::test]
async fn a_functions_path_keeps_whatever_else_is_in_it() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme"]).await;
    database
        .execute(
            r#"CREATE SCHEMA "My ""own"" schema, too";
               CREATE FUNCTION acme.rows() RETURNS bigint LANGUAGE sql STABLE
                   SET search_path TO "$user", "My ""own"" schema, too", acme, acme_2, ''
                   SET work_mem TO '8MB'
                   AS 'SELECT count(*) FROM tasks';
               INSERT INTO acme.tasks VALUES (1)"#,
        )
        .await;
    let renamed = renamed(&tenants).await;
    assert_eq!(renamed.functions, 1, "{renamed:?}");
    assert!(renamed.notes.is_empty(), "{renamed:?}");
    let settings = "SELECT array_to_string(proconfig, '; ') FROM pg_proc \
                    WHERE oid = 'globex.rows()'::regprocedure";
    assert_eq!(
        database.value(settings).await,
        r#"search_path="$user", "My ""own"" schema, too", globex, acme_2, ""; work_mem=8MB"#
    );
    assert_eq!(database.value("SELECT globex.rows()").await, "1");
}

#[tokio::test]
async fn functions_with_the_old_name_in_their_text_are_told_and_others_are_not() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme", "neighbour"]).await;
    database
        .execute(
            "CREATE FUNCTION acme.bad(id int) RETURNS bigint LANGUAGE plpgsql
                 AS 'BEGIN RETURN (SELECT count(*) FROM ACME.tasks); END';
             CREATE FUNCTION acme.good() RETURNS text LANGUAGE sql
                 AS $$ SELECT 'acme_2 and acmes'::text $$;
             CREATE FUNCTION acme.follows() RETURNS bigint LANGUAGE sql
                 BEGIN ATOMIC SELECT count(*) FROM acme.tasks; END;
             CREATE FUNCTION neighbour.other() RETURNS text LANGUAGE sql AS $$ SELECT 'acme' $$;
             CREATE FUNCTION public.report() RETURNS bigint LANGUAGE plpgsql
                 AS 'BEGIN RETURN (SELECT count(*) FROM acme.tasks); END';
             CREATE SCHEMA reports;
             CREATE FUNCTION reports.report() RETURNS bigint LANGUAGE plpgsql
                 AS 'BEGIN RETURN (SELECT count(*) FROM acme.tasks); END'",
        )
        .await;
    let renamed = renamed(&tenants).await;
    let told = Note::NameInText {
        name: "acme".to_owned(),
        places: vec![
            "globex.bad(id integer)".to_owned(),
            "public.report()".to_owned(),
            "reports.report()".to_owned(),
        ],
    };
    assert_eq!(renamed.notes, [told]);
    assert_eq!(database.value("SELECT globex.follows()").await, "0");
}

#[tokio::test]
async fn paths_outside_the_schema_are_told_with_what_sets_them_right() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme"]).await;
    let role = database.role("secret").await;
    let (role, here) = (role.name(), database.name());
    database
        .execute(&format!(
            "CREATE FUNCTION public.rows() RETURNS bigint LANGUAGE sql SET search_path TO acme
                 AS 'SELECT count(*) FROM tasks';
             ALTER ROLE {role} SET search_path TO acme, public;
             ALTER ROLE {role} IN DATABASE \"{here}\" SET search_path TO '$user', \"acme\";
             ALTER DATABASE \"{here}\" SET search_path TO public, acme, acme_2"
        ))
        .await;
    let renamed = renamed(&tenants).await;
    let paths = old_paths(&renamed);
    let whose = paths.iter().map(|(of, _)| *of).collect::<Vec<_>>();
    let (database_, role_) = (format!("database {here}"), format!("role {role}"));
    assert_eq!(
        whose,
        ["function public.rows()", &database_, &role_, &role_],
        "{renamed:?}"
    );
    for (_, remedy) in &paths {
        database.execute(remedy).await;
    }
    let kept = "SELECT s FROM pg_db_role_setting, unnest(setconfig) s \
                WHERE s LIKE '%globex%' OR s ~ '\\yacme\\y' ORDER BY s";
    assert_eq!(
        database.column(kept).await,
        [
            "search_path=\"$user\", globex",
            "search_path=globex, public",
            "search_path=public, globex, acme_2"
        ]
    );
    assert_eq!(database.value("SELECT public.rows()").await, "0");
}

#[tokio::test]
async fn a_name_that_differs_from_anothers_in_case_only_is_noted() {
    let database = TestDatabase::new().await;
    let tenants = tenants(&database, &one_table()).await;
    create(&tenants, &["acme", "Globex"]).await;
    let renamed = renamed(&tenants).await;
    let told = Note::SameButForCase {
        one: "globex".to_owned(),
        other: "Globex".to_owned(),
    };
    assert_eq!(renamed.notes, [told]);
}
