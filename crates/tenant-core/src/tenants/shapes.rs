//! Reads the shapes of many tenants, some at a time.

use futures_util::{StreamExt, stream};

use super::handle::Tenants;
use crate::engine::settings_of;
use crate::link::{Limits, Session};
use crate::shape::{self, Shape};
use crate::{Error, PgError};

/// How many schemas are read at a time. More would cost memory, and gain nothing.
const AT_ONCE: usize = 50;

/// The number of connections. The server works on each with a separate process.
const READERS: usize = 3;

/// How long to wait for a lock of another session, in ms. To print an expression, PostgreSQL locks
/// the table as a reader does, so a running migration blocks it. The call does not wait for it to
/// end: the tenant is reported as busy, which is no problem.
const PATIENCE: i32 = 100;

/// What came of looking at one schema.
#[derive(Debug)]
pub(super) enum Seen<T> {
    /// It was looked at.
    Shape(T),
    /// It is not there.
    Nothing,
    /// Another session holds a lock on an object in it.
    Busy,
    /// It cannot be read.
    Unreadable(PgError),
}

/// A schema, and what came of looking at it.
pub(super) type Looked<T> = (String, Seen<T>);

impl Tenants {
    /// What `look` says of the shape of each of the schemas `names`, in any order.
    /// Of each only that is kept, so that thousands need no room.
    ///
    /// # Errors
    ///
    /// That there is no connection. What is wrong with one schema is told of it.
    pub(super) async fn look_at_shapes<T: Send>(
        &self,
        names: &[&str],
        look: &(impl Fn(Shape) -> T + Sync),
    ) -> Result<Vec<Looked<T>>, Error> {
        // Collected, so that the future of all this can be spawned.
        let chunks = names
            .chunks(AT_ONCE)
            .map(|chunk| self.look_at_some(chunk, look));
        let chunks = chunks.collect::<Vec<_>>();
        let looked = stream::iter(chunks).buffer_unordered(READERS);
        let looked = looked.collect::<Vec<_>>().await;
        let mut all = Vec::with_capacity(names.len());
        for some in looked {
            all.extend(some?);
        }
        Ok(all)
    }

    async fn look_at_some<T: Send>(
        &self,
        names: &[&str],
        look: &(impl Fn(Shape) -> T + Sync),
    ) -> Result<Vec<Looked<T>>, Error> {
        let session = self.session().await?;
        let mut looked = Vec::with_capacity(names.len());
        self.divide(&session, names, look, &mut looked).await;
        Ok(looked)
    }

    /// Looks at the schemas; when that fails, because of one of them, each half is
    /// looked at by itself.
    async fn divide<T: Send>(
        &self,
        session: &Session,
        names: &[&str],
        look: &(impl Fn(Shape) -> T + Sync),
        looked: &mut Vec<Looked<T>>,
    ) {
        let error = match self.read_shapes(session, names).await {
            Ok(shapes) => {
                let mut missing = names.to_vec();
                for shape in shapes {
                    missing.retain(|name| *name != shape.schema());
                    looked.push((shape.schema().to_owned(), Seen::Shape(look(shape))));
                }
                let nothing = |name: &str| (name.to_owned(), Seen::Nothing);
                let missing = missing.into_iter().map(nothing);
                return looked.extend(missing);
            }
            Err(error) => error,
        };
        if let [name] = names {
            let seen = match error.sqlstate() {
                Some("55P03") => Seen::Busy,
                _ => Seen::Unreadable(error),
            };
            return looked.push(((*name).to_owned(), seen));
        }
        let (one, other) = names.split_at(names.len() / 2);
        Box::pin(self.divide(session, one, look, looked)).await;
        Box::pin(self.divide(session, other, look, looked)).await;
    }

    /// In one transaction, so that the queries see the same state of the schemas.
    async fn read_shapes(&self, session: &Session, names: &[&str]) -> Result<Vec<Shape>, PgError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY NOT DEFERRABLE; RESET ALL";
        let limits = Limits {
            lock: PATIENCE,
            ..self.settings.limits()
        };
        let mut begin = vec![begin.to_owned()];
        if !self.database.is_cluster() {
            begin.extend(settings_of(&self.database, session, limits));
        }
        begin.push(format!("SET LOCAL lock_timeout = {PATIENCE}"));
        let client = session.client();
        session.begin();
        client.batch_execute(&begin.join("; ")).await?;
        let shapes = shape::read(client, self.database.catalog(), names).await;
        client.batch_execute("ROLLBACK").await?;
        session.finish();
        Ok(shapes?)
    }
}
