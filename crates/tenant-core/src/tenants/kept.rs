//! The results of migrations, stored in the database so that not every check needs a trial run.
//!
//! A result is found by a key: a hash of the migrations and of everything in the database that
//! their result can depend on. After a change of any of these, old results are not used.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_postgres::types::{ToSql, Type};

use super::handle::Tenants;
use super::known_shapes::Applied;
use crate::Error;
use crate::migration::Migration;
use crate::registry::EXPECTATIONS;
use crate::shape::{Asked, Circumstances, Expectation, FORMAT, Moments, Written};

/// What the result of the migrations depends on beside their text.
pub(super) struct Premises {
    /// A hash of it.
    hash: String,
    pub(super) circumstances: Circumstances,
}

/// For how many days one is kept. It ends with the data that migrations read from tables
/// outside, which are no part of the key.
const DAYS: i32 = 30;

/// The words by which a migration asks who runs it.
const ROLE_WORDS: [&str; 6] = [
    "current_user",
    "session_user",
    "current_role",
    "getpgusername",
    "userbyid",
    "session_authorization",
];

/// The words by which a migration makes a date that is not the day's own.
const PERIOD_WORDS: [&str; 2] = ["date_trunc", "make_date"];

/// A hash of what the migrations can see of the schemas `$1`, of extensions, settings and
/// default privileges; the role; days near the server's own, in ISO form; and the seconds since
/// 1970.
///
/// A row of a catalog says by its `xmin` that it was changed.
const PREMISES: &str = "
    SELECT pg_catalog.md5(pg_catalog.concat_ws(' ', pg_catalog.current_setting('server_version_num'),
        CURRENT_USER,
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.defaclrole, d.defaclobjtype, d.defaclacl),
             ' ' ORDER BY d.oid)
         FROM pg_catalog.pg_default_acl d WHERE d.defaclnamespace = 0),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', e.extname, e.extversion, e.extnamespace), ' '
             ORDER BY e.extname) FROM pg_catalog.pg_extension e),
        (SELECT pg_catalog.string_agg(s.setconfig::text, ' ' ORDER BY s.setrole, s.setdatabase)
         FROM pg_catalog.pg_db_role_setting s
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
         LEFT JOIN pg_catalog.pg_database b ON b.oid = s.setdatabase
         WHERE (s.setrole = 0 OR r.rolname = CURRENT_USER)
           AND (s.setdatabase = 0 OR b.datname = pg_catalog.current_database())),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', t.evtname, t.evtenabled), ' '
             ORDER BY t.evtname)
         FROM pg_catalog.pg_event_trigger t),
        (SELECT pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.classid, d.objid, p.xmin,
             t.xmin, c.relkind,
             (SELECT pg_catalog.string_agg(l.oid::text, ' ' ORDER BY l.enumsortorder)
              FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid),
             (SELECT pg_catalog.string_agg(a.xmin::text, ' ' ORDER BY a.attnum)
              FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0),
             (SELECT pg_catalog.string_agg(k.oid::text, ' ' ORDER BY k.oid)
              FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid)), ' '
             ORDER BY d.classid, d.objid))
         FROM pg_catalog.pg_depend d
         JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
         LEFT JOIN pg_catalog.pg_proc p ON p.oid = d.objid
              AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         LEFT JOIN pg_catalog.pg_type t ON t.oid = d.objid
              AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
         LEFT JOIN pg_catalog.pg_class c ON c.oid = d.objid
              AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
           AND n.nspname = ANY ($1)))),
        CURRENT_USER::text,
        ARRAY(SELECT pg_catalog.to_char(day, 'YYYY-MM-DD') FROM (
            SELECT pg_catalog.now() AT TIME ZONE 'UTC' + pg_catalog.make_interval(days => near)
            FROM pg_catalog.generate_series(-1, 1) near) d (day)),
        ARRAY(SELECT pg_catalog.to_char(day, 'YYYY-MM-DD') FROM (
            SELECT pg_catalog.date_trunc(unit, pg_catalog.now() AT TIME ZONE 'UTC')
                + near * pg_catalog.concat('1 ', unit)::interval
            FROM pg_catalog.unnest(ARRAY['week', 'month', 'year']) unit,
                 pg_catalog.generate_series(-1, 1) near) d (day)),
        pg_catalog.date_part('epoch', pg_catalog.now())::bigint";

impl Tenants {
    /// What the result of the migrations depends on now.
    ///
    /// # Errors
    ///
    /// A server error.
    pub(super) async fn premises(&self) -> Result<Premises, Error> {
        let action = "read the dependencies of the migrations";
        let failed = |error| Error::database(action, error);
        let extensions = self.settings.extensions.as_ref();
        let schemas = std::iter::once("public").chain(extensions.map(|it| it.name()));
        let schemas = schemas.collect::<Vec<_>>();
        let parameter = (&schemas as &(dyn ToSql + Sync), Type::NAME_ARRAY);
        let reading = self.reading().await?;
        let rows = reading.query(PREMISES, &[parameter]).await;
        let rows = rows.map_err(failed)?;
        let row = rows.first().ok_or(Error::InTheWay)?;
        let role: String = row.try_get(1).map_err(failed)?;
        let mut days: Vec<String> = row.try_get(2).map_err(failed)?;
        let seconds: i64 = row.try_get(4).map_err(failed)?;
        let moments = self.moments(&days).at(seconds.unsigned_abs());
        if self.migrations_mention(&PERIOD_WORDS) {
            days.extend(row.try_get::<_, Vec<String>>(3).map_err(failed)?);
        }
        Ok(Premises {
            hash: row.try_get(0).map_err(failed)?,
            circumstances: Circumstances {
                place: None,
                moments,
                days,
                written: self.written().into(),
                role: self.asked_for(role),
            },
        })
    }

    /// The role, if migrations ask who runs them. `user` is such a word as well.
    fn asked_for(&self, role: String) -> Option<Asked> {
        let texts = self.migrations.tenant.iter().map(Migration::sql);
        let texts = texts.collect::<Vec<_>>().join("\n");
        let mut words = texts.split(|one: char| !one.is_alphanumeric() && one != '_');
        let asks = self.migrations_mention(&ROLE_WORDS)
            || words.any(|word| word.eq_ignore_ascii_case("user"));
        asks.then(|| Asked::new(role, &texts))
    }

    /// The years and months near `days`, if the migrations make something of them.
    fn moments(&self, days: &[String]) -> Moments {
        let (tenant, public) = (&self.migrations.tenant, &self.migrations.public);
        if !tenant.depend_on_time(public) {
            return Moments::default();
        }
        let texts = tenant.iter().chain(public.iter()).map(Migration::sql);
        let texts = texts.collect::<Vec<_>>().join("\n");
        Moments::near(days, &texts)
    }

    /// The statements of the migrations. Of the public ones functions can make something in
    /// a tenant's schema.
    fn written(&self) -> Vec<Written> {
        let (tenant, public) = (&self.migrations.tenant, &self.migrations.public);
        let all = public.iter().chain(tenant.iter());
        let codes = all.flat_map(Migration::codes);
        codes
            .map(|code| Written::new(&code.text, code.asks_the_clock, code.at))
            .collect()
    }

    /// Whether the text of a migration has one of these words in it.
    pub(super) fn migrations_mention(&self, words: &[&str]) -> bool {
        let mut texts = self.migrations.tenant.iter().map(Migration::sql);
        texts.any(|text| {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    }

    /// The key of what these migrations make.
    fn key(&self, premises: &Premises, applied: &Applied) -> String {
        self.key_of(premises, applied, None)
    }

    /// The same under the name of a schema, if it is for one.
    fn key_of(&self, premises: &Premises, applied: &Applied, schema: Option<&str>) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{FORMAT} {}", premises.hash));
        let extensions = self.settings.extensions.as_ref().map(|it| it.name());
        hash.update(format!("{extensions:?} {:?}", self.settings.transaction));
        let migrations = self.migrations.tenant.iter();
        for migration in migrations.filter(|it| applied.contains(it.version())) {
            hash.update(format!(
                "{} {} ",
                migration.version(),
                migration.fingerprint()
            ));
        }
        if let Some(schema) = schema {
            hash.update(format!("under {schema}"));
        }
        let digits = hash.finalize();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is kept of what each of `sets` makes. Nothing where there is no such table, or
    /// the role may not read it.
    pub(super) async fn kept(
        &self,
        premises: &Premises,
        sets: &BTreeSet<Applied>,
    ) -> Result<Vec<(Applied, Expectation)>, Error> {
        let keys = sets.iter().map(|set| self.key(premises, set));
        let keys = keys.collect::<Vec<_>>();
        let sql = format!("SELECT key, expectation FROM {EXPECTATIONS} WHERE key = ANY ($1)");
        let parameter = (&keys as &(dyn ToSql + Sync), Type::TEXT_ARRAY);
        let reading = self.reading().await?;
        let Ok(rows) = reading.query(&sql, &[parameter]).await else {
            return Ok(Vec::new());
        };
        let kept = sets.iter().zip(&keys).filter_map(|(set, key)| {
            let is_its = |row: &&tokio_postgres::Row| {
                row.try_get::<_, &str>(0).is_ok_and(|found| found == key)
            };
            let text = rows.iter().find(is_its)?.try_get::<_, &str>(1).ok()?;
            Some((set.clone(), Expectation::from_text(text)?))
        });
        Ok(kept.collect())
    }

    /// What is kept of what these make in the schema `schema`, under its own name.
    ///
    /// # Errors
    ///
    /// That there is no connection.
    pub(super) async fn kept_of(
        &self,
        premises: &Premises,
        applied: &Applied,
        schema: &str,
    ) -> Result<Option<Arc<Expectation>>, Error> {
        let key = self.key_of(premises, applied, Some(schema));
        let sql = format!("SELECT expectation FROM {EXPECTATIONS} WHERE key = $1");
        let parameter = (&key as &(dyn ToSql + Sync), Type::TEXT);
        let reading = self.reading().await?;
        let Ok(rows) = reading.query(&sql, &[parameter]).await else {
            return Ok(None);
        };
        let text = rows.first().and_then(|row| row.try_get::<_, &str>(0).ok());
        Ok(text.and_then(Expectation::from_text).map(Arc::new))
    }

    /// Keeps what these make in the schema `schema`, under its own name.
    pub(super) async fn keep_of(
        &self,
        premises: &Premises,
        applied: &Applied,
        schema: &str,
        made: &Expectation,
    ) {
        let key = self.key_of(premises, applied, Some(schema));
        self.keep_under(&key, made).await;
    }

    /// Keeps what a set of migrations makes. Where that cannot be, the next check tries the
    /// migrations again, which is no failure.
    pub(super) async fn keep(&self, premises: &Premises, set: &Applied, made: &Expectation) {
        self.keep_under(&self.key(premises, set), made).await;
    }

    async fn keep_under(&self, key: &str, made: &Expectation) {
        let (Ok(session), Some(text)) = (self.session().await, made.to_text()) else {
            return;
        };
        let sql = format!(
            "WITH old AS (DELETE FROM {EXPECTATIONS} WHERE key <> $1 \
                 AND made_at < pg_catalog.now() - pg_catalog.make_interval(days => {DAYS})) \
             INSERT INTO {EXPECTATIONS} (key, expectation) VALUES ($1, $2) \
             ON CONFLICT (key) DO UPDATE \
             SET expectation = excluded.expectation, made_at = pg_catalog.now()"
        );
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&key, Type::TEXT), (&text, Type::TEXT)];
        drop(session.client().query_typed(&sql, &parameters).await);
    }
}
