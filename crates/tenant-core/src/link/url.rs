//! What a database URL says, and what may be shown of it.
//!
//! A URL, `key=value` pairs, a service file and environment variables all say the same
//! things, under libpq's names: [`Parameters`]. [`Parts`] is what they mean. The driver
//! reads no URL: it knows neither `verify-full` nor `passfile`, takes several hosts for
//! one login, and shows names of options that can be a part of a password.

mod defaults;
mod driver;
mod encryption;
mod known;
mod pairs;
mod parameters;
mod passfile;
mod percent;
mod servers;
mod service;
mod uri;
mod written;

use std::path::PathBuf;

use tokio_postgres::Config;

use super::ConnectError;
use super::role_of_server::Wanted;
use super::tls::{SslMode, TlsOptions};
pub use defaults::LibpqDefaults;
pub(super) use parameters::Parameters;
pub(super) use servers::Server;
pub(super) use written::url as write;

/// What a database URL means.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) parameters: Parameters,
    /// All but the server and the password.
    pub(super) config: Config,
    /// At least one.
    pub(super) servers: Vec<Server>,
    /// Which of them will do.
    pub(super) wanted: Wanted,
    pub(super) ssl_mode: SslMode,
    pub(super) tls: TlsOptions,
    /// Whether there is a pooler in between.
    pub(super) pooled: bool,
    /// `role@host:port/database`: never a password.
    pub(super) target: String,
    /// What was ignored, and why.
    pub(super) warnings: Vec<String>,
}

/// Reads a URL, or `key=value` pairs.
pub(super) fn parse(text: &str) -> Result<Parts, ConnectError> {
    let mut parameters = read(text)?;
    if let Some(name) = parameters.get("service").map(str::to_owned) {
        let file = parameters.get("servicefile").map(PathBuf::from);
        let files = file.into_iter().collect::<Vec<_>>();
        service::add(&mut parameters, &name, &files).map_err(invalid)?;
    }
    Parts::of(parameters)
}

fn read(text: &str) -> Result<Parameters, ConnectError> {
    let is_url = text
        .split('=')
        .next()
        .is_some_and(|key| key.contains("://"));
    match uri::without_scheme(text) {
        Some(rest) => uri::read(rest),
        None if text.contains('=') && !is_url => pairs::read(text),
        None => Err(
            "it must start with `postgres://` or `postgresql://`, or consist of `key=value` pairs"
                .to_owned(),
        ),
    }
    .map_err(invalid)
}

impl Parts {
    /// What the parameters mean.
    ///
    /// # Errors
    ///
    /// One of them means nothing, or two contradict each other.
    pub(super) fn of(mut parameters: Parameters) -> Result<Self, ConnectError> {
        for key in ["service", "servicefile"] {
            parameters.remove(key);
        }
        if parameters
            .get("user")
            .is_some_and(|role| role.contains(':'))
        {
            // The password of a login that is percent-encoded as a whole.
            return Err(invalid(
                "it must have a plain `:` between role and password, and none in the role",
            ));
        }
        let (servers, warnings) = servers::of(&parameters)?;
        let (ssl_mode, tls) = encryption::of(&parameters)?;
        let config = driver::config(&parameters, ssl_mode)?;
        let pooler = parameters.one_of("pooler", &[("transaction", ())]);
        let pooled = pooler
            .map_err(|_| invalid("its pooler can only be transaction"))?
            .is_some();
        Ok(Self {
            wanted: wanted(&parameters)?,
            target: target(&parameters, &servers),
            parameters,
            config,
            servers,
            ssl_mode,
            tls,
            pooled,
            warnings,
        })
    }

    /// The password, if it is the same for all servers.
    fn one_password(&self) -> Option<&[u8]> {
        let (first, others) = self.servers.split_first()?;
        let is_same = |other: &Server| other.password == first.password;
        first
            .password
            .as_deref()
            .filter(|_| others.iter().all(is_same))
    }

    /// Whether the file of passwords says something: a password of one of the servers, or
    /// a warning.
    fn needs_passfile(&self) -> bool {
        let has_password = |server: &Server| server.password.is_some();
        !self.warnings.is_empty() || self.servers.iter().any(has_password)
    }
}

fn wanted(parameters: &Parameters) -> Result<Wanted, ConnectError> {
    let wanted = parameters.one_of(
        "target_session_attrs",
        &[
            ("any", Wanted::Any),
            ("read-write", Wanted::ReadWrite),
            ("read-only", Wanted::ReadOnly),
            ("primary", Wanted::Primary),
            ("standby", Wanted::Standby),
            ("prefer-standby", Wanted::PreferStandby),
        ],
    )?;
    Ok(wanted.unwrap_or_default())
}

fn invalid(reason: impl Into<String>) -> ConnectError {
    ConnectError::Url {
        reason: reason.into(),
    }
}

/// What is shown of a database.
pub(super) fn target(parameters: &Parameters, servers: &[Server]) -> String {
    let hosts = servers.iter().map(Server::shown).collect::<Vec<_>>();
    let hosts = hosts.join(",");
    let role = parameters.get("user").unwrap_or_default();
    let database = parameters.get("dbname").unwrap_or(role);
    match role {
        "" => format!("{hosts}/{database}"),
        role => format!("{role}@{hosts}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tls::Roots;
    use super::percent::encoded;
    use super::*;

    fn password(parts: &Parts) -> Option<&[u8]> {
        parts.parameters.password()
    }

    proptest! {
        #[test]
        fn a_password_of_any_kind_arrives_and_is_in_nothing_that_is_shown(
            secret in "[\\PC&&[^a-z]]{4,12}",
        ) {
            let given = encoded(secret.as_bytes());
            let parts = parse(&format!("postgres://ann:{given}@db.test/shop")).unwrap();
            prop_assert_eq!(password(&parts), Some(secret.as_bytes()));
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
        assert_eq!(password(&parts), Some(&b"s3cret"[..]));
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
        assert_eq!(parts.tls.roots, Roots::File(PathBuf::from("/ca+1.pem")));
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
            "the database URL cannot be used: its sslmode must be one of disable, allow, \
             prefer, require, verify-ca, verify-full"
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
            "localhost",
            "mysql://ann:pw@h/d?a=b",
            "postgres://h/d?port=x",
        ] {
            let error = parse(url).unwrap_err();
            assert!(matches!(error, ConnectError::Url { .. }), "{url}: {error}");
        }
    }
}
