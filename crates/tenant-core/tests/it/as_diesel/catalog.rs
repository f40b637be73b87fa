//! All that a schema holds, in lines that do not name it.

use test_support::TestDatabase;

/// Queries for the definitions; `current_schema()` is the schema.
const DEFINITIONS: [&str; 7] = [
    "SELECT format('column %s.%s %s %s null %s default %s %s%s owner %s', c.relname, a.attname, \
            c.relkind, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, \
            pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, \
            pg_get_userbyid(c.relowner)) \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT a.attisdropped",
    "SELECT format('constraint %s %s %s %s%s%s', conrelid::regclass, conname, \
            pg_get_constraintdef(oid), condeferrable, condeferred, convalidated) \
     FROM pg_constraint WHERE connamespace = current_schema()::regnamespace",
    "SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid, 0, true), i.indisvalid) \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
     WHERE c.relnamespace = current_schema()::regnamespace",
    "SELECT format('function %s %s %s', oid::regprocedure, prosrc, proconfig) \
     FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
    "SELECT format('trigger %s', pg_get_triggerdef(t.oid, true)) \
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT tgisinternal",
    "SELECT format('value %s of %s', e.enumlabel, t.typname) \
     FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
     WHERE t.typnamespace = current_schema()::regnamespace",
    "SELECT format('partition %s %s', relname, pg_get_expr(relpartbound, oid)) \
     FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relispartition",
];

/// What the schema holds, sorted.
pub(super) async fn contents(database: &TestDatabase, schema: &str) -> Vec<String> {
    let client = database.client().await;
    client
        .batch_execute(&format!(
            "SET search_path TO {schema}; SET timezone TO 'UTC'; SET datestyle TO 'ISO'; \
             SET intervalstyle TO 'postgres'; SET quote_all_identifiers TO off"
        ))
        .await
        .unwrap();
    let lines = async |sql: &str| {
        let rows = client.query(sql, &[]).await.unwrap();
        let lines = rows.iter().map(|row| row.get::<_, String>(0));
        lines.collect::<Vec<_>>()
    };
    let mut contents = Vec::new();
    for sql in DEFINITIONS {
        contents.extend(lines(sql).await);
    }
    let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' \
                  AND relnamespace = current_schema()::regnamespace \
                  AND relname <> '__diesel_schema_migrations'";
    for table in lines(tables).await {
        let rows = format!("SELECT format('row of %s: %s', '{table}', t::text) FROM {table} t");
        contents.extend(lines(&rows).await);
    }
    let sequences = "SELECT format('sequence %s at %s', sequencename, last_value) \
                     FROM pg_sequences WHERE schemaname = current_schema()";
    contents.extend(lines(sequences).await);
    contents.extend(lines("SELECT version::text FROM __diesel_schema_migrations").await);
    contents.sort();
    contents
}
