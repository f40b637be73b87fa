//! A value for each type, and another one, as text that PostgreSQL reads.

use crate::catalog::StoredColumn;
use crate::model::Type;

/// The value number `row` of a column, which may have to be of a certain length.
pub(super) fn of_column(column: &StoredColumn, row: usize, labels: Option<&[String]>) -> String {
    let length = column.sql_type.split_once('(').and_then(|(_, rest)| {
        let (digits, _) = rest.split_once(')')?;
        digits.parse::<usize>().ok()
    });
    match (column.ty.name.as_str(), length) {
        ("bit", Some(length)) if !column.ty.array => format!("{row:0length$b}")
            .chars()
            .rev()
            .take(length)
            .collect(),
        ("bit", None) if !column.ty.array => "1".to_owned(),
        ("vector" | "halfvec", Some(length)) if !column.ty.array => {
            format!("[{}]", vec![row.to_string(); length].join(","))
        }
        _ => text(&column.ty, row, labels),
    }
}

/// How many styles of texts there are.
pub(super) const STYLES: usize = 7;

/// A text of another style than [`text`] gives, which is the first one; `None` for what
/// is no text, and where it would be too long.
pub(super) fn styled(column: &StoredColumn, row: usize, style: usize) -> Option<String> {
    let ty = &column.ty;
    if ty.array || !matches!(ty.name.as_str(), "text" | "varchar" | "bpchar" | "citext") {
        return None;
    }
    let text = match style {
        1 => format!("sample{row}"),
        2 => format!("1.0.{row}"),
        3 => format!("sample{row}@example.com"),
        4 => format!("https://example.com/{row}"),
        5 => row.to_string(),
        6 => format!("2001-01-{:02}", around(row, 28)),
        _ => return None,
    };
    let fits = |length| usize::try_from(length).is_ok_and(|length| text.len() <= length);
    ty.length.is_none_or(fits).then_some(text)
}

/// Whether a text is of a style of [`styled`].
pub(super) fn is_of_style(text: &str, style: usize) -> bool {
    let has_only = |text: &str| text.chars().all(|letter| letter.is_ascii_digit());
    match style {
        1 => text.strip_prefix("sample").is_some_and(has_only),
        2 => text.starts_with("1.0."),
        3 => text.contains('@'),
        4 => text.starts_with("https://"),
        5 => has_only(text),
        6 => text.starts_with("2001-"),
        _ => false,
    }
}

/// The value number `row`, from 1, of a type: other rows have other values, as
/// far as the type has that many. `labels` are those of the type, if it is an
/// enum. Equal types give equal values, so that foreign keys find their rows.
pub(super) fn text(ty: &Type, row: usize, labels: Option<&[String]>) -> String {
    let element = element(&ty.name, row, labels);
    let element = match ty.length {
        Some(length) => shortened(&element, length, row),
        None => element,
    };
    if ty.array {
        format!(
            "{{\"{}\"}}",
            element.replace('\\', "\\\\").replace('"', "\\\"")
        )
    } else {
        element
    }
}

fn element(name: &str, row: usize, labels: Option<&[String]>) -> String {
    if let Some(labels) = labels {
        let label = labels.get(row.saturating_sub(1)).or(labels.last());
        return label.cloned().unwrap_or_default();
    }
    // Days, hours and small numbers go round.
    let (day, hour, small) = (around(row, 27), around(row, 23), around(row, 9));
    let next_day = day + 1;
    let next = row + 1;
    match name {
        "bool" => (row % 2 == 1).to_string(),
        "text" | "varchar" | "bpchar" | "citext" => format!("sample {row}"),
        "bytea" => format!("\\x{row:04}"),
        "date" => format!("2001-01-{day:02}"),
        "time" | "timetz" => format!("{hour:02}:00:00"),
        "timestamp" => format!("2001-01-{day:02} 00:00:00"),
        "timestamptz" => format!("2001-01-{day:02} 00:00:00+00"),
        "numeric" | "money" | "float4" | "float8" => small.to_string(),
        "interval" => format!("{row} hours"),
        "uuid" => format!("00000000-0000-4000-8000-{row:012}"),
        "json" | "jsonb" => format!("{{\"number\": {row}}}"),
        "inet" => format!("10.0.{}.{}", row / 200, row % 200),
        "cidr" => format!("10.{}.{}.0/24", row / 200, row % 200),
        "macaddr" => format!("00:00:00:00:{:02}:{:02}", row / 100, row % 100),
        "macaddr8" => format!("00:00:00:00:00:00:{:02}:{:02}", row / 100, row % 100),
        "pg_lsn" => format!("0/{row}"),
        "bit" | "varbit" => format!("{}", row % 2),
        "point" => format!("({row},{row})"),
        "box" | "lseg" => format!("[({row},{row}),({next},{next})]").replace(['[', ']'], ""),
        "path" | "polygon" => format!("(({row},{row}),({next},{next}))"),
        "line" => format!("{{1,1,{row}}}"),
        "circle" => format!("<({row},{row}),1>"),
        "hstore" => format!("number=>{row}"),
        "jsonpath" => "$".to_owned(),
        "txid_snapshot" | "pg_snapshot" => format!("{row}:{row}:"),
        "geometry" | "geography" => format!("POINT({row} {row})"),
        "daterange" => format!("[2001-01-{day:02},2001-01-{next_day:02})"),
        "tsrange" | "tstzrange" => format!("[2001-01-{day:02},2001-01-{next_day:02})"),
        "datemultirange" | "tsmultirange" | "tstzmultirange" => {
            format!("{{[2001-01-{day:02},2001-01-{next_day:02})}}")
        }
        name if name.ends_with("multirange") => format!("{{[{row},{next})}}"),
        name if name.ends_with("range") => format!("[{row},{next})"),
        // Numbers, and types of which nothing is known.
        _ => row.to_string(),
    }
}

/// The number, and again from 1 behind `last`.
fn around(number: usize, last: usize) -> usize {
    number.saturating_sub(1) % last + 1
}

/// A text that fits, and still differs from row to row.
fn shortened(text: &str, length: u32, row: usize) -> String {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if text.len() <= length {
        return text.to_owned();
    }
    let number = row.to_string();
    let padding = "s".repeat(length.saturating_sub(number.len()).min(8));
    format!("{padding}{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_differ_and_fit_their_type() {
        let ty = |name: &str, array, length| Type {
            name: name.to_owned(),
            array,
            length,
        };
        assert_eq!(text(&ty("text", false, None), 2, None), "sample 2");
        assert_eq!(text(&ty("varchar", false, Some(3)), 2, None), "ss2");
        assert_eq!(text(&ty("bpchar", false, Some(1)), 1, None), "1");
        assert_eq!(text(&ty("text", true, None), 1, None), "{\"sample 1\"}");
        let labels = ["good".to_owned(), "bad".to_owned()];
        assert_eq!(text(&ty("mood", false, None), 3, Some(&labels)), "bad");
    }
}
