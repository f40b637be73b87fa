//! Functions whose text names what a migration renames, drops or converts.
//!
//! PostgreSQL keeps the body of a function as text and does not follow a new name into
//! it. A use finds what runs; this finds what no row reaches, such as a branch, and
//! what fails without an error, such as `to_jsonb(NEW) ->> 'title'`.

mod body;

use tokio_postgres::{Client, Error, Row};

use crate::catalog::Catalog;
use crate::plan::{Change, Changed, Named, Plan};
use body::{Body, Word};

/// A text that names something.
struct Text {
    /// What it is, in words: "function `f()`".
    whose: String,
    body: Body,
    /// The tables whose triggers run it.
    tables: Vec<String>,
    /// Whether it is the arguments of a trigger.
    is_of_trigger: bool,
}

/// One line for each function, or trigger, and each thing that it names.
///
/// To be asked before the migration runs: the names are those of the database.
///
/// # Errors
///
/// Whatever the server answers.
pub async fn stale_functions(
    client: &Client,
    catalog: &Catalog,
    plan: &Plan,
) -> Result<Vec<String>, Error> {
    if plan.changed.is_empty() {
        return Ok(Vec::new());
    }
    let functions = client.query(FUNCTIONS, &[]).await?;
    let triggers = client.query(TRIGGERS, &[]).await?;
    let texts = functions.iter().map(function);
    let texts = texts.chain(triggers.iter().map(trigger));
    let mut found = Vec::new();
    for text in texts {
        let changed = plan.changed.iter();
        found.extend(changed.filter_map(|changed| told(&text, changed, catalog)));
    }
    Ok(found)
}

fn function(row: &Row) -> Text {
    let name: &str = row.get(0);
    Text {
        whose: format!("function `{name}`"),
        body: Body::read(row.get(1)),
        tables: row.get(2),
        is_of_trigger: false,
    }
}

fn trigger(row: &Row) -> Text {
    let (name, table): (&str, String) = (row.get(0), row.get(1));
    Text {
        whose: format!("trigger `{name}` of `{table}`"),
        body: Body::arguments(row.get(2)),
        tables: vec![table],
        is_of_trigger: true,
    }
}

/// That the text names what changes, with the line, if it does.
fn told(text: &Text, changed: &Changed, catalog: &Catalog) -> Option<String> {
    let words = text.body.words.iter();
    let mut places = words.filter(|word| match &changed.what {
        Named::Table(name) | Named::Type(name) => word.is_bare(name),
        Named::Column { table, column } => {
            text.is_about(table) && word.name == *column && text.may_mean(word, table, catalog)
        }
    });
    let first = places.next()?;
    let what = match &changed.what {
        Named::Table(name) => format!("table `{name}`"),
        Named::Type(name) => format!("the type `{name}`"),
        Named::Column { table, column } => format!("`{column}` of `{table}`"),
    };
    let which = changed.change.words();
    let whose = &text.whose;
    if text.is_of_trigger {
        return Some(format!("{whose} has {what}, which {which}, as an argument"));
    }
    let (line, shown) = text.body.line(first.offset);
    let mut lines = places.map(|word| text.body.line(word.offset).0);
    let more = if lines.any(|other| other != line) {
        " and below"
    } else {
        ""
    };
    let verb = match changed.change {
        Change::Converted => "uses",
        Change::Renamed(_) | Change::Dropped => "names",
    };
    Some(format!(
        "{whose} {verb} {what}, which {which}, in line {line} of its body{more}: `{shown}`"
    ))
}

impl Text {
    /// Whether a column in it can be one of that table.
    fn is_about(&self, table: &str) -> bool {
        let mut words = self.body.words.iter();
        self.tables.iter().any(|name| name == table) || words.any(|word| word.name == *table)
    }

    /// Whether nothing in front of the word says that it is another table's.
    fn may_mean(&self, word: &Word, table: &str, catalog: &Catalog) -> bool {
        match word.qualifier.as_deref() {
            Some("new" | "old") => self.tables.iter().any(|name| name == table),
            Some(other) => other == table || catalog.table(other).is_none(),
            None => true,
        }
    }
}

/// Functions with a body in SQL or in PL/pgSQL that is kept as text, and the tables
/// whose triggers run them. Those of extensions are not the migrations' business.
const FUNCTIONS: &str = "
SELECT p.oid::pg_catalog.regprocedure::text, p.prosrc,
       ARRAY(SELECT DISTINCT c.relname::text FROM pg_catalog.pg_trigger t
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
             WHERE t.tgfoid = p.oid AND NOT t.tgisinternal)
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosrc <> ''
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1";

/// Triggers with arguments, such as the columns of `tsvector_update_trigger`.
const TRIGGERS: &str = "
SELECT t.tgname::text, c.relname::text, pg_catalog.pg_get_triggerdef(t.oid)
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgnargs > 0
ORDER BY 2, 1";
