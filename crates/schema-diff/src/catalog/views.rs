//! Views, materialized views and foreign tables: what Diesel reads like a table
//! and no migration of tables makes.

use std::collections::HashMap;

use tokio_postgres::{Client, Error, Row};

use crate::model::{Column, Type};

/// A relation that a `table!` can describe and that is no table.
#[derive(Debug, Clone)]
pub(crate) struct StoredView {
    pub(crate) name: String,
    pub(crate) kind: ViewKind,
    /// As Diesel sees them. Whether they can be NULL is not known of a view.
    pub(crate) columns: Vec<Column>,
    /// What its definition and its rules read.
    pub(crate) reads: Vec<Read>,
    /// The statements that make it again with what hangs on it. Empty for a
    /// foreign table.
    pub(crate) statements: Vec<String>,
}

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    View,
    Materialized,
    Foreign,
}

/// One relation that a view reads, or one column of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) relation: String,
    /// `None` for the relation as a whole.
    pub(crate) column: Option<String>,
}

impl ViewKind {
    /// What it is in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Materialized => "materialized view",
            Self::Foreign => "foreign table",
        }
    }

    /// What it is in SQL.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Materialized => "MATERIALIZED VIEW",
            Self::Foreign => "FOREIGN TABLE",
        }
    }

    fn read(relkind: &str) -> Self {
        match relkind {
            "m" => Self::Materialized,
            "f" => Self::Foreign,
            _ => Self::View,
        }
    }
}

impl StoredView {
    /// The column called `name`.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether it reads the column of the relation.
    pub(crate) fn reads_column(&self, relation: &str, column: &str) -> bool {
        let mut reads = self.reads.iter().filter(|read| read.relation == relation);
        reads.any(|read| read.column.as_deref() == Some(column))
    }

    /// Whether it reads anything of the relation.
    pub(crate) fn reads_relation(&self, relation: &str) -> bool {
        self.reads.iter().any(|read| read.relation == relation)
    }
}

/// Reads all of them, by name.
pub(super) async fn read(client: &Client, schema: &str) -> Result<Vec<StoredView>, Error> {
    let rows = client.query(VIEWS, &[&schema]).await?;
    let views = rows.iter().map(|row| StoredView {
        name: row.get(0),
        kind: ViewKind::read(row.get(1)),
        columns: Vec::new(),
        reads: Vec::new(),
        statements: Vec::new(),
    });
    let mut views = views.collect::<Vec<_>>();
    let names = views.iter().enumerate();
    let names = names.map(|(index, view)| (view.name.clone(), index));
    let names = names.collect::<HashMap<_, _>>();
    for (query, add) in PARTS {
        for row in client.query(*query, &[&schema]).await? {
            let index = names.get(row.get::<_, &str>(0)).copied();
            if let Some(view) = index.and_then(|index| views.get_mut(index)) {
                add(view, &row);
            }
        }
    }
    Ok(views)
}

type Add = fn(&mut StoredView, &Row);

/// What is asked of all views, and what is done with each row of the answer.
const PARTS: &[(&str, Add)] = &[
    (COLUMNS, add_column),
    (READS, add_read),
    (STATEMENTS, add_statement),
];

fn add_column(view: &mut StoredView, row: &Row) {
    let length: Option<i32> = row.get(4);
    view.columns.push(Column {
        name: row.get(1),
        ty: Type {
            name: row.get(2),
            array: row.get(3),
            length: length.and_then(|length| u32::try_from(length).ok()),
        },
        nullable: true,
    });
}

fn add_read(view: &mut StoredView, row: &Row) {
    view.reads.push(Read {
        relation: row.get(1),
        column: row.get(2),
    });
}

fn add_statement(view: &mut StoredView, row: &Row) {
    view.statements.push(row.get(1));
}

const VIEWS: &str = "
SELECT c.relname::text, c.relkind::text
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('v', 'm', 'f')
ORDER BY c.relname COLLATE \"C\"";

/// As for tables: the type under a domain, and of an array the elements'.
const COLUMNS: &str = "
SELECT c.relname::text, a.attname::text, COALESCE(e.typname, t.typname)::text,
       e.oid IS NOT NULL,
       information_schema._pg_char_max_length(t.oid,
           CASE WHEN d.typtype = 'd' THEN d.typtypmod ELSE a.atttypmod END)::integer
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
WHERE n.nspname = $1 AND c.relkind IN ('v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum";

const READS: &str = "
SELECT DISTINCT v.relname::text, r.relname::text, a.attname::text
FROM pg_catalog.pg_rewrite w
JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
JOIN pg_catalog.pg_depend d
    ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> v.oid
JOIN pg_catalog.pg_class r ON r.oid = d.refobjid AND r.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_attribute a
    ON a.attrelid = r.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE n.nspname = $1
ORDER BY 1, 2, 3";

/// The statements that create a view again, in order: the view itself, defaults of its columns,
/// indexes, rules, triggers, comments, privileges, its owner. Names are written as `search_path`
/// resolves them. A comparison of the schema before and after finds anything that these statements
/// miss.
const STATEMENTS: &str = "
WITH views AS (
    SELECT c.*, pg_catalog.format('%I', c.relname) AS name,
           CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS kind
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')
), statements AS (
    SELECT v.relname, 1 AS place, 0::bigint AS part,
           pg_catalog.format('CREATE %s %s%s AS\n%s%s;', v.kind, v.name,
               ' WITH (' || (SELECT pg_catalog.string_agg(
                   pg_catalog.format('%s = %L', pg_catalog.split_part(o, '=', 1),
                                     pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1)), ', ')
                   FROM pg_catalog.unnest(v.reloptions) o) || ')',
               pg_catalog.rtrim(pg_catalog.pg_get_viewdef(v.oid), ';'),
               CASE WHEN v.relkind = 'm' AND NOT v.relispopulated THEN '\nWITH NO DATA' END)
    FROM views v
    UNION ALL
    SELECT v.relname, 2, a.attnum, pg_catalog.format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s;',
           v.name, a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
    FROM views v
    JOIN pg_catalog.pg_attribute a ON a.attrelid = v.oid
    JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT v.relname, 3, i.indexrelid::bigint,
           pg_catalog.pg_get_indexdef(i.indexrelid, 0, true) || ';'
           || COALESCE(pg_catalog.format('\nCOMMENT ON INDEX %I IS %L;', c.relname,
                       pg_catalog.obj_description(c.oid, 'pg_class')), '')
    FROM views v
    JOIN pg_catalog.pg_index i ON i.indrelid = v.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    UNION ALL
    SELECT v.relname, 4, r.oid::bigint,
           pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid, true), ';') || ';'
           || COALESCE(pg_catalog.format('\nCOMMENT ON RULE %I ON %s IS %L;', r.rulename, v.name,
                       pg_catalog.obj_description(r.oid, 'pg_rewrite')), '')
    FROM views v JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
    WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT v.relname, 5, t.oid::bigint, pg_catalog.pg_get_triggerdef(t.oid, true) || ';'
           || COALESCE(pg_catalog.format('\nCOMMENT ON TRIGGER %I ON %s IS %L;', t.tgname, v.name,
                       pg_catalog.obj_description(t.oid, 'pg_trigger')), '')
    FROM views v JOIN pg_catalog.pg_trigger t ON t.tgrelid = v.oid
    WHERE NOT t.tgisinternal
    UNION ALL
    SELECT v.relname, 6, 0, pg_catalog.format('COMMENT ON %s %s IS %L;', v.kind, v.name,
           pg_catalog.obj_description(v.oid, 'pg_class'))
    FROM views v WHERE pg_catalog.obj_description(v.oid, 'pg_class') IS NOT NULL
    UNION ALL
    SELECT v.relname, 6, a.attnum, pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L;', v.name,
           a.attname, pg_catalog.col_description(v.oid, a.attnum))
    FROM views v JOIN pg_catalog.pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0
    WHERE pg_catalog.col_description(v.oid, a.attnum) IS NOT NULL
    UNION ALL
    SELECT v.relname, 7, g.first, pg_catalog.format('GRANT %s ON %s TO %s%s;', g.privileges, v.name,
           g.role, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM views v, LATERAL (
        SELECT min(x.place) AS first, x.is_grantable,
               pg_catalog.string_agg(x.privilege_type, ', ' ORDER BY x.place) AS privileges,
               CASE WHEN x.grantee = 0 THEN 'PUBLIC'
                    ELSE x.grantee::pg_catalog.regrole::text END AS role
        FROM pg_catalog.aclexplode(v.relacl) WITH ORDINALITY
            AS x (grantor, grantee, privilege_type, is_grantable, place)
        WHERE x.grantee <> v.relowner GROUP BY x.grantee, x.is_grantable) g
    UNION ALL
    SELECT v.relname, 8, a.attnum * 1000 + g.first,
           pg_catalog.format('GRANT %s ON %s TO %s%s;', g.privileges, v.name, g.role,
               CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM views v
    JOIN pg_catalog.pg_attribute a ON a.attrelid = v.oid AND a.attnum > 0, LATERAL (
        SELECT min(x.place) AS first, x.is_grantable,
               pg_catalog.string_agg(pg_catalog.format('%s (%I)', x.privilege_type, a.attname), ', '
                                     ORDER BY x.place) AS privileges,
               CASE WHEN x.grantee = 0 THEN 'PUBLIC'
                    ELSE x.grantee::pg_catalog.regrole::text END AS role
        FROM pg_catalog.aclexplode(a.attacl) WITH ORDINALITY
            AS x (grantor, grantee, privilege_type, is_grantable, place)
        GROUP BY x.grantee, x.is_grantable) g
    UNION ALL
    SELECT v.relname, 9, 0, pg_catalog.format('ALTER %s %s OWNER TO %s;', v.kind, v.name,
           v.relowner::pg_catalog.regrole)
    FROM views v WHERE v.relowner <> current_user::pg_catalog.regrole::oid
)
SELECT s.relname::text, s.format FROM statements s
ORDER BY s.relname, s.place, s.part";
