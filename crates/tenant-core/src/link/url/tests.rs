//! What is read, what is refused, and that no password is shown.

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
        "cannot use the database URL: its sslmode must be one of disable, allow, \
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

fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err().to_string();
    let reason = error.strip_prefix("cannot use the database URL: ");
    reason.unwrap_or(&error).to_owned()
}

fn shown(text: &str) -> String {
    parse(text).unwrap().target
}

#[test]
fn hosts_ports_and_databases_are_found_wherever_libpq_finds_them() {
    for (text, expected) in [
        ("postgres://h", "h:5432/"),
        ("postgresql://ann@h:6432/my%20shop", "ann@h:6432/my shop"),
        ("postgres://ann@[::1]:6432/d", "ann@[::1]:6432/d"),
        ("postgres://ann@a:1,b,[::1]:3/d", "ann@a:1,b:5432,[::1]:3/d"),
        ("postgres://a,b/d?port=7", "a:7,b:7/d"),
        ("postgres:///d?host=/tmp/a&port=7", "/tmp/a/d"),
        (
            "postgres://h/d?host=other&dbname=e&user=ann",
            "ann@other:5432/e",
        ),
        ("postgres://ann:a/b@h/d", "ann@h:5432/d"),
        ("postgres://?hostaddr=10.0.0.1&dbname=d", "10.0.0.1:5432/d"),
        ("host=h port=7 dbname='my shop' user=ann", "ann@h:7/my shop"),
        ("host=a,b port=1,2 dbname=d", "a:1,b:2/d"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    if cfg!(unix) {
        assert_eq!(shown("postgres:///d"), "/var/run/postgresql,/tmp/d");
        assert_eq!(shown("dbname=d"), "/var/run/postgresql,/tmp/d");
    }
}

#[test]
fn hosts_ports_and_addresses_that_do_not_fit_are_refused() {
    for (text, expected) in [
        (
            "postgres://a,b,c/d?port=1,2",
            "it has more or fewer ports than hosts",
        ),
        (
            "postgres://a,b/d?hostaddr=10.0.0.1",
            "it has more or fewer addresses than hosts",
        ),
        (
            "postgres://h:70000/d",
            "its port must be a number from 1 to 65535",
        ),
        (
            "postgres://h/d?hostaddr=h",
            "its hostaddr must be an IP address",
        ),
        ("postgres://[::1/d", "its host has a `[` but no `]`"),
        ("postgres://h:5432/d@x", "it has a `/` before its `@`"),
        ("postgres://h/d@x", "it has a `/` before its `@`"),
        ("host=a:b", "its host must not contain a `:`"),
    ] {
        let error = refused(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn options_of_other_tools_are_named_with_what_to_write() {
    for (option, expected) in [
        (
            "pgbouncer=true",
            "`pgbouncer` is an option of Prisma; write `pooler=transaction` if",
        ),
        (
            "connection_limit=1",
            "`connection_limit` is an option of Prisma; leave it out",
        ),
        (
            "schema=acme",
            "`schema` is an option of Prisma; leave it out",
        ),
        (
            "currentSchema=acme",
            "`currentSchema` is an option of JDBC; leave it out",
        ),
        (
            "prepareThreshold=0",
            "`prepareThreshold` is an option of JDBC; write `pooler=tra",
        ),
        (
            "prepared_statements=false",
            "`prepared_statements` is an option of Rails",
        ),
        ("pool_max_conns=4", "`pool_max_conns` is an option of pgx"),
        ("ssl=false", "`ssl` is an option of JDBC"),
        (
            "sslmode=no-verify",
            "`sslmode=no-verify` is node-postgres'; write `sslmode=require`",
        ),
        (
            "applicationName=a",
            "it has no option `applicationName`; write `application_name`",
        ),
        (
            "nothing=a",
            "it has no option `nothing`; the options are those of libpq",
        ),
        (
            "require_auth=md5",
            "its require_auth: this option of libpq is not supported",
        ),
        (
            "gssencmode=require",
            "its gssencmode must be disable or prefer here",
        ),
    ] {
        for text in [
            format!("postgres://ann:pw@h/d?{option}"),
            format!("host=h {option}"),
        ] {
            let error = refused(&text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}

#[test]
fn an_option_is_not_named_where_it_can_be_a_part_of_the_password() {
    for text in [
        "postgres://ann:1?s3cret=x@h/d",
        "postgres://ann:1?pgbouncer=x@h/d",
        "postgres://h/d?password=1&s3cret=x",
        "postgres://h/d?password=1&s3cret",
        "host=h password=1 s3cret=x",
    ] {
        let error = refused(text);
        let is_shown = error.contains("s3cret") || error.contains("pgbouncer");
        assert!(!is_shown, "{text}: {error}");
    }
}

#[test]
fn what_libpq_takes_without_a_meaning_here_is_taken() {
    let url = "postgres://h/d?gssencmode=prefer&client_encoding=UTF8&sslcompression=0\
               &krbsrvname=postgres&ssl=true&keepalives=1&keepalives_idle=5&keepalives_count=3\
               &tcp_user_timeout=1500&connect_timeout=3&fallback_application_name=me";
    let parts = parse(url).unwrap();
    assert_eq!(parts.ssl_mode, SslMode::Require);
    assert_eq!(parts.config.get_application_name(), Some("me"));
    let seconds = std::time::Duration::from_secs;
    assert_eq!(parts.config.get_connect_timeout(), Some(&seconds(3)));
    let limit = std::time::Duration::from_millis(1500);
    assert_eq!(parts.config.get_tcp_user_timeout(), Some(&limit));
    assert_eq!(parts.config.get_keepalives_idle(), seconds(5));
}

#[test]
fn the_authorities_of_the_system_go_with_the_strictest_mode_only() {
    let parts = parse("postgres://h/d?sslrootcert=system").unwrap();
    assert_eq!(
        (parts.ssl_mode, parts.tls.roots),
        (SslMode::VerifyFull, Roots::System)
    );
    let error = refused("postgres://h/d?sslrootcert=system&sslmode=verify-ca");
    assert!(error.starts_with("its sslrootcert=system needs"), "{error}");
    let error = refused("postgres://h/d?sslnegotiation=direct");
    assert!(
        error.starts_with("its sslnegotiation=direct needs"),
        "{error}"
    );
}

#[test]
fn a_service_is_looked_for_in_the_file_that_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "[shop]\nhost=db.test\nuser=ann\npassword=s3cret\n",
    )
    .unwrap();
    let path = file.path().display();
    let parts = parse(&format!("service=shop servicefile={path} dbname=d")).unwrap();
    assert_eq!(parts.target, "ann@db.test:5432/d");
    assert_eq!(password(&parts), Some(&b"s3cret"[..]));
    let error = refused("service=shop");
    assert!(error.contains("servicefile"), "{error}");
}

#[test]
fn passwords_that_people_have_reported_arrive_or_are_refused_with_what_to_write() {
    for (url, expected) in [
        (
            "postgres://spock:$Pa$ssword@172.28.25.50/saturn",
            "$Pa$ssword",
        ),
        (
            "hostaddr=172.28.25.50 dbname=saturn user=spock password='$Pa$ssword'",
            "$Pa$ssword",
        ),
        ("postgres://root:Q3Mjg=@127.0.0.1/templatedb", "Q3Mjg="),
        ("postgres://a:ab%40cd^ef@h/d", "ab@cd^ef"),
        ("postgres://a:%7Bx%7D{y}@h/d", "{x}{y}"),
        ("postgres://sys:%2F7M%2Br%3FE%27%3AdHz@h/d", "/7M+r?E':dHz"),
    ] {
        let parts = parse(url).unwrap();
        assert_eq!(password(&parts), Some(expected.as_bytes()), "{url}");
    }
    for (url, expected) in [
        (
            "postgres://sys:/7M+r?E':dHz@192.168.10.2/dbkn",
            "write it as %3F",
        ),
        (
            "postgres://gogs:2wPb*%tBQyjP@127.0.0.1:5432/gogs",
            "write a `%` itself as %25",
        ),
        (
            "postgresql://name:p@ssw@host/d",
            "write an `@` of the password as %40",
        ),
        (
            "postgres://u:pass1@h1:1,u:pass2@h2:2/d",
            "it has more than one `@`",
        ),
    ] {
        let error = refused(url);
        assert!(error.contains(expected), "{url}: {error}");
        for part in ["7M", "dHz", "2wPb", "BQyjP", "ssw@", "pass1", "pass2"] {
            assert!(!error.contains(part), "{error}");
        }
    }
}
