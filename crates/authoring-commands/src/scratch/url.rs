//! One URL from another.

/// `url` with another database: the same server, role, password and options.
pub(super) fn with_database(url: &str, database: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    // A password may hold a slash, a server may not: a folder is encoded.
    let server = rest.rfind('@').map_or(0, |at| at + 1);
    let path = rest.get(server..).and_then(|rest| rest.find('/'));
    let end = path.map_or(rest.len(), |path| server + path);
    let address = rest.get(..end).unwrap_or(rest);
    let options = query.split('&').filter(|option| !is_left_out(option));
    let options = options.collect::<Vec<_>>().join("&");
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{address}/{database}{mark}{options}")
}

/// Whether the option names the database, which would then count before the
/// path, or is our own about a pooler, which the Diesel CLI does not know. Nothing
/// here leaves prepared statements behind.
fn is_left_out(option: &str) -> bool {
    let name = form_urlencoded::parse(option.as_bytes()).next();
    name.is_some_and(|(name, _)| name == "dbname" || name == "pooler")
}

/// `text` without the secret parts of `url`; `shown` replaces the whole URL.
pub(crate) fn concealed(text: &str, url: &str, shown: &str) -> String {
    let text = text.replace(url, shown);
    match password(url) {
        Some(password) => text.replace(password, "***"),
        None => text,
    }
}

fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.split_once('@')?;
    let (_, password) = login.split_once(':')?;
    Some(password).filter(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_changes() {
        for (url, expected) in [
            ("postgres://u:p@h:1/d", "postgres://u:p@h:1/t"),
            (
                "postgresql://u:p@h:1/d?sslmode=disable&application_name=a%20b",
                "postgresql://u:p@h:1/t?sslmode=disable&application_name=a%20b",
            ),
            ("postgres://u@h", "postgres://u@h/t"),
            (
                "postgres://u@h?sslmode=require",
                "postgres://u@h/t?sslmode=require",
            ),
            ("postgres://u@h/", "postgres://u@h/t"),
            (
                "postgres://postgres@%2Ftmp%2Fx/d",
                "postgres://postgres@%2Ftmp%2Fx/t",
            ),
            (
                "postgres://postgres@%2Ftmp%2Fx",
                "postgres://postgres@%2Ftmp%2Fx/t",
            ),
            ("postgres://u:a/b@h/d", "postgres://u:a/b@h/t"),
            ("postgres://u@[::1]:5432/d", "postgres://u@[::1]:5432/t"),
            ("postgres://u@one:1,two:2/d", "postgres://u@one:1,two:2/t"),
            (
                "postgres:///d?host=/tmp&user=u",
                "postgres:///t?host=/tmp&user=u",
            ),
            ("postgres://u@h/d?dbname=e", "postgres://u@h/t"),
            (
                "postgres://u@h/d?a=1&db%6Eame=e&b=2",
                "postgres://u@h/t?a=1&b=2",
            ),
            (
                "postgres://u@h/d?pooler=transaction&a=1",
                "postgres://u@h/t?a=1",
            ),
        ] {
            assert_eq!(with_database(url, "t"), expected);
        }
    }

    #[test]
    fn neither_the_url_nor_the_password_is_shown() {
        let url = "postgres://ann:s3cret@h/d";
        let text = "no connection via `postgres://ann:s3cret@h/d`: s3cret is wrong";
        assert_eq!(
            concealed(text, url, "ann@h:5432/d"),
            "no connection via `ann@h:5432/d`: *** is wrong"
        );
        assert_eq!(concealed("ann", "postgres://ann@h/d", "x"), "ann");
    }
}
