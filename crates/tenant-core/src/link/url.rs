//! What a database URL says, and what may be shown of it.
//!
//! `tokio-postgres` reads the URL, except for what belongs to TLS: it knows no
//! `verify-ca`, no `verify-full` and no `sslrootcert`, so these are taken out
//! before. So is our own `pooler`.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode as DriverSslMode};

use super::ConnectError;
use super::tls::SslMode;

/// How long to wait for an answer when the URL does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A database URL in parts.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) ssl_mode: SslMode,
    pub(super) root_certificate: Option<PathBuf>,
    /// Whether there is a pooler in between.
    pub(super) pooled: bool,
    /// `role@host:port/database`: never a password.
    pub(super) target: String,
}

/// Reads `postgres://` and `postgresql://` URLs.
pub(super) fn parse(url: &str) -> Result<Parts, ConnectError> {
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(invalid(
            "it must start with `postgres://` or `postgresql://`",
        ));
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    // The driver ends the password at the first one, and would take the rest of
    // it for the host, which is shown.
    if base.matches('@').count() > 1 {
        return Err(invalid(
            "it has more than one `@`; write an `@` of the password as %40",
        ));
    }
    let mut ssl_mode = SslMode::Prefer;
    let mut root_certificate = None;
    let mut pooled = false;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.replace('+', "%2B").as_bytes()) {
        match key.as_ref() {
            "sslmode" => ssl_mode = value.parse().map_err(invalid)?,
            "sslrootcert" => root_certificate = Some(PathBuf::from(value.as_ref())),
            "pooler" if value == "transaction" => pooled = true,
            "pooler" => return Err(invalid("its pooler can only be transaction")),
            _ => {
                rest.append_pair(&key, &value);
            }
        }
    }
    // The driver reads a `+` as itself, the serializer writes one for a space.
    let rest = rest.finish().replace('+', "%20");
    let mut config: Config = format!("{base}?{rest}").parse().map_err(unreadable)?;
    config.ssl_mode(match ssl_mode {
        SslMode::Disable => DriverSslMode::Disable,
        SslMode::Prefer => DriverSslMode::Prefer,
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => DriverSslMode::Require,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("diesel-tenants");
    }
    refuse_encoded_login(&config)?;
    if config.get_hosts().is_empty() {
        return Err(invalid("it names no host"));
    }
    let target = target(&config);
    Ok(Parts {
        config,
        ssl_mode,
        root_certificate,
        pooled,
        target,
    })
}

/// Refuses a login whose `:` or `@` is percent-encoded: the driver takes the password for a
/// part of the role or of the host, which are shown.
fn refuse_encoded_login(config: &Config) -> Result<(), ConnectError> {
    let is_login = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    if config.get_hosts().iter().any(is_login) {
        return Err(invalid("it must have a plain `@` between role and host"));
    }
    if config.get_user().is_some_and(|role| role.contains(':')) {
        return Err(invalid(
            "it must have a plain `:` between role and password, and none in the role",
        ));
    }
    Ok(())
}

fn invalid(reason: impl Into<String>) -> ConnectError {
    ConnectError::Url {
        reason: reason.into(),
    }
}

/// The driver's words name the part that is wrong. Of an option that it does not
/// know they show the name, which can be a part of a password.
fn unreadable(error: tokio_postgres::Error) -> ConnectError {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    match cause.unwrap_or_else(|| error.to_string()) {
        cause if cause.starts_with("unknown option") => {
            invalid("it has an option behind the `?` that is not known")
        }
        cause => invalid(cause),
    }
}

pub(super) fn target(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(at, host)| {
        let port = config.get_ports().get(at).or(config.get_ports().first());
        match host {
            Host::Tcp(name) => format!("{name}:{}", port.unwrap_or(&5432)),
            Host::Unix(folder) => folder.display().to_string(),
        }
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let role = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(role);
    match role {
        "" => format!("{hosts}/{database}"),
        role => format!("{role}@{hosts}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_password_of_any_kind_arrives_and_is_in_nothing_that_is_shown(
            secret in "[\\PC&&[^a-z]]{4,12}",
        ) {
            let password = form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
            let password = password.replace('+', "%20");
            let parts = parse(&format!("postgres://ann:{password}@db.test/shop")).unwrap();
            prop_assert_eq!(parts.config.get_password(), Some(secret.as_bytes()));
            prop_assert_eq!(parts.target, "ann@db.test:5432/shop");
        }

        #[test]
        fn a_url_of_any_kind_is_read_or_refused_without_its_password(
            raw in "[a-zA-Z0-9:@/?#%&=+\\[\\]. -]{0,12}",
            rest in "[a-z:@/?#%&=,]{0,12}",
        ) {
            let secret = format!("S3{raw}CRET");
            let shown = match parse(&format!("postgres://ann:{secret}@{rest}")) {
                Ok(parts) => parts.target,
                Err(error) => error.to_string(),
            };
            prop_assert!(!shown.contains("CRET"), "{secret} in {shown}");
        }
    }

    #[test]
    fn the_password_is_in_no_text_that_is_shown() {
        let parts = parse("postgres://ann:s3cret@db.test:6432/shop?sslmode=disable").unwrap();
        assert_eq!(parts.target, "ann@db.test:6432/shop");
        let error = parse("postgres://ann:s3cret@db.test:port/shop").unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn a_password_with_an_at_sign_of_its_own_is_refused_and_not_shown() {
        for url in [
            "postgres://ann:ab@s3cret@host/shop",
            "postgres://ann:a@s3/cret@host/shop",
        ] {
            let text = parse(url).unwrap_err().to_string();
            assert!(text.contains("%40") && !text.contains("s3"), "{text}");
        }
    }

    #[test]
    fn a_login_that_is_encoded_wholly_is_refused_and_not_shown() {
        for url in [
            "postgres://ann%3As3cret@host/shop",
            "postgres://%61%6e%6e%3a%73%33cret@host/shop",
            "postgres://ann%3As3cret%40host/shop",
            "postgres://host/shop?user=ann%3As3cret",
        ] {
            let text = parse(url).unwrap_err().to_string();
            assert!(text.contains("plain") && !text.contains("cret"), "{text}");
        }
        let parts = parse("postgres://%61%6e%6e:%73%33cret@host/shop").unwrap();
        assert_eq!(parts.config.get_password(), Some(&b"s3cret"[..]));
        assert_eq!(parts.target, "ann@host:5432/shop");
    }

    #[test]
    fn what_belongs_to_tls_is_taken_out_and_the_rest_is_kept() {
        let parts = parse(
            "postgresql://ann@%2Ftmp%2Fa+b/shop?sslmode=verify-full&sslrootcert=%2Fca+1.pem\
             &application_name=a%20b&options=-c%20geqo%3Doff",
        )
        .unwrap();
        assert_eq!(parts.ssl_mode, SslMode::VerifyFull);
        assert_eq!(parts.root_certificate, Some(PathBuf::from("/ca+1.pem")));
        assert_eq!(parts.config.get_application_name(), Some("a b"));
        assert_eq!(parts.config.get_options(), Some("-c geqo=off"));
        assert_eq!(parts.target, "ann@/tmp/a+b/shop");
        assert!(!parts.pooled);
    }

    #[test]
    fn a_pooler_is_told_of_in_the_url_and_the_driver_does_not_hear_of_it() {
        let parts = parse("postgres://h/d?pooler=transaction&application_name=a").unwrap();
        assert!(parts.pooled);
        assert_eq!(parts.config.get_application_name(), Some("a"));
        let text = parse("postgres://h/d?pooler=s3cret")
            .unwrap_err()
            .to_string();
        assert!(
            text.ends_with("its pooler can only be transaction"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_sslmode_is_refused_with_those_that_are_known() {
        let error = parse("postgres://h/d?sslmode=always").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database URL cannot be used: its sslmode must be one of disable, prefer, \
             require, verify-ca, verify-full"
        );
    }

    #[test]
    fn a_password_with_a_question_mark_is_not_shown() {
        for url in [
            "postgres://ann:12?s3cret@h/d",
            "postgres://ann:1?sslmode=s3cret@h/d",
        ] {
            let text = parse(url).unwrap_err().to_string();
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn what_is_no_postgres_url_is_refused() {
        for url in [
            "",
            "mysql://h/d",
            "host=localhost",
            "postgres:///d",
            "postgres://h/d?port=x",
        ] {
            let error = parse(url).unwrap_err();
            assert!(matches!(error, ConnectError::Url { .. }), "{url}: {error}");
        }
    }
}
