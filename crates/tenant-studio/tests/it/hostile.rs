//! A schema whose names are those that the studio's own SQL has, and whose operators and
//! functions fit better than PostgreSQL's.

use serde_json::json;

use crate::browser::{Site, cells, link};
use crate::editing::{form_urlencoded, row, send, writing};

/// What stands in the SQL of the studio, and what PostgreSQL calls columns of its own.
const NAMES: &str = "'t','n','at','one','other','found','asked','base','below','known','ordered',\
    'tree','parts','part','export','value','label','name','key','total','k','r','f','fn','a','d',\
    'b','c','u','l','p','m','o','i','bn','count','lower','left','strpos','row_number','version',\
    'studio','studio_one','studio_other','oid','xmin_','text','schema','is_key','kind','letters',\
    'created_at','rows','json','query','select','from','order','user','all','any','null','true'";

/// Fails whenever it is asked, in each place in which it fits better than PostgreSQL's.
const HIJACK: &str = r#"
    DO $do$
    DECLARE
        types text[] := ARRAY['name','text','varchar','bpchar','"char"','oid','regclass','regtype',
            'int2','int4','int8','float4','float8','bool','tid','xid','bytea','int2vector','text[]',
            'int2[]','oid[]'];
        body text := 'BEGIN RAISE EXCEPTION ''hijacked''; END';
        one text; other text; sign text; called text;
    BEGIN
        FOREACH one IN ARRAY types LOOP
            FOREACH other IN ARRAY types LOOP
                EXECUTE format('CREATE FUNCTION hijack(%s, %s) RETURNS bool LANGUAGE plpgsql AS %L',
                    one, other, body);
                FOREACH sign IN ARRAY ARRAY['=','<>','<','>','<=','>=','||','+'] LOOP
                    EXECUTE format('CREATE OPERATOR %s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hijack)',
                        sign, one, other);
                END LOOP;
                FOREACH called IN ARRAY ARRAY['strpos','starts_with','left','encode','date_trunc',
                    'format_type','array_agg','pg_get_expr'] LOOP
                    EXECUTE format('CREATE FUNCTION %I(%s, %s) RETURNS text LANGUAGE plpgsql AS %L',
                        called, one, other, body);
                END LOOP;
            END LOOP;
            FOREACH called IN ARRAY ARRAY['lower','count','unnest','sum','bool_or','sha256','textsend',
                'row_to_json','jsonb_pretty','pg_column_size','pg_get_constraintdef'] LOOP
                EXECUTE format('CREATE FUNCTION %I(%s) RETURNS text LANGUAGE plpgsql AS %L',
                    called, one, body);
            END LOOP;
        END LOOP;
        FOREACH called IN ARRAY ARRAY['count','row_number','getdatabaseencoding'] LOOP
            EXECUTE format('CREATE FUNCTION %I() RETURNS text LANGUAGE plpgsql AS %L', called, body);
        END LOOP;
    END $do$;"#;

/// The tables, in each tenant: `t` with a column of each name, and others that lead to it.
fn tables() -> String {
    format!(
        "DO $do$ BEGIN \
            EXECUTE (SELECT 'CREATE TABLE t (id varchar(9) PRIMARY KEY, ' || \
                string_agg(format('%I varchar', word), ', ') || ')' FROM unnest(ARRAY[{NAMES}]) word); \
         END $do$; \
         INSERT INTO t (id, t, export, text) SELECT i, 'x' || i, 'e' || i, 'T' || i \
            FROM generate_series(1, 7) i; \
         CREATE TABLE other (one int, t varchar(9) REFERENCES t); \
         INSERT INTO other VALUES (1, '1'), (2, '2'); \
         CREATE VIEW export AS SELECT '1' AS ctid, '2' AS xmin, '3' AS tableoid, t.* FROM t;"
    )
}

async fn hostile() -> Site {
    let site = writing().await;
    for tenant in ["acme", "globex"] {
        site.sql(tenant, &tables()).await;
        site.sql(tenant, HIJACK).await;
    }
    site
}

#[tokio::test]
async fn every_page_works_whatever_the_names_and_the_operators_of_a_schema_are() {
    let site = hostile().await;
    for page in [
        "/tenants?q=ac&sizes=1",
        "/switch?q=ac",
        "/t/acme",
        "/t/acme/diagram",
        "/t/acme/migrations",
        "/migrations",
        "/t/acme/table/t?count=1&sort=t&fc=id&fo=gt&fv=1&fc=text&fo=has&fv=t",
        "/t/acme/table/t?fc=t&fo=in&fv=x1,x2&fc=t&fo=ne&fv=x2&fc=n&fo=null&fv=",
        "/t/acme/table/t?sort=export&dir=desc&after=[%22e5%22,%225%22]",
        "/t/acme/table/t?before=[%225%22]&size=2",
        "/t/acme/table/t/row?key=[%221%22]",
        "/t/acme/table/t/value?key=[%221%22]&column=t",
        "/t/acme/table/t/structure",
        "/t/acme/table/t/export.csv?sort=t",
        "/t/acme/table/t/export.json?sort=t",
        "/t/acme/table/t/edit?key=[%221%22]",
        "/t/acme/table/other?sort=one",
        "/t/acme/table/other?after=[%22(0,1)%22]",
        "/t/acme/table/other/add",
        "/t/acme/table/other/choices?column=t&q=1",
        "/t/acme/table/export?sort=ctid",
        "/t/acme/table/export/row?nth=1",
        "/across/compare?one=acme&other=globex",
        "/across/compare?one=acme&other=globex&table=t",
        "/public/tables",
    ] {
        let answer = site.get(page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.body);
        assert!(!answer.body.contains("hijacked"), "{page}: {}", answer.body);
        assert!(
            !answer.body.contains("role=\"alert\""),
            "{page}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn what_is_shown_is_of_the_columns_and_not_of_what_is_called_like_them() {
    let site = hostile().await;
    let page = site.page("/t/acme/table/t?col=t&col=export&size=3").await;
    assert_eq!(cells(&page)[0], ["x1", "e1"]);
    let next = site.page(&link(&page, "rel=\"next\"").unwrap()).await;
    assert_eq!(cells(&next)[0], ["x4", "e4"]);
    let file = site
        .page("/t/acme/table/t/export.json?col=export&col=t")
        .await;
    assert!(
        file.starts_with("[\n{\"t\":\"x1\",\"export\":\"e1\"}"),
        "{file}"
    );
    let view = site
        .page("/t/acme/table/export?col=ctid&col=xmin&col=tableoid")
        .await;
    assert_eq!(cells(&view)[0], ["1", "2", "3"]);
    let differing = "UPDATE t SET one = 'changed' WHERE id OPERATOR(pg_catalog.=) '3'";
    site.sql("globex", differing).await;
    let compared = site
        .page("/across/compare?one=acme&other=globex&table=t")
        .await;
    assert!(compared.contains("changed"), "{compared}");
    assert!(compared.contains("1 row"), "{compared}");
}

#[tokio::test]
async fn rows_are_changed_in_such_a_schema_as_in_any_other() {
    let site = hostile().await;
    let seen = row(&site, "t", r#"["3"]"#).await;
    let change = json!([
        {"do": "update", "key": ["3"], "version": seen["version"], "set": {"t": "new", "user": "me"}},
        {"do": "insert", "set": {"id": "99", "select": "s"}},
    ]);
    let (status, answer) = send(&site, "t", change).await;
    assert_eq!(status, 200, "{answer}");
    let place = row(&site, "other", r#"["(0,1)"]"#).await;
    let change = json!([{"do": "delete", "key": ["(0,1)"], "version": place["version"]}]);
    let (status, answer) = send(&site, "other", change).await;
    assert_eq!(status, 200, "{answer}");
    let kept = "SELECT string_agg(concat(t, '/', \"user\", '/', \"select\"), ' ' ORDER BY id) \
        FROM acme.t WHERE id IN ('3', '99')";
    assert_eq!(site.database.value(kept).await, "new/me/ //s");
    assert_eq!(
        site.database.value("SELECT count(*) FROM acme.other").await,
        "1"
    );
}

#[tokio::test]
async fn names_that_mean_something_elsewhere_are_names() {
    let site = writing().await;
    let long = "ä".repeat(31);
    let names = [
        "<script>",
        "a\"b",
        "50%",
        "it's",
        "..",
        ".",
        "a/b",
        "a?b#c",
        "~",
        "C:\\User\\te",
        "%2E",
        &long,
    ];
    for name in names {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        site.sql(
            "acme",
            &format!(
                "CREATE TABLE {quoted} ({quoted} int PRIMARY KEY, n int REFERENCES {quoted}); \
                 INSERT INTO {quoted} VALUES (1, 1), (2, 1)"
            ),
        )
        .await;
    }
    let list = site.page("/t/acme/tables").await;
    assert!(!list.contains("<script>"), "{list}");
    for name in names {
        let escaped = name
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;");
        let label = format!("aria-label=\"Structure of {escaped}\"");
        let structure = site.page(&link(&list, &label).unwrap()).await;
        assert!(
            structure.contains(&format!("<h1>{escaped}</h1>")),
            "{name}: {structure}"
        );
        let rows = site
            .page(&link(&structure, "class=\"button\"").unwrap())
            .await;
        assert_eq!(cells(&rows).len(), 2, "{name}");
        let row = site
            .page(&link(&rows, "aria-label=\"Open row 2\"").unwrap())
            .await;
        assert!(row.contains("<dd>2</dd>"), "{name}: {row}");
        let sorted = link(&rows, "class=\"\"").unwrap_or_default();
        if !sorted.is_empty() {
            assert_eq!(cells(&site.page(&sorted).await).len(), 2, "{name}");
        }
        let query = format!("fc={}&fo=eq&fv=2", form_urlencoded(name));
        let path = link(&structure, "class=\"button\"").unwrap();
        let found = site.page(&format!("{path}?{query}")).await;
        assert_eq!(cells(&found).len(), 1, "{name}");
    }
}
