//! A database URL as it can be shown, and used again.

use tenant_core::Database;

/// `url` without its password. `None` when it cannot be told for certain where that
/// is, as in a URL that cannot be read.
#[must_use]
pub(crate) fn without_password(url: &str) -> Option<String> {
    let is_pairs = !url.contains("://") && url.contains('=');
    if is_pairs {
        // What is in a service is not known here, and is no part of this text.
        return (!url.to_ascii_lowercase().contains("pass")).then(|| url.to_owned());
    }
    // What is not read would not be understood here either.
    Database::parse(url).ok()?;
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    // An `@` behind the `?` can be the end of a password that has a `?` in it.
    if query.contains('@') {
        return None;
    }
    let (scheme, rest) = base.split_once("://")?;
    let address = match rest.split_once('@') {
        None => rest.to_owned(),
        Some((login, server)) => {
            let role = login.split_once(':').map_or(login, |(role, _)| role);
            format!("{role}@{server}")
        }
    };
    let options = query.split('&').filter(|option| !option.is_empty());
    let options = options.filter(|option| !is_password(option));
    let options = options.collect::<Vec<_>>().join("&");
    let mark = if options.is_empty() { "" } else { "?" };
    Some(format!("{scheme}://{address}{mark}{options}"))
}

/// Whether the option is, or may be, the password. A name can be percent-encoded, which is unusual.
fn is_password(option: &str) -> bool {
    let name = option.split_once('=').map_or(option, |(name, _)| name);
    name.eq_ignore_ascii_case("password") || name.contains('%') || name.contains('+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_password_stays() {
        for (url, expected) in [
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://ann@h/d", "postgres://ann@h/d"),
            ("postgres://ann:s3cret@h:1/d", "postgres://ann@h:1/d"),
            ("postgres://ann:s3/c?ret@h/d", ""),
            (
                "postgresql://ann:s3cret@%2Ftmp%2Fa/d?sslmode=disable&password=s3cret",
                "postgresql://ann@%2Ftmp%2Fa/d?sslmode=disable",
            ),
            (
                "postgres://ann:s3cret@h/d?p%61ssword=s3cret",
                "postgres://ann@h/d",
            ),
            ("postgres://ann:1?application_name=s3cret@h/d", ""),
            ("postgres://ann:a@s3cret@h/d", ""),
            ("host=h password=s3cret", ""),
            ("host=h dbname=d", "host=h dbname=d"),
            ("service=shop", "service=shop"),
        ] {
            let shown = without_password(url).unwrap_or_default();
            assert_eq!(shown, expected, "{url}");
            assert!(!shown.contains("s3"), "{shown}");
        }
    }
}
