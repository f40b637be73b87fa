//! The options of libpq, and options of other tools, which errors name.
//!
//! Source: PostgreSQL manual, "Parameter Key Words" and "Environment Variables" of libpq.

/// An option of libpq, or our own `pooler`.
pub(super) struct Known {
    pub(super) key: &'static str,
    /// The environment variable that counts where the option is not given.
    pub(super) variable: Option<&'static str>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Something is done with it.
    Used,
    /// Nothing has to be done: it says nothing that counts here.
    Ignored,
    /// Only these values say what is done anyway; lower case.
    Only(&'static [&'static str]),
    /// It cannot be done, and leaving it out would be less safe or wrong.
    Missing(&'static str),
}

const fn option(key: &'static str, variable: &'static str, kind: Kind) -> Known {
    let variable = match variable.is_empty() {
        true => None,
        false => Some(variable),
    };
    Known {
        key,
        variable,
        kind,
    }
}

use Kind::{Ignored, Missing, Only, Used};

/// All of them.
pub(super) const ALL: &[Known] = &[
    option("host", "PGHOST", Used),
    option("hostaddr", "PGHOSTADDR", Used),
    option("port", "PGPORT", Used),
    option("dbname", "PGDATABASE", Used),
    option("user", "PGUSER", Used),
    option("password", "PGPASSWORD", Used),
    option("passfile", "PGPASSFILE", Used),
    // The variables of these two are read before any other.
    option("service", "", Used),
    option("servicefile", "", Used),
    option("options", "PGOPTIONS", Used),
    option("application_name", "PGAPPNAME", Used),
    option("fallback_application_name", "", Used),
    option("connect_timeout", "PGCONNECT_TIMEOUT", Used),
    option("tcp_user_timeout", "", Used),
    option("keepalives", "", Used),
    option("keepalives_idle", "", Used),
    option("keepalives_interval", "", Used),
    option("keepalives_count", "", Used),
    option("target_session_attrs", "PGTARGETSESSIONATTRS", Used),
    option("load_balance_hosts", "PGLOADBALANCEHOSTS", Used),
    option("channel_binding", "PGCHANNELBINDING", Used),
    option("sslmode", "PGSSLMODE", Used),
    option("sslnegotiation", "PGSSLNEGOTIATION", Used),
    option("sslrootcert", "PGSSLROOTCERT", Used),
    option("sslcert", "PGSSLCERT", Used),
    option("sslkey", "PGSSLKEY", Used),
    option("sslcertmode", "PGSSLCERTMODE", Used),
    option("sslsni", "PGSSLSNI", Used),
    option("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", Used),
    option("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", Used),
    option("pooler", "", Used),
    option("sslcompression", "PGSSLCOMPRESSION", Ignored),
    option("krbsrvname", "PGKRBSRVNAME", Ignored),
    option("gsslib", "PGGSSLIB", Ignored),
    option("gssdelegation", "PGGSSDELEGATION", Ignored),
    option("max_protocol_version", "PGMAXPROTOCOLVERSION", Ignored),
    option(
        "min_protocol_version",
        "PGMINPROTOCOLVERSION",
        Only(&["3.0"]),
    ),
    option("gssencmode", "PGGSSENCMODE", Only(&["disable", "prefer"])),
    option(
        "client_encoding",
        "PGCLIENTENCODING",
        Only(&["utf8", "utf-8", "unicode", "auto"]),
    ),
    option("replication", "", Only(&["false", "off", "no", "0"])),
    option("requiressl", "PGREQUIRESSL", Only(&["0"])),
    option("require_auth", "PGREQUIREAUTH", Missing(METHOD)),
    option("requirepeer", "PGREQUIREPEER", Missing(UNSUPPORTED)),
    option("sslcrl", "PGSSLCRL", Missing(UNSUPPORTED)),
    option("sslcrldir", "PGSSLCRLDIR", Missing(UNSUPPORTED)),
    option("sslpassword", "", Missing(KEY)),
    option("sslkeylogfile", "", Missing(UNSUPPORTED)),
    option("scram_client_key", "", Missing(UNSUPPORTED)),
    option("scram_server_key", "", Missing(UNSUPPORTED)),
    option("oauth_issuer", "", Missing(UNSUPPORTED)),
    option("oauth_client_id", "", Missing(UNSUPPORTED)),
    option("oauth_client_secret", "", Missing(UNSUPPORTED)),
    option("oauth_scope", "", Missing(UNSUPPORTED)),
];

const UNSUPPORTED: &str =
    "this option of libpq is not supported here, and ignoring it would be unsafe";
const METHOD: &str = "this option of libpq is not supported here, and ignoring it would be unsafe; \
     channel_binding=require demands SCRAM over TLS";
const KEY: &str = "an encrypted key is not supported; name a key without a passphrase in sslkey";

/// The option of that name.
pub(super) fn find(key: &str) -> Option<&'static Known> {
    // As tokio-postgres calls it.
    let key = match key {
        "keepalives_retries" => "keepalives_count",
        key => key,
    };
    ALL.iter().find(|known| known.key == key)
}

const POOLER: &str = "write `pooler=transaction` if a pooler such as PgBouncer is in between";
const PATH: &str = "leave it out: the program sets the search path for each tenant";
const SIZE: &str = "leave it out: the program decides how many connections there are";
const OPTION: &str = "a setting of the session is written as `options=-c%20NAME%3DVALUE`";

/// Options of other tools: the name, whose it is, and what to write here.
const OTHERS: &[(&str, &str, &str)] = &[
    ("pgbouncer", "Prisma", POOLER),
    ("connection_limit", "Prisma", SIZE),
    ("pool_timeout", "Prisma", SIZE),
    (
        "socket_timeout",
        "Prisma",
        "write `connect_timeout` or `tcp_user_timeout`",
    ),
    ("schema", "Prisma", PATH),
    ("statement_cache_size", "Prisma", POOLER),
    (
        "sslaccept",
        "Prisma",
        "write `sslmode=require` or `sslmode=verify-full`",
    ),
    (
        "sslidentity",
        "Prisma",
        "write `sslcert` and `sslkey` (PEM files)",
    ),
    ("prepareThreshold", "JDBC", POOLER),
    ("preparedStatementCacheQueries", "JDBC", POOLER),
    ("currentSchema", "JDBC", PATH),
    ("ssl", "JDBC", "write `sslmode=require`"),
    (
        "sslfactory",
        "JDBC",
        "write `sslmode=require` or `sslmode=verify-full`",
    ),
    (
        "targetServerType",
        "JDBC",
        "write `target_session_attrs=primary`",
    ),
    ("loginTimeout", "JDBC", "write `connect_timeout`"),
    ("socketTimeout", "JDBC", "write `tcp_user_timeout`"),
    ("stringtype", "JDBC", "leave it out"),
    (
        "uselibpqcompat",
        "node-postgres",
        "leave it out: sslmode means here what it means for libpq",
    ),
    ("max", "node-postgres", SIZE),
    ("prepared_statements", "Rails", POOLER),
    ("pool", "Rails", SIZE),
    (
        "encoding",
        "Rails",
        "leave it out: connections are in UTF-8",
    ),
    (
        "charset",
        "SQLAlchemy",
        "leave it out: connections are in UTF-8",
    ),
    ("schema_search_path", "Rails", PATH),
    ("default_query_exec_mode", "pgx", POOLER),
    ("statement_cache_capacity", "pgx", POOLER),
    ("statement-cache-capacity", "sqlx", POOLER),
    ("pool_max_conns", "pgx", SIZE),
    ("pool_min_conns", "pgx", SIZE),
    ("pool_max_conn_lifetime", "pgx", SIZE),
    ("pool_max_conn_idle_time", "pgx", SIZE),
    ("pool_health_check_period", "pgx", SIZE),
    ("pool_size", "Ecto", SIZE),
    ("max_connections", "other tools", SIZE),
    ("search_path", "other tools", PATH),
    ("timezone", "other tools", OPTION),
    ("statement_timeout", "other tools", OPTION),
    ("lock_timeout", "other tools", OPTION),
    ("endpoint", "other tools", "write `options=endpoint%3DID`"),
    ("database", "other tools", "write `dbname`"),
    ("username", "other tools", "write `user`"),
    ("ssl-mode", "MySQL", "write `sslmode`"),
];

/// What is said of an option that is not libpq's.
pub(super) fn unknown(key: &str) -> String {
    if let Some((name, tool, advice)) = OTHERS.iter().find(|(name, ..)| *name == key) {
        return format!("`{name}` is an option of {tool}; {advice}");
    }
    let plain = |key: &str| key.replace(['_', '-'], "").to_ascii_lowercase();
    let near = ALL.iter().find(|known| plain(known.key) == plain(key));
    match near {
        Some(known) => format!("it has no option `{key}`; write `{}`", known.key),
        None => format!("it has no option `{key}`; the options are those of libpq, and `pooler`"),
    }
}
