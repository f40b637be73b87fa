//! What is asked of the catalog, for many schemas at once.
//!
//! Each query returns the schema's OID, the kind of the object, its table, its name, a column's
//! position, and its facts: aspect, value, aspect, value, ... (null if there is no value). `$1` are
//! the OIDs to read.
//!
//! The objects of a schema are found through `pg_depend`, which has an index by schema; `pg_class`
//! has none. Everything else is looked up by its OID. The path is empty while the queries run. So
//! PostgreSQL qualifies the names it prints, and no user's functions can replace its own.

use crate::catalog::Catalog;
use crate::name::MIGRATION_HISTORY;

/// What hangs on a schema: which catalog it is in, and its OID. What an extension
/// brought is the extension's.
const MEMBERS: &str = "
    SELECT d.classid::regclass::text, d.objid
    FROM pg_depend d
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = ANY ($1) AND d.deptype = 'n'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid
                      AND e.deptype = 'e')";

/// The query for what hangs on schemas, without shards and what hangs on those.
pub(super) fn members(catalog: Catalog) -> String {
    match catalog {
        Catalog::Plain => MEMBERS.to_owned(),
        Catalog::Cluster => format!(
            "{MEMBERS}
      AND CASE d.classid
          WHEN 'pg_class'::regclass THEN EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid AND {})
          WHEN 'pg_statistic_ext'::regclass THEN EXISTS (SELECT FROM pg_statistic_ext s
              JOIN pg_class c ON c.oid = s.stxrelid WHERE s.oid = d.objid AND {})
          ELSE true END",
            catalog.no_shard("c"),
            catalog.no_shard("c")
        ),
    }
}

/// A query about the members of one catalog.
pub(super) struct Query {
    /// The catalog that its OIDs are of.
    pub(super) of: &'static str,
    /// Whether it makes the server lock what it reads about, so that only few
    /// schemas may be asked for at a time.
    pub(super) locks: bool,
    pub(super) sql: String,
}

/// All that is asked.
pub(super) fn all() -> Vec<Query> {
    let relations = [
        RELATIONS,
        COLUMNS,
        CONSTRAINTS,
        INDEXES,
        SEQUENCES,
        TRIGGERS,
        POLICIES,
    ];
    let relations = relations.map(|sql| ("pg_class", false, sql));
    let others = [
        ("pg_class", true, VIEWS),
        ("pg_class", true, RULES),
        ("pg_type", false, TYPES),
        ("pg_proc", false, FUNCTIONS),
        ("pg_statistic_ext", false, STATISTICS),
    ];
    let queries = relations.into_iter().chain(others);
    let queries = queries.map(|(of, locks, sql)| Query {
        of,
        locks,
        sql: sql
            .replace("MIGRATION_HISTORY", &sql_text::literal(MIGRATION_HISTORY))
            .replace("STORAGE", STORAGE),
    });
    queries.collect()
}

const RELATIONS: &str = "
    SELECT c.relnamespace, 'table', NULL, c.relname::text, 0, ARRAY[
        'nature', nullif(concat_ws(' ', CASE c.relkind WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' END,
                   CASE c.relpersistence WHEN 'u' THEN 'unlogged' END), ''),
        'row_security', nullif(concat_ws(', ', CASE WHEN c.relrowsecurity THEN 'enabled' END,
                         CASE WHEN c.relforcerowsecurity THEN 'forced' END), ''),
        'definition', CASE WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid)
             WHEN c.relkind = 'f' THEN (SELECT format('SERVER %I', s.srvname) FROM pg_foreign_table t
                  JOIN pg_foreign_server s ON s.oid = t.ftserver WHERE t.ftrelid = c.oid) END,
        'options', CASE WHEN c.relkind = 'f' THEN (SELECT string_agg(format('%I %L', o.option_name, o.option_value),
                  ', ' ORDER BY o.option_name) FROM pg_foreign_table t, pg_options_to_table(t.ftoptions) o
                  WHERE t.ftrelid = c.oid) END,
        'typed_by', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
        'storage', STORAGE,
        'partitioning', CASE WHEN c.relispartition OR c.relhassubclass OR EXISTS
              (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN
            (SELECT CASE WHEN c.relispartition THEN 'PARTITION OF ' ELSE 'INHERITS ' END
                  || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
                  || CASE WHEN c.relispartition THEN ' ' || pg_get_expr(c.relpartbound, c.oid) ELSE '' END
             FROM pg_inherits i WHERE i.inhrelid = c.oid) END,
        'comment', o.description,
        'owner', CASE WHEN c.relowner <> n.nspowner THEN pg_get_userbyid(c.relowner)::text END,
        'grants', array_to_string(c.relacl, E'\n')]
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_description o ON o.objoid = c.oid AND o.classoid = 'pg_class'::regclass AND o.objsubid = 0
    WHERE c.oid = ANY ($1) AND c.relkind IN ('r', 'p', 'f') AND c.relname <> MIGRATION_HISTORY";

/// Of the columns of views only those of which anything is said.
const COLUMNS: &str = "
    SELECT c.relnamespace, CASE WHEN c.relkind IN ('v', 'm') THEN 'view_column' ELSE 'column' END,
        c.relname::text, a.attname::text, a.attnum::int, CASE WHEN c.relkind IN ('v', 'm') THEN ARRAY[
        'default', pg_get_expr(d.adbin, d.adrelid),
        'comment', o.description,
        'grants', array_to_string(a.attacl, E'\n')] ELSE ARRAY[
        'type', format_type(a.atttypid, a.atttypmod),
        'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
        'not_null', CASE WHEN a.attnotnull THEN 'NOT NULL' END,
        CASE WHEN a.attgenerated = '' THEN 'default' ELSE 'generated' END,
        CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid)
             ELSE '(' || pg_get_expr(d.adbin, d.adrelid) || CASE a.attgenerated WHEN 'v' THEN ') VIRTUAL' ELSE ') STORED' END END,
        'identity', CASE WHEN a.attidentity <> '' THEN
            CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY (' ||
            (SELECT format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', s.seqincrement,
                           s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
             FROM pg_depend i JOIN pg_sequence s ON s.seqrelid = i.objid
             WHERE i.refclassid = 'pg_class'::regclass AND i.refobjid = a.attrelid
               AND i.refobjsubid = a.attnum AND i.classid = 'pg_class'::regclass AND i.deptype = 'i') || ')' END,
        'options', CASE WHEN a.attfdwoptions IS NOT NULL THEN (SELECT string_agg(format('%I %L', x.option_name,
                  x.option_value), ', ' ORDER BY x.option_name) FROM pg_options_to_table(a.attfdwoptions) x) END,
        'comment', o.description,
        'grants', array_to_string(a.attacl, E'\n')] END
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
    LEFT JOIN pg_description o ON o.objoid = a.attrelid AND o.classoid = 'pg_class'::regclass AND o.objsubid = a.attnum
    WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
      AND (c.relkind IN ('r', 'p', 'f') OR c.relkind IN ('v', 'm')
           AND (a.atthasdef OR a.attacl IS NOT NULL OR o.description IS NOT NULL))
      AND c.relname <> MIGRATION_HISTORY";

/// The storage parameters of a table or materialized view, and those of what it stores out
/// of line.
const STORAGE: &str = "CASE WHEN c.reloptions IS NOT NULL OR c.reltoastrelid <> 0 THEN
            (SELECT string_agg(p, ', ' ORDER BY p) FROM (SELECT unnest(c.reloptions) UNION ALL
                SELECT 'toast.' || unnest(x.reloptions) FROM pg_class x WHERE x.oid = c.reltoastrelid) s (p)) END";

/// Without those that a partition has from its parent, and those that are triggers.
const CONSTRAINTS: &str = "
    SELECT c.relnamespace, 'constraint', c.relname::text, k.conname::text, 0, ARRAY[
        'nature', CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
                        WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' END,
        'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''),
        'validity', CASE WHEN NOT k.convalidated THEN 'not validated' END,
        'comment', o.description]
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    LEFT JOIN pg_description o ON o.objoid = k.oid AND o.classoid = 'pg_constraint'::regclass
    WHERE k.conrelid = ANY ($1) AND k.contype IN ('p', 'u', 'c', 'f', 'x') AND k.conislocal
      AND k.conparentid = 0 AND c.relname <> MIGRATION_HISTORY";

/// Without those of constraints, and those that a partition has from its parent.
const INDEXES: &str = "
    SELECT c.relnamespace, 'index', t.relname::text, c.relname::text, 0, ARRAY[
        'definition', pg_get_indexdef(i.indexrelid),
        'validity', CASE WHEN NOT i.indisvalid THEN 'invalid' END,
        'comment', o.description]
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    LEFT JOIN pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid
         AND k.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_description o ON o.objoid = c.oid AND o.classoid = 'pg_class'::regclass AND o.objsubid = 0
    WHERE i.indrelid = ANY ($1) AND k.oid IS NULL AND t.relname <> MIGRATION_HISTORY
      AND NOT (c.relispartition)";

/// Without those of identity columns.
const SEQUENCES: &str = "
    SELECT c.relnamespace, 'sequence', NULL, c.relname::text, 0, ARRAY[
        'nature', CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
        'definition', format('AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %sCYCLE',
             format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
             CASE WHEN s.seqcycle THEN '' ELSE 'NO ' END),
        'owned_by', (SELECT format('%I.%I.%I', tn.nspname, t.relname, a.attname)
             FROM pg_class t JOIN pg_namespace tn ON tn.oid = t.relnamespace
             JOIN pg_attribute a ON a.attrelid = t.oid
             WHERE t.oid = d.refobjid AND a.attnum = d.refobjsubid),
        'comment', o.description,
        'owner', CASE WHEN c.relowner <> n.nspowner THEN pg_get_userbyid(c.relowner)::text END,
        'grants', array_to_string(c.relacl, E'\n')]
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_sequence s ON s.seqrelid = c.oid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
         AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_description o ON o.objoid = c.oid AND o.classoid = 'pg_class'::regclass AND o.objsubid = 0
    WHERE c.oid = ANY ($1) AND c.relkind = 'S' AND d.deptype IS DISTINCT FROM 'i'";

/// Without those that a partition has from its parent. Of PostgreSQL's own only those of
/// keys that do not fire as they should, with the key of which they are a part, or of whose
/// copy on a partition. There are few of these, and many of PostgreSQL's own: found apart,
/// they cost nothing, and the key of each is looked up, where a join would read the keys of
/// all tenants.
const TRIGGERS: &str = "
    SELECT c.relnamespace, 'trigger', c.relname::text, t.tgname::text, 0, ARRAY[
        'definition', pg_get_triggerdef(t.oid),
        'enabled', CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                         WHEN 'A' THEN 'ENABLE ALWAYS' END,
        'comment', o.description]
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    LEFT JOIN pg_description o ON o.objoid = t.oid AND o.classoid = 'pg_trigger'::regclass
    WHERE t.tgrelid = ANY ($1) AND NOT t.tgisinternal AND t.tgparentid = 0
      AND c.relname <> MIGRATION_HISTORY
    UNION ALL
    SELECT k.relnamespace, 'switched_off', k.relname::text, k.conname::text, 0, ARRAY[
        'enabled', CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                         WHEN 'A' THEN 'ENABLE ALWAYS' END]
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    CROSS JOIN LATERAL (
        SELECT kc.relnamespace, kc.relname, coalesce(r.conname, q.conname, p.conname) AS conname
        FROM pg_constraint p LEFT JOIN pg_constraint q ON q.oid = p.conparentid
        LEFT JOIN pg_constraint r ON r.oid = q.conparentid
        JOIN pg_class kc ON kc.oid = coalesce(r.conrelid, q.conrelid, p.conrelid)
        WHERE p.oid = t.tgconstraint AND p.contype IN ('p', 'u', 'f', 'x') OFFSET 0) k
    WHERE t.tgrelid = ANY ($1) AND t.tgisinternal AND t.tgenabled <> 'O'
      AND c.relname <> MIGRATION_HISTORY";

const POLICIES: &str = "
    SELECT c.relnamespace, 'policy', c.relname::text, p.polname::text, 0, ARRAY[
        'definition', concat_ws(' ', CASE WHEN p.polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END,
             CASE p.polcmd WHEN 'r' THEN 'FOR SELECT' WHEN 'a' THEN 'FOR INSERT' WHEN 'w' THEN 'FOR UPDATE'
                           WHEN 'd' THEN 'FOR DELETE' ELSE 'FOR ALL' END,
             'TO', CASE WHEN p.polroles = '{0}' THEN 'PUBLIC' ELSE
                 (SELECT string_agg(quote_ident(pg_get_userbyid(r)), ', ' ORDER BY pg_get_userbyid(r))
                  FROM unnest(p.polroles) r) END,
             'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
             'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
        'comment', o.description]
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    LEFT JOIN pg_description o ON o.objoid = p.oid AND o.classoid = 'pg_policy'::regclass
    WHERE p.polrelid = ANY ($1)";

const VIEWS: &str = "
    SELECT c.relnamespace, CASE c.relkind WHEN 'v' THEN 'view' ELSE 'matview' END, NULL, c.relname::text, 0, ARRAY[
        'nature', (SELECT string_agg(option, ', ' ORDER BY option) FROM unnest(c.reloptions) option
                    WHERE c.relkind = 'v'),
        'storage', CASE WHEN c.relkind = 'm' THEN STORAGE END,
        'validity', CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'not filled' END,
        'definition', pg_get_viewdef(c.oid),
        'outline', (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
        'comment', o.description,
        'owner', CASE WHEN c.relowner <> n.nspowner THEN pg_get_userbyid(c.relowner)::text END,
        'grants', array_to_string(c.relacl, E'\n')]
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_description o ON o.objoid = c.oid AND o.classoid = 'pg_class'::regclass AND o.objsubid = 0
    WHERE c.oid = ANY ($1) AND c.relkind IN ('v', 'm')";

const RULES: &str = "
    SELECT c.relnamespace, 'rule', c.relname::text, r.rulename::text, 0, ARRAY[
        'definition', pg_get_ruledef(r.oid),
        'enabled', CASE r.ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                         WHEN 'A' THEN 'ENABLE ALWAYS' END,
        'comment', o.description]
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    LEFT JOIN pg_description o ON o.objoid = r.oid AND o.classoid = 'pg_rewrite'::regclass
    WHERE c.oid = ANY ($1) AND c.relhasrules AND r.rulename <> '_RETURN'";

const TYPES: &str = "
    SELECT t.typnamespace, 'type', NULL, t.typname::text, 0, ARRAY[
        'nature', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite'
                        ELSE 'range' END,
        'labels', CASE WHEN t.typtype = 'e' THEN
            (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
             FROM pg_enum e WHERE e.enumtypid = t.oid) END,
        'definition', CASE t.typtype
            WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
                (SELECT 'COLLATE ' || t.typcollation::regcollation::text FROM pg_type b
                 WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation),
                CASE WHEN t.typdefault IS NOT NULL THEN 'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0) END,
                CASE WHEN t.typnotnull THEN 'NOT NULL' END,
                (SELECT string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ' '
                                   ORDER BY k.conname)
                 FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
            WHEN 'c' THEN (SELECT '(' || string_agg(format('%I %s%s', a.attname,
                                format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> b.typcollation
                                    THEN ' COLLATE ' || a.attcollation::regcollation::text END),
                                ', ' ORDER BY a.attnum) || ')'
                           FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid
                           WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
            WHEN 'r' THEN (SELECT format('SUBTYPE = %s', format_type(r.rngsubtype, NULL))
                           FROM pg_range r WHERE r.rngtypid = t.oid) END,
        'comment', o.description,
        'owner', CASE WHEN t.typowner <> n.nspowner THEN pg_get_userbyid(t.typowner)::text END,
        'grants', array_to_string(t.typacl, E'\n')]
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_description o ON o.objoid = t.oid AND o.classoid = 'pg_type'::regclass
    WHERE t.oid = ANY ($1) AND t.typtype IN ('e', 'd', 'c', 'r')";

/// Without those that come with a range type.
const FUNCTIONS: &str = "
    SELECT p.pronamespace, 'function', NULL,
        format('%I(%s)', p.proname, CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*'
                                          ELSE pg_get_function_identity_arguments(p.oid) END), 0, ARRAY[
        'nature', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' END,
        'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE (
             SELECT format('CREATE OR REPLACE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname,
                 CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END,
                 concat_ws(', ', 'SFUNC = ' || a.aggtransfn, 'STYPE = ' || format_type(a.aggtranstype, NULL),
                     'SSPACE = ' || nullif(a.aggtransspace, 0), 'FINALFUNC = ' || nullif(a.aggfinalfn::oid, 0)::regproc,
                     CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
                     CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC_MODIFY = ' || CASE a.aggfinalmodify
                         WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
                     'COMBINEFUNC = ' || nullif(a.aggcombinefn::oid, 0)::regproc,
                     'SERIALFUNC = ' || nullif(a.aggserialfn::oid, 0)::regproc,
                     'DESERIALFUNC = ' || nullif(a.aggdeserialfn::oid, 0)::regproc,
                     'INITCOND = ' || quote_literal(a.agginitval),
                     'MSFUNC = ' || nullif(a.aggmtransfn::oid, 0)::regproc,
                     'MINVFUNC = ' || nullif(a.aggminvtransfn::oid, 0)::regproc,
                     'MSTYPE = ' || format_type(nullif(a.aggmtranstype, 0), NULL),
                     'MSSPACE = ' || nullif(a.aggmtransspace, 0),
                     'MFINALFUNC = ' || nullif(a.aggmfinalfn::oid, 0)::regproc,
                     CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
                     'MINITCOND = ' || quote_literal(a.aggminitval),
                     (SELECT format('SORTOP = OPERATOR(%I.%s)', o.nspname, s.oprname)
                      FROM pg_operator s JOIN pg_namespace o ON o.oid = s.oprnamespace WHERE s.oid = a.aggsortop),
                     CASE WHEN p.proparallel <> 'u' THEN 'PARALLEL = ' ||
                         CASE p.proparallel WHEN 's' THEN 'SAFE' ELSE 'RESTRICTED' END END,
                     CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END))
             FROM pg_aggregate a WHERE a.aggfnoid = p.oid) END,
        'outline', pg_get_function_result(p.oid),
        'comment', o.description,
        'owner', CASE WHEN p.proowner <> n.nspowner THEN pg_get_userbyid(p.proowner)::text END,
        'grants', array_to_string(p.proacl, E'\n')]
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_description o ON o.objoid = p.oid AND o.classoid = 'pg_proc'::regclass
    WHERE p.oid = ANY ($1) AND NOT EXISTS (SELECT FROM pg_depend i
        WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')";

/// The columns by name: PostgreSQL has them in the order of the table's.
const STATISTICS: &str = "
    SELECT s.stxnamespace, 'statistics', c.relname::text, s.stxname::text, 0, ARRAY[
        'definition', (SELECT coalesce(replace(pg_get_statisticsobjdef(s.oid),
                 ' ON ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
                 ' ON ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)),
                 pg_get_statisticsobjdef(s.oid))
             FROM pg_attribute a WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)),
        'comment', o.description,
        'owner', CASE WHEN s.stxowner <> n.nspowner THEN pg_get_userbyid(s.stxowner)::text END]
    FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
    JOIN pg_class c ON c.oid = s.stxrelid
    LEFT JOIN pg_description o ON o.objoid = s.oid AND o.classoid = 'pg_statistic_ext'::regclass
    WHERE s.oid = ANY ($1)";
