//! What is in the tenants' schemas, in a form that can be compared.

use std::collections::BTreeMap;

use super::Database;

/// For each schema, a line for each thing that is in it.
pub(crate) type Catalogs = BTreeMap<String, Vec<String>>;

/// The schemas that are not the system's.
const SCHEMAS: &str = "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' \
                       AND nspname NOT IN ('public', 'information_schema')";

/// All that is in them but for the ledgers.
const LINES: &str = "
    relations AS (
        SELECT s.nspname, c.* FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace
            WHERE c.relname NOT LIKE '\\_\\_diesel%'
    ),
    lines (nspname, line) AS (
        SELECT nspname, concat_ws(' ', 'relation', relkind, relname, relpersistence, reloptions)
            FROM relations
        UNION ALL
        SELECT nspname, concat_ws(' ', 'column', r.relname, a.attname,
                format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                pg_get_expr(d.adbin, d.adrelid),
                row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum))
            FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid
            LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
            WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT nspname, concat_ws(' ', 'constraint', r.relname, conname,
                pg_get_constraintdef(o.oid), convalidated)
            FROM relations r JOIN pg_constraint o ON o.conrelid = r.oid
        UNION ALL
        SELECT nspname, concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisready)
            FROM relations r JOIN pg_index i ON i.indexrelid = r.oid
        UNION ALL
        SELECT nspname, concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), tgenabled)
            FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT tgisinternal
        UNION ALL
        SELECT nspname, concat_ws(' ', 'view', relname, pg_get_viewdef(oid)) FROM relations
            WHERE relkind = 'v'
        UNION ALL
        SELECT nspname, concat_ws(' ', 'function', pg_get_functiondef(p.oid))
            FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace
        UNION ALL
        SELECT nspname, concat_ws(' ', 'enum', typname, (SELECT string_agg(enumlabel, ', '
                ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
            FROM pg_type t JOIN schemas s ON s.oid = t.typnamespace WHERE typtype = 'e'
        UNION ALL
        SELECT nspname, concat_ws(' ', 'comment', r.relname, objsubid, description)
            FROM relations r JOIN pg_description ON objoid = r.oid
    )
    SELECT concat_ws(chr(9), nspname, line) FROM lines
        ORDER BY nspname, line COLLATE \"C\"";

impl Database {
    /// What is in each schema, without the schemas' own names.
    pub(crate) async fn catalogs(&self) -> Catalogs {
        let sql = format!("WITH schemas AS ({SCHEMAS}), {LINES}");
        let mut catalogs = Catalogs::new();
        for row in self.column(&sql).await {
            let (schema, line) = row.split_once('\t').unwrap();
            let line = line.replace(&format!("{schema}."), "");
            catalogs.entry(schema.to_owned()).or_default().push(line);
        }
        catalogs
    }

    /// What is in one tenant's schema.
    pub(crate) async fn catalog(&self, tenant: &str) -> Vec<String> {
        self.catalogs().await.remove(tenant).unwrap_or_default()
    }
}

/// What `one` has and `other` lacks.
pub(crate) fn lacking(one: &[String], other: &[String]) -> Vec<String> {
    let lacking = one.iter().filter(|line| !other.contains(line));
    lacking.cloned().collect()
}

/// Two catalogs are the same; what differs is shown, and not all the rest.
#[track_caller]
pub(crate) fn assert_alike(one: &[String], other: &[String]) {
    assert_eq!(lacking(one, other), lacking(other, one));
    assert_eq!(one.len(), other.len());
}
