//! [`Cause`]: what made a statement of a migration fail, where that is not the statement
//! alone.

use sql_text::{TokenKind, tokens};

use crate::PgError;
use crate::name::Schema;

/// The cause of a failed statement of a migration, as far as PostgreSQL reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The statement itself, or the rows.
    Statement,
    /// A function outside the schema, as PostgreSQL writes it: `audit.no_drops()`. A trigger, an
    /// event trigger or the migration called it.
    Function(String),
    /// The role that the migration switches to lacks a right.
    Role,
    /// The search path that the migration sets.
    Path,
    /// The timeout that the migration sets.
    Timeout,
    /// The search path does not lead to the schema of an object that the statement needs.
    OtherSchema {
        /// The object: a type, a function, an operator class.
        object: String,
        /// The schema that has it.
        schema: String,
    },
    /// An object of the whole database that another tenant's run created.
    Shared,
}

/// The routines of PostgreSQL that create what is in no schema, and say that it exists.
///
/// Source: `src/backend/commands/` of PostgreSQL.
const CREATE_SHARED: [&str; 8] = [
    "CreateRole",
    "CreateExtension",
    "InsertExtensionTuple",
    "CreateEventTrigger",
    "CreatePublication",
    "CreateSubscription",
    "CreateForeignServer",
    "CreateForeignDataWrapper",
];

impl Cause {
    /// The cause of `error` in a file. `text` is the part of the file that has run, including the
    /// statement.
    pub(super) fn of(error: &PgError, schema: Schema<'_>, text: &str) -> Self {
        if let Some(function) = function_elsewhere(error, schema.schema_name()) {
            return Self::Function(function);
        }
        let code = error.sqlstate().unwrap_or_default();
        let routine = error.routine().unwrap_or_default();
        let text = text.to_ascii_lowercase();
        let has_no_schema = code == "3F000" && routine.ends_with("GetCreationNamespace");
        let is_a_tenant = !matches!(schema, Schema::Public);
        match code {
            _ if error.is_raised() => Self::Statement,
            "42501" | "3F000" if (has_no_schema || code == "42501") && switches_role(&text) => {
                Self::Role
            }
            "3F000" if has_no_schema && text.contains("search_path") => Self::Path,
            "57014" if text.contains("statement_timeout") => Self::Timeout,
            "42710" if is_a_tenant && CREATE_SHARED.contains(&routine) => Self::Shared,
            _ => Self::Statement,
        }
    }
}

/// Whether `text`, in lower case, ends in another role than it began in.
fn switches_role(text: &str) -> bool {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.replace("reset role", "role none").replace(
        "reset session authorization",
        "session authorization default",
    );
    let last = |forms: &[&str]| forms.iter().filter_map(|form| line.rfind(form)).max();
    let switched = last(&[
        "set role",
        "set local role",
        "set session role",
        "set session authorization",
        "set local session authorization",
        "'role',",
    ]);
    let back = last(&["role none", "session authorization default"]);
    switched > back
}

/// The innermost function of PL/pgSQL in which the server sees the error, with its
/// schema, if that is not the one called `own`.
///
/// PostgreSQL qualifies a function that is not in the path, and the path leads to the
/// schema alone. Only PL/pgSQL says which function it is; the code of a `DO` has no
/// schema.
fn function_elsewhere(error: &PgError, own: &str) -> Option<String> {
    let frames = error.context()?.lines();
    let function = frames.filter_map(function_of).next()?;
    function.schema.filter(|schema| schema != own)?;
    Some(function.written)
}

/// The innermost function of PL/pgSQL in which the server sees the error: its name, and its
/// written form with arguments. `None` if a trigger cannot call it, or the server reports its
/// schema.
pub(crate) fn trigger_function(error: &PgError) -> Option<(String, String)> {
    let frames = error.context()?.lines();
    let function = frames.filter_map(function_of).next()?;
    let written = function.written;
    let name = written.strip_suffix("()")?.trim_matches('"').to_owned();
    (function.schema.is_none() && !name.is_empty()).then_some((name, written))
}

/// Quotes that no name of SQL is written in.
const QUOTES: [char; 5] = ['\u{ab}', '\u{bb}', '\u{201c}', '\u{201d}', '\u{201e}'];

/// A function in a line of the context.
struct Function {
    schema: Option<String>,
    /// With its schema and its arguments.
    written: String,
}

/// The function in `line` of a context, whichever language the server speaks.
fn function_of(line: &str) -> Option<Function> {
    // Some languages put it in quotes of theirs.
    let line = line.replace(QUOTES, " ");
    let (_, line) = line.split_once("PL/pgSQL")?;
    let tokens = tokens(line).collect::<Vec<_>>();
    if tokens.iter().any(|token| token.text == "inline_code_block") {
        return Some(Function {
            schema: None,
            written: String::new(),
        });
    }
    let open = |kind| kind == TokenKind::Symbol('(');
    let at = tokens.iter().position(|token| open(token.kind))?;
    let name = at.checked_sub(1).and_then(|at| tokens.get(at))?;
    if !name.is_name() {
        return None;
    }
    let end = line.get(name.range().start..)?.find(')')? + name.range().start;
    let before = at.checked_sub(3).and_then(|at| tokens.get(at..at + 2));
    let (schema, start) = match before {
        Some([schema, dot]) if dot.kind == TokenKind::Symbol('.') && schema.is_name() => {
            (sql_text::stored(schema), schema.range().start)
        }
        _ => (None, name.range().start),
    };
    let written = line.get(start..=end)?.to_owned();
    Some(Function { schema, written })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(line: &str) -> Option<(Option<String>, String)> {
        function_of(line).map(|it| (it.schema, it.written))
    }

    #[test]
    fn a_function_is_found_in_whichever_language_the_server_speaks() {
        for (line, schema, written) in [
            (
                "PL/pgSQL function audit.no_drops() line 3 at RAISE",
                Some("audit"),
                "audit.no_drops()",
            ),
            (
                "PL/pgSQL-Funktion »audit.log(integer,text[])« Zeile 3 bei SQL-Anweisung",
                Some("audit"),
                "audit.log(integer,text[])",
            ),
            (
                "fonction PL/pgSQL \"My audit\".\"f g\"(character varying), ligne 3, \u{e0} RAISE",
                Some("My audit"),
                "\"My audit\".\"f g\"(character varying)",
            ),
            ("PL/pgSQL function f(int) line 1 at IF", None, "f(int)"),
            (
                "PL/pgSQL function inline_code_block line 2 at RAISE",
                None,
                "",
            ),
        ] {
            let expected = (schema.map(str::to_owned), written.to_owned());
            assert_eq!(function(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn a_statement_is_no_function() {
        for line in [
            "SQL statement \"INSERT INTO audit.log (a) VALUES (1)\"",
            "SQL function \"f\" statement 1",
            "compilation of PL/pgSQL function \"f\" near line 3",
        ] {
            assert_eq!(function(line), None, "{line}");
        }
    }

    #[test]
    fn the_last_change_of_the_role_counts() {
        for (text, switches) in [
            ("set local\n role app; create table t ()", true),
            ("select set_config('role', 'app', true)", true),
            ("set session authorization app", true),
            ("set role app; reset role", false),
            ("set role none", false),
            ("create table roles (role text)", false),
        ] {
            assert_eq!(switches_role(text), switches, "{text}");
        }
    }
}
