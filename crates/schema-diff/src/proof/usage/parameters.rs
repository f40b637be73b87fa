//! Parameters of the application's own, such as `app.user`: what an application sets
//! before it writes, and a policy or a trigger reads.

use regex::Regex;
use sql_text::literal;
use tokio_postgres::{Client, Error};

/// What a parameter is set to of which nothing is known: a text, and a key as well.
const TEXT: &str = "00000000-0000-4000-8000-000000000004";

/// How far behind a parameter it is looked for what its value is converted to.
const NEAR: usize = 40;

/// Sets each of them for the session.
pub(super) async fn set(client: &Client) -> Result<(), Error> {
    for row in client.query(TEXTS, &[]).await? {
        for (name, value) in read(row.get(0)) {
            let (name, value) = (literal(&name), literal(value));
            let set = format!("SELECT pg_catalog.set_config({name}, {value}, false)");
            // One that may not be set fails again where it is read.
            match client.batch_execute(&set).await {
                Err(error) if error.is_closed() => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The parameters that a text reads, each with a value of the type that it becomes.
fn read(text: &str) -> Vec<(String, &'static str)> {
    let name = Regex::new(r"(?i)current_setting\s*\(\s*'([a-z_][a-z0-9_]*\.[a-z0-9_.]+)'");
    let ty = Regex::new(r"(?i)::\s*(int|bigint|smallint|numeric|bool)");
    let (Ok(name), Ok(ty)) = (name, ty) else {
        return Vec::new();
    };
    let found = name.captures_iter(text).filter_map(|found| {
        let (all, name) = (found.get(0)?, found.get(1)?);
        let behind = text.get(all.end()..)?;
        let near = behind.chars().take(NEAR).collect::<String>();
        let value = match ty.captures(&near).and_then(|found| found.get(1)) {
            Some(ty) if ty.as_str().eq_ignore_ascii_case("bool") => "true",
            Some(_) => "4",
            None => TEXT,
        };
        Some((name.as_str().to_owned(), value))
    });
    found.collect()
}

/// Every text that PostgreSQL may run by itself.
const TEXTS: &str = "
SELECT text FROM (
    SELECT prosrc FROM pg_catalog.pg_proc WHERE pronamespace::pg_catalog.regnamespace::text !~ '^pg_'
    UNION ALL
    SELECT pg_catalog.concat(pg_catalog.pg_get_expr(polqual, polrelid), ' ',
                             pg_catalog.pg_get_expr(polwithcheck, polrelid))
    FROM pg_catalog.pg_policy
    UNION ALL
    SELECT pg_catalog.pg_get_expr(adbin, adrelid) FROM pg_catalog.pg_attrdef
    UNION ALL
    SELECT pg_catalog.pg_get_expr(conbin, conrelid) FROM pg_catalog.pg_constraint WHERE contype = 'c'
    UNION ALL
    SELECT pg_catalog.pg_get_viewdef(oid) FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm')
        AND relnamespace::pg_catalog.regnamespace::text !~ '^(pg_|information_schema)'
) texts (text)
WHERE text ~* 'current_setting'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_gets_a_value_of_the_type_that_it_becomes() {
        for (text, expected) in [
            (
                "(current_setting('app.user'::text))::uuid",
                ("app.user", TEXT),
            ),
            (
                "NULLIF(current_setting('a.b', true), '')::bigint",
                ("a.b", "4"),
            ),
            ("current_setting('app.on')::boolean", ("app.on", "true")),
        ] {
            assert_eq!(read(text), [(expected.0.to_owned(), expected.1)], "{text}");
        }
        assert!(read("current_setting('TimeZone')").is_empty());
    }
}
