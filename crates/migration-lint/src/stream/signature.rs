//! The types by which PostgreSQL tells functions of one name apart, however they are
//! written.

/// Types with several names. Source: "Data Types" in the documentation of PostgreSQL.
const NAMES: &[(&str, &str)] = &[
    ("bit varying", "varbit"),
    ("bool", "boolean"),
    ("char", "character"),
    ("character varying", "varchar"),
    ("dec", "numeric"),
    ("decimal", "numeric"),
    ("double precision", "float8"),
    ("float", "float8"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("national character", "character"),
    ("real", "float4"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
];

/// The types of `arguments`, as they are written between the parentheses: those that are
/// put in, each under one of its names.
pub(super) fn signature(arguments: &str) -> Vec<String> {
    let arguments = arguments.trim_start_matches('(').trim_end_matches(')');
    parts(arguments)
        .iter()
        .filter_map(|one| kind(one))
        .collect()
}

/// The arguments, without what stands in parentheses and strings: lengths and defaults.
fn parts(arguments: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut is_text) = (0_usize, false);
    for letter in arguments.chars() {
        match letter {
            '\'' => is_text = !is_text,
            _ if is_text => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => parts.push(String::new()),
            _ if depth == 0 => parts.last_mut().into_iter().for_each(|it| it.push(letter)),
            _ => {}
        }
    }
    parts
}

/// The type of one argument; `None` for one that is only given back.
fn kind(argument: &str) -> Option<String> {
    let argument = argument.to_lowercase();
    let argument = argument.split(['=', ':']).next().unwrap_or_default();
    let dimensions = if argument.contains('[') { "[]" } else { "" };
    let argument = argument.split('[').next().unwrap_or_default();
    let mut words = argument.split_whitespace().collect::<Vec<_>>();
    words.truncate(
        words
            .iter()
            .position(|it| *it == "default")
            .unwrap_or(words.len()),
    );
    match words.first() {
        None | Some(&"out") => return None,
        Some(&("in" | "inout" | "variadic")) if words.len() > 1 => {
            words.remove(0);
        }
        Some(_) => {}
    }
    // A name may stand before the type, and a type may have several words.
    let types = (0..words.len()).map(|from| words.get(from..).unwrap_or_default().join(" "));
    let of = types.clone().find_map(|written| one_of(&written));
    let last = words.last().map(|it| (*it).to_owned());
    let named = of.map(str::to_owned).or(last)?;
    Some(format!("{named}{dimensions}"))
}

fn one_of(written: &str) -> Option<&'static str> {
    let found = NAMES.iter().find(|(name, _)| *name == written);
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_the_same_under_each_of_its_names() {
        for (one, other) in [
            ("(a int)", "(integer)"),
            ("(numeric(10, 2))", "(price decimal)"),
            (
                "(a timestamp with time zone, b bool)",
                "(timestamptz, boolean)",
            ),
            ("(IN a text DEFAULT 'x, y', OUT b int)", "(text)"),
            ("(VARIADIC many int[])", "(integer[])"),
            ("(a double precision = 1)", "(float8)"),
            ("()", "(OUT a int)"),
        ] {
            assert_eq!(signature(one), signature(other), "{one}");
        }
        for (one, other) in [
            ("(int)", "(bigint)"),
            ("(int)", "(int[])"),
            ("(a text)", "()"),
        ] {
            assert_ne!(signature(one), signature(other), "{one}");
        }
    }
}
