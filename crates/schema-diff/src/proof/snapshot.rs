//! Everything that a schema holds, to see whether it is the same again.

use std::collections::BTreeMap;

use regex::Regex;
use tokio_postgres::{Client, Error};

/// The objects of a schema, by what they are called in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    objects: BTreeMap<String, String>,
}

impl Snapshot {
    /// Reads the schema called `schema`.
    pub(super) async fn read(client: &Client, schema: &str) -> Result<Self, Error> {
        let mut objects = BTreeMap::new();
        for query in QUERIES {
            for row in client.query(*query, &[&schema]).await? {
                let definition: Option<String> = row.get(1);
                objects.insert(row.get(0), definition.unwrap_or_default());
            }
        }
        Ok(Self { objects })
    }

    /// How `other` differs from this one, one line for each object.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for (object, definition) in &self.objects {
            match other.objects.get(object) {
                None => found.push(format!("{object} is missing ({definition})")),
                Some(there) if normal(there) != normal(definition) => {
                    found.push(format!("{object} was ({definition}) and is now ({there})"));
                }
                Some(_) => {}
            }
        }
        let more = other.objects.keys();
        let more = more.filter(|object| !self.objects.contains_key(*object));
        found.extend(more.map(|object| format!("{object} did not exist before")));
        found
    }
}

/// The definition without casts and parentheses. PostgreSQL writes a list in a
/// check or in an index with other casts once it has read its own text.
fn normal(definition: &str) -> String {
    let Ok(cast) = Regex::new(r#"::"?[A-Za-z_][A-Za-z0-9_ ."]*(?:\([0-9,]+\))?(?:\[\])*"#) else {
        return definition.to_owned();
    };
    let plain = cast.replace_all(definition, "");
    plain.chars().filter(|c| !"() ".contains(*c)).collect()
}

/// Each gives what an object is called and what it is; `$1` is the schema. The
/// position of a column is left out: PostgreSQL adds columns at the end only. So are
/// options whose name begins with `pg_`: the releases of November 2026 mark each column
/// with one, `pg_attver`, whose value differs whenever a column is made.
const QUERIES: &[&str] = &[
    "SELECT pg_catalog.format('relation %s', c.relname),
            pg_catalog.concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity,
                c.relforcerowsecurity, c.relreplident, c.reloptions::text, c.relacl::text,
                pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid),
                CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.concat_ws(' ',
                    pg_catalog.pg_get_viewdef(c.oid), c.relowner::pg_catalog.regrole,
                    c.relispopulated, c.reltablespace, c.relam,
                    (SELECT pg_catalog.string_agg(l.provider || l.label, ',' ORDER BY l.provider)
                     FROM pg_catalog.pg_seclabel l WHERE l.objoid = c.oid
                         AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass)) END,
                (SELECT pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::text, ',' ORDER BY 1)
                 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid),
                pg_catalog.obj_description(c.oid, 'pg_class'))
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind NOT IN ('i', 'I')",
    "SELECT pg_catalog.format('column %s of %s', a.attname, c.relname),
            pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attcollation <> t.typcollation
                     THEN a.attcollation::pg_catalog.regcollation::text END,
                CASE WHEN a.attnotnull THEN 'not null' END,
                CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
                NULLIF(a.attcompression, ''), NULLIF(a.attstattarget, -1),
                pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
                a.attacl::text,
                (SELECT pg_catalog.string_agg(o, ',' ORDER BY o) FROM pg_catalog.unnest(a.attoptions) o
                 WHERE o !~ '^pg_'),
                pg_catalog.col_description(c.oid, a.attnum))
     FROM pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped
         AND c.relkind NOT IN ('i', 'I', 'S')",
    "SELECT pg_catalog.format('constraint %s of %s', o.conname,
                COALESCE(c.relname, t.typname)),
            pg_catalog.concat_ws(' ', pg_catalog.pg_get_constraintdef(o.oid),
                pg_catalog.obj_description(o.oid, 'pg_constraint'))
     FROM pg_catalog.pg_constraint o
     JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
     LEFT JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
     LEFT JOIN pg_catalog.pg_type t ON t.oid = o.contypid
     WHERE n.nspname = $1 AND o.contype <> 'n'",
    "SELECT pg_catalog.format('index %s', c.relname),
            pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(c.oid), i.indisreplident,
                i.indisclustered, c.reloptions::text,
                pg_catalog.obj_description(c.oid, 'pg_class'))
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
     WHERE n.nspname = $1",
    "SELECT pg_catalog.format('sequence %s', c.relname),
            pg_catalog.concat_ws(' ', pg_catalog.format_type(s.seqtypid, NULL), s.seqstart,
                s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                (SELECT pg_catalog.format('%s.%s', d.refobjid::pg_catalog.regclass, a.attname)
                 FROM pg_catalog.pg_depend d
                 JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                     AND d.objid = c.oid AND d.deptype IN ('a', 'i')))
     FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
     WHERE n.nspname = $1",
    "SELECT pg_catalog.format('type %s', t.typname),
            pg_catalog.concat_ws(' ', t.typtype, pg_catalog.format_type(t.typbasetype, t.typtypmod),
                t.typnotnull, t.typdefault,
                (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ','
                                              ORDER BY e.enumsortorder)
                 FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
                pg_catalog.obj_description(t.oid, 'pg_type'))
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname = $1",
    "SELECT pg_catalog.format('function %s', p.oid::pg_catalog.regprocedure),
            CASE WHEN p.prokind IN ('f', 'p') THEN pg_catalog.pg_get_functiondef(p.oid)
                 ELSE p.prosrc END
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1",
    "SELECT pg_catalog.format('trigger %s of %s', t.tgname, c.relname),
            pg_catalog.concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid, true), t.tgenabled,
                pg_catalog.obj_description(t.oid, 'pg_trigger'))
     FROM pg_catalog.pg_trigger t
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND NOT t.tgisinternal",
    "SELECT pg_catalog.format('policy %s of %s', p.policyname, p.tablename),
            pg_catalog.concat_ws(' ', p.permissive, p.roles::text, p.cmd, p.qual, p.with_check)
     FROM pg_catalog.pg_policies p WHERE p.schemaname = $1",
    "SELECT pg_catalog.format('rule %s of %s', r.rulename, c.relname),
            pg_catalog.concat_ws(' ', pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled,
                pg_catalog.obj_description(r.oid, 'pg_rewrite'))
     FROM pg_catalog.pg_rewrite r
     JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND r.rulename <> '_RETURN'",
    "SELECT pg_catalog.format('statistics %s', s.stxname), pg_catalog.pg_get_statisticsobjdef(s.oid)
     FROM pg_catalog.pg_statistic_ext s
     JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
     WHERE n.nspname = $1",
];
