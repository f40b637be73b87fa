//! The questions to PostgreSQL's catalog. `$1` is the name of the schema.
//!
//! Source of tables and functions: PostgreSQL manual, "System Catalogs" and
//! "System Catalog Information Functions". Where Diesel's view of a type is
//! wanted, they answer as `information_schema.columns` does, which the Diesel
//! CLI asks.

/// The words that need quotes as names: the rule of `quote_ident`.
pub(super) const KEYWORDS: &str =
    "SELECT word FROM pg_catalog.pg_get_keywords() WHERE catcode <> 'U'";

/// Tables, without Diesel's own.
pub(super) const TABLES: &str = "
SELECT c.relname::text, pg_catalog.obj_description(c.oid, 'pg_class'), c.oid
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relname <> '__diesel_schema_migrations'
ORDER BY c.relname COLLATE \"C\"";

/// Columns, in their order.
pub(super) const COLUMNS: &str = "
SELECT c.relname::text, a.attname::text AS name,
       COALESCE(e.typname, t.typname)::text AS type_name,
       e.oid IS NOT NULL AS is_array,
       information_schema._pg_char_max_length(t.oid,
           CASE WHEN d.typtype = 'd' THEN d.typtypmod ELSE a.atttypmod END)::integer AS length,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS sql_type,
       d.typtype = 'd' AS is_domain,
       NOT (a.attnotnull OR d.typtype = 'd' AND d.typnotnull) AS nullable,
       a.attidentity::text AS identity, a.attgenerated <> '' AS generated,
       pg_catalog.pg_get_expr(x.adbin, x.adrelid) AS expression,
       CASE WHEN a.attcollation <> d.typcollation
            THEN a.attcollation::pg_catalog.regcollation::text END AS collation,
       s.seqrelid::pg_catalog.regclass::text AS sequence,
       pg_catalog.format('AS %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s',
           pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin,
           s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
           AS sequence_options,
       pg_catalog.col_description(c.oid, a.attnum) AS comment
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
LEFT JOIN pg_catalog.pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
LEFT JOIN (pg_catalog.pg_depend o JOIN pg_catalog.pg_sequence s ON s.seqrelid = o.objid)
    ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND o.refobjid = a.attrelid AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i')
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum";

/// Constraints that are no foreign keys, with their columns in order. PostgreSQL
/// 18 lists `NOT NULL` among them, which belongs to the column here.
pub(super) const CONSTRAINTS: &str = "
SELECT c.relname::text, o.conname::text, o.contype = 'p',
       ARRAY(SELECT a.attname::text
             FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY AS k (attnum, position)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.attnum
             ORDER BY k.position),
       pg_catalog.pg_get_constraintdef(o.oid), pg_catalog.obj_description(o.oid, 'pg_constraint')
FROM pg_catalog.pg_constraint o
JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND o.contype IN ('c', 'p', 'u', 'x')
ORDER BY c.relname, o.contype <> 'p', o.conname COLLATE \"C\"";

/// Foreign keys within the schema. What stands behind the columns is what
/// remains of the definition after the part that names them. Those that come
/// with a partitioned table are told apart: Diesel prints them, and they cannot
/// be changed by themselves.
pub(super) const FOREIGN_KEYS: &str = "
SELECT k.child, k.name, k.columns, k.parent, k.parent_columns,
       pg_catalog.btrim(pg_catalog.substr(k.definition, 1 + pg_catalog.length(pg_catalog.format(
           'FOREIGN KEY (%s) REFERENCES %s(%s)',
           (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u), ', ' ORDER BY i)
            FROM pg_catalog.unnest(k.columns) WITH ORDINALITY AS q (u, i)),
           k.confrelid::pg_catalog.regclass,
           (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(u), ', ' ORDER BY i)
            FROM pg_catalog.unnest(k.parent_columns) WITH ORDINALITY AS q (u, i)))))),
       k.comment, k.is_inherited
FROM (
    SELECT c.relname::text AS child, o.conname::text AS name, p.relname::text AS parent,
           ARRAY(SELECT a.attname::text
                 FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY AS u (attnum, i)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum
                 ORDER BY i) AS columns,
           ARRAY(SELECT a.attname::text
                 FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY AS u (attnum, i)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = u.attnum
                 ORDER BY i) AS parent_columns,
           o.confrelid, o.conparentid <> 0 AS is_inherited,
           pg_catalog.pg_get_constraintdef(o.oid) AS definition,
           pg_catalog.obj_description(o.oid, 'pg_constraint') AS comment
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
    JOIN pg_catalog.pg_class p ON p.oid = o.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.oid = p.relnamespace
    WHERE n.nspname = $1 AND o.contype = 'f'
) k
ORDER BY k.child, k.name COLLATE \"C\"";

/// Indexes that no constraint stands for, with the columns they depend on. Only
/// the pretty form of a definition leaves out a schema that is in the path.
pub(super) const INDEXES: &str = "
SELECT c.relname::text, i.relname::text,
       ARRAY(SELECT DISTINCT a.attname::text
             FROM pg_catalog.pg_depend d
             JOIN pg_catalog.pg_attribute a
                 ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.oid
                 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND d.refobjid = c.oid AND d.refobjsubid > 0),
       pg_catalog.pg_get_indexdef(i.oid, 0, true), pg_catalog.obj_description(i.oid, 'pg_class')
FROM pg_catalog.pg_index x
JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                    WHERE o.conindid = i.oid AND o.contype IN ('p', 'u', 'x'))
ORDER BY c.relname, i.relname COLLATE \"C\"";

/// Triggers that users made.
pub(super) const TRIGGERS: &str = "
SELECT c.relname::text, pg_catalog.pg_get_triggerdef(t.oid, true)
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND NOT t.tgisinternal
ORDER BY c.relname, t.tgname COLLATE \"C\"";

/// The schema's own types, except for row types of tables, arrays and types of extensions. Enums
/// come with their labels. The last column says whether an object other than a table uses the type:
/// a function, a view, another type.
pub(super) const TYPES: &str = "
SELECT t.typname::text,
       CASE WHEN t.typtype = 'e' THEN
           ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e
                 WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) END,
       pg_catalog.obj_description(t.oid, 'pg_type'),
       EXISTS (SELECT FROM pg_catalog.pg_depend d
               LEFT JOIN pg_catalog.pg_class u
                   ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND u.oid = d.objid
               WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                   AND d.refobjid IN (t.oid, t.typarray) AND d.deptype = 'n'
                   AND d.classid <> 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                   AND d.classid <> 'pg_catalog.pg_constraint'::pg_catalog.regclass
                   AND (u.oid IS NULL OR u.relkind NOT IN ('r', 'p', 'i', 'I')))
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE n.nspname = $1 AND t.typtype IN ('b', 'c', 'd', 'e', 'm', 'r')
    AND (c.oid IS NULL OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                        AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY t.typname COLLATE \"C\"";

/// Every type there is.
pub(super) const KNOWN_TYPES: &str = "SELECT DISTINCT typname::text FROM pg_catalog.pg_type";

/// Conversions that PostgreSQL makes by itself when a value is assigned (true),
/// or when a `CAST` asks for it (false).
pub(super) const CASTS: &str = "
SELECT s.typname::text, t.typname::text, c.castcontext <> 'e'
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_type s ON s.oid = c.castsource
JOIN pg_catalog.pg_type t ON t.oid = c.casttarget";
