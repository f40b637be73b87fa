//! Drops what processes that are dead have left on a server that outlives them.

use tokio_postgres::Client;

use crate::failure::Failure;
use crate::{maker, template};
use tenant_core::{quote_ident, quote_literal};

/// For how many days a template is kept that no test has used.
const DAYS: u32 = 30;

/// Drops the databases of dead processes, and templates that are no longer used. Databases with
/// other names than this module gives are not touched.
///
/// Databases with connected sessions are left for another time, and so are databases that another
/// process is sweeping.
pub(crate) async fn sweep(client: &Client) -> Result<(), Failure> {
    for sql in [left_behind(), out_of_use()] {
        let rows = client.query_typed(&sql, &[]).await;
        let names = rows.and_then(|rows| {
            let names = rows.iter().map(|row| row.try_get::<_, String>(0));
            names.collect::<Result<Vec<_>, _>>()
        });
        let names = names.map_err(|error| {
            let action = "look for databases of earlier tests";
            Failure::of_server(action, error)
        })?;
        for name in names {
            // Without FORCE: if the process lives after all, and only its lock
            // was lost, it is connected to what it needs.
            let sql = format!("DROP DATABASE IF EXISTS {}", quote_ident(&name));
            drop(client.batch_execute(&sql).await);
        }
    }
    Ok(())
}

/// The databases whose maker holds no lock. The locks are read after the list
/// of databases, and a maker takes its lock before it makes any.
fn left_behind() -> String {
    let number =
        |part: &str| format!("pg_catalog.lpad(pg_catalog.to_hex(l.{part}::bigint), 8, '0')");
    format!(
        "SELECT d.datname::text FROM pg_catalog.pg_database d \
         WHERE d.datname ~ '^{prefix}[0-9a-f]{{16}}_[0-9]+$' {free} \
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks l \
               WHERE l.locktype = 'advisory' AND l.objsubid = 1 \
                 AND {high} || {low} = pg_catalog.substr(d.datname::text, {start}, 16))",
        prefix = maker::PREFIX,
        free = FREE,
        high = number("classid"),
        low = number("objid"),
        start = maker::PREFIX.len() + 1,
    )
}

/// The templates whose comment has a date of long ago.
fn out_of_use() -> String {
    format!(
        "SELECT d.datname::text FROM pg_catalog.pg_database d \
         WHERE d.datname ~ '^{prefix}[0-9a-f]{{16}}$' {free} \
           AND pg_catalog.shobj_description(d.oid, 'pg_database') COLLATE \"C\" \
             < {said} || pg_catalog.to_char(pg_catalog.now() - interval '{DAYS} days', 'YYYY-MM-DD')",
        prefix = template::PREFIX,
        free = FREE,
        said = quote_literal(template::LAST_USED),
    )
}

/// Databases that can be dropped: the role owns them, and no session is connected.
const FREE: &str = "AND pg_catalog.pg_has_role(d.datdba, 'USAGE') AND NOT EXISTS ( \
    SELECT FROM pg_catalog.pg_stat_activity a \
    WHERE a.datid = d.oid AND a.backend_type = 'client backend')";
