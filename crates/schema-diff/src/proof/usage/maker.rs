//! Makes up a row that a table takes: with a row for each foreign key, and with values
//! that its checks allow, as far as such values are found.

use std::collections::HashMap;
use std::pin::Pin;

use sql_text::literal;
use tokio_postgres::{Error, SimpleQueryRow};

use super::attempt::{Session, Trouble};
use super::solver::{self, Values};
use super::world::{ForeignKey, Place, World};
use crate::catalog::StoredColumn;
use crate::proof::sample;

/// Which columns of a row are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// All that can be.
    Full,
    /// Those without a default that may not be NULL.
    Sparse,
}

/// What was learned of tables on the way.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    /// The style of the texts that a table takes.
    styles: HashMap<u32, usize>,
    /// The sample of the latest row.
    seed: usize,
    /// Why a table takes no row.
    failed: HashMap<(u32, Shape), Trouble>,
}

/// What is known of a table from before the migration.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fixed {
    /// It takes rows with texts of that style.
    Works(usize),
    /// It takes none of any style.
    Fails,
}

/// A row that was made.
#[derive(Clone, Default)]
pub(super) struct Made {
    /// The table and the place in it; `None` when the row went elsewhere.
    pub(super) place: Option<(String, String)>,
    values: HashMap<String, Option<String>>,
}

/// Makes rows in one transaction.
pub(super) struct Maker<'a> {
    session: Session<'a>,
    world: &'a World,
    solved: HashMap<u32, Vec<Vec<Values>>>,
    learned: Learned,
    /// The rows for foreign keys, by table. All keys of a row lead to the same ones.
    parents: HashMap<u32, Made>,
    in_progress: Vec<u32>,
}

type Tried<T> = Result<Result<T, Trouble>, Error>;
type Answer<'b, T> = Pin<Box<dyn Future<Output = Tried<T>> + Send + 'b>>;

/// The samples of rows that are rolled back: no other row has them.
const SEEDS: std::ops::Range<usize> = 100..900;

/// A sample that no row has, made up or not.
pub(super) const UNUSED: usize = 950;

/// How often a row is tried whose key is taken.
const TRIES: usize = 4;

impl<'a> Maker<'a> {
    pub(super) fn new(session: Session<'a>, world: &'a World, learned: Learned) -> Self {
        Self {
            session,
            world,
            learned,
            solved: HashMap::new(),
            parents: HashMap::new(),
            in_progress: Vec::new(),
        }
    }

    /// What is known of the tables in the end.
    pub(super) fn into_learned(self) -> Learned {
        self.learned
    }

    /// Whether there is a row of the table already.
    pub(super) fn has(&self, table: u32) -> bool {
        self.parents.contains_key(&table)
    }

    /// Makes a row in the table.
    pub(super) fn row<'b>(&'b mut self, table: u32, shape: Shape) -> Answer<'b, Made> {
        Box::pin(async move {
            let Some(place) = self.world.place(table) else {
                return Ok(Err(Trouble::of_values("its table is not visible")));
            };
            self.in_progress.push(table);
            let made = self.styled(place, shape).await;
            self.in_progress.pop();
            made
        })
    }

    /// A row of the table for a foreign key: the one that was made, a new one, or one
    /// that a migration has put there.
    pub(super) async fn parent(&mut self, table: u32) -> Tried<Made> {
        if let Some(made) = self.parents.get(&table) {
            return Ok(Ok(made.clone()));
        }
        let mut made = self.row(table, Shape::Full).await?;
        if made.as_ref().map_or(true, |made| made.place.is_none()) {
            let other = self.row(table, Shape::Sparse).await?;
            made = other.or(made);
        }
        if made.as_ref().map_or(true, |made| made.place.is_none()) {
            made = self.existing(table).await?.map_or(made, Ok);
        }
        if let Ok(made) = &made {
            self.parents.insert(table, made.clone());
        }
        Ok(made)
    }

    /// An existing row.
    pub(super) async fn existing(&self, table: u32) -> Result<Option<Made>, Error> {
        let Some(place) = self.world.place(table) else {
            return Ok(None);
        };
        let sql = format!("SELECT tableoid, ctid, * FROM {} LIMIT 1", place.sql());
        let found = self.session.keep(&sql).await?;
        Ok(found.ok().and_then(|rows| rows.first().map(Made::of)))
    }

    /// Tries one style of texts after the other: a function may take nothing but a
    /// version, or a word. Where a style is known to work before the migration, another
    /// one would only hide what fails.
    async fn styled(&mut self, place: Place<'_>, shape: Shape) -> Tried<Made> {
        let table = place.table.oid;
        if let Some(trouble) = self.learned.failed.get(&(table, shape)) {
            return Ok(Err(trouble.clone()));
        }
        let fixed = self.world.fixed.get(&(table, shape)).copied();
        let first = match fixed {
            Some(Fixed::Works(style)) => style,
            Some(Fixed::Fails) => 0,
            None => self.learned.styles.get(&table).copied().unwrap_or(0),
        };
        let others = (0..sample::STYLES).filter(|style| *style != first);
        let mut failed = None;
        for style in std::iter::once(first).chain(others) {
            self.learned.styles.insert(table, style);
            match self.untaken(place, shape).await? {
                Ok(made) => return Ok(Ok(made)),
                Err(trouble) => {
                    let is_final = match fixed {
                        Some(Fixed::Works(_)) => !trouble.is_about_values,
                        Some(Fixed::Fails) => true,
                        None => false,
                    };
                    let is_of_others = trouble.needs_another_row || trouble.is_taken();
                    failed.get_or_insert(trouble);
                    if is_final || is_of_others {
                        break;
                    }
                }
            }
        }
        self.learned.styles.remove(&table);
        let trouble = failed.unwrap_or_else(|| Trouble::of_values("not tried"));
        if !trouble.needs_another_row && !trouble.is_taken() {
            self.learned.failed.insert((table, shape), trouble.clone());
        }
        Ok(Err(trouble))
    }

    async fn untaken(&mut self, place: Place<'_>, shape: Shape) -> Tried<Made> {
        let mut tried = 0;
        loop {
            self.learned.seed += 1;
            if self.learned.seed >= SEEDS.end {
                self.learned.seed = SEEDS.start;
            }
            let values = match self.values(place, shape).await? {
                Ok(values) => values,
                Err(trouble) => return Ok(Err(trouble)),
            };
            tried += 1;
            match insert(self.session, place, &values).await? {
                Err(trouble) if trouble.is_taken() && tried < TRIES => {
                    // A key that refers to a row may be what is taken.
                    for key in self.world.keys_of(place.table.oid) {
                        self.parents.remove(&key.parent);
                    }
                }
                made => return Ok(made),
            }
        }
    }

    /// The columns that are given, and their values in SQL.
    async fn values(&mut self, place: Place<'_>, shape: Shape) -> Tried<Vec<(String, String)>> {
        let solved = self.solved(place).await?;
        let keyed = match self.keyed(place, shape, &solved).await? {
            Ok(keyed) => keyed,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let mut values = Vec::new();
        for column in place.settable() {
            let is_left_out = column.sequence.is_some()
                || shape == Shape::Sparse && (column.default.is_some() || column.nullable);
            if let Some(value) = keyed.get(&column.name) {
                values.push((column.name.clone(), value.clone()));
            } else if !is_left_out {
                let value = self.value(place, column, &solved);
                values.push((column.name.clone(), value));
            }
        }
        Ok(Ok(values))
    }

    /// The value of a column that refers to nothing, in SQL.
    fn value(&self, place: Place<'_>, column: &StoredColumn, solved: &Values) -> String {
        let text = match solved.get(&column.name) {
            Some(text) => text.clone(),
            None => {
                let style = self.learned.style(place.table.oid);
                Some(styled(self.world, place, column, self.learned.seed, style))
            }
        };
        in_sql(column, text.as_deref())
    }

    /// Values that the conditions of the table allow, others with each seed.
    async fn solved(&mut self, place: Place<'_>) -> Result<Values, Error> {
        let table = place.table.oid;
        if !self.solved.contains_key(&table) {
            let groups = solver::solve(self.session, self.world, place).await?;
            self.solved.insert(table, groups);
        }
        let groups = self.solved.get(&table).into_iter().flatten();
        let style = self.learned.style(table);
        let chosen = groups.filter_map(|rows| solver::chosen(rows, style, self.learned.seed));
        Ok(chosen
            .flatten()
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect())
    }

    /// The values of the columns that refer to rows, in SQL.
    async fn keyed(
        &mut self,
        place: Place<'_>,
        shape: Shape,
        solved: &Values,
    ) -> Tried<HashMap<String, String>> {
        let mut values = HashMap::new();
        let world = self.world;
        for key in world.keys_of(place.table.oid) {
            let columns = key
                .columns
                .iter()
                .filter_map(|name| place.table.column(name));
            let mut optional = columns.filter(|column| column.nullable);
            let may_be_null = optional.next();
            if shape == Shape::Sparse && may_be_null.is_some_and(|it| it.default.is_none()) {
                continue;
            }
            if self.in_progress.contains(&key.parent) {
                match (may_be_null, self.own_key(place, key, solved)) {
                    (Some(column), _) => {
                        drop(values.insert(column.name.clone(), "NULL".to_owned()))
                    }
                    (None, Some(own)) => values.extend(own),
                    (None, None) => {
                        return Ok(Err(Trouble::of_values("its foreign keys form a cycle")));
                    }
                }
                continue;
            }
            match self.parent(key.parent).await? {
                Ok(made) => values.extend(referring(place, key, &made)),
                Err(_) => return Ok(Err(self.without_parent(key))),
            }
        }
        Ok(Ok(values))
    }

    /// The values of a row that refers to itself.
    fn own_key(
        &self,
        place: Place<'_>,
        key: &ForeignKey,
        solved: &Values,
    ) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        if key.parent != place.table.oid {
            return None;
        }
        for (column, own) in key.columns.iter().zip(&key.parent_columns) {
            let own = place
                .settable()
                .find(|it| it.name == *own && it.sequence.is_none())?;
            let value = self.value(place, own, solved);
            values.push((own.name.clone(), value.clone()));
            values.push((column.clone(), value));
        }
        Some(values)
    }

    /// The reason why that row is missing is reported for its own table.
    fn without_parent(&self, key: &ForeignKey) -> Trouble {
        let parent = self.world.place(key.parent);
        let name = parent.map_or_else(String::new, |place| place.table.name.clone());
        Trouble {
            needs_another_row: true,
            ..Trouble::of_values(&format!("it needs a row in `{name}`"))
        }
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self::from(SEEDS.start)
    }
}

impl Learned {
    /// Nothing yet; the rows have the samples behind that one.
    pub(super) fn from(seed: usize) -> Self {
        Self {
            styles: HashMap::new(),
            seed,
            failed: HashMap::new(),
        }
    }

    /// The style of the texts that the table takes.
    pub(super) fn style(&self, table: u32) -> usize {
        self.styles.get(&table).copied().unwrap_or_default()
    }

    /// The same, for the use after the migration.
    pub(super) fn fixed(&self) -> HashMap<(u32, Shape), Fixed> {
        let styles = self.styles.iter().flat_map(|(table, style)| {
            let shapes = [Shape::Full, Shape::Sparse].into_iter();
            shapes.map(|shape| ((*table, shape), Fixed::Works(*style)))
        });
        let failed = self.failed.keys().map(|key| (*key, Fixed::Fails));
        styles.chain(failed).collect()
    }
}

impl Made {
    fn of(row: &SimpleQueryRow) -> Self {
        let text = |index: usize| row.try_get(index).ok().flatten().map(str::to_owned);
        let columns = row.columns().iter().enumerate().skip(2);
        Self {
            place: text(0).zip(text(1)),
            values: columns
                .map(|(index, column)| (column.name().to_owned(), text(index)))
                .collect(),
        }
    }
}

/// The values of the columns of `key` that lead to the row.
fn referring(place: Place<'_>, key: &ForeignKey, made: &Made) -> Vec<(String, String)> {
    let pairs = key.columns.iter().zip(&key.parent_columns);
    let values = pairs.filter_map(|(name, parent)| {
        let column = place.table.column(name)?;
        let text = made.values.get(parent)?;
        Some((name.clone(), in_sql(column, text.as_deref())))
    });
    values.collect()
}

/// A value of the column in SQL.
pub(super) fn in_sql(column: &StoredColumn, text: Option<&str>) -> String {
    text.map_or_else(
        || "NULL".to_owned(),
        |text| format!("{}::{}", literal(text), column.sql_type),
    )
}

/// A value of the column's type, in that style if it is a text.
pub(super) fn styled(
    world: &World,
    place: Place<'_>,
    column: &StoredColumn,
    seed: usize,
    style: usize,
) -> String {
    let styled = sample::styled(column, seed, style);
    styled.unwrap_or_else(|| sampled(world, place, column, seed))
}

/// A value of the column's type.
pub(super) fn sampled(
    world: &World,
    place: Place<'_>,
    column: &StoredColumn,
    seed: usize,
) -> String {
    if let Some(fields) = world
        .composites
        .get(&column.ty.name)
        .filter(|_| !column.ty.array)
    {
        return format!("({})", ",".repeat(fields.saturating_sub(1)));
    }
    let custom = place.catalog.custom_type(&column.ty.name);
    let labels = custom.and_then(|ty| ty.labels.as_deref());
    sample::of_column(column, seed, labels)
}

/// Inserts a row, and says where it is.
async fn insert(
    session: Session<'_>,
    place: Place<'_>,
    values: &[(String, String)],
) -> Tried<Made> {
    let table = place.sql();
    let names = place
        .catalog
        .quote
        .idents(values.iter().map(|(name, _)| name));
    let texts = values
        .iter()
        .map(|(_, value)| value.as_str())
        .collect::<Vec<_>>();
    let insert = if values.is_empty() {
        format!("INSERT INTO {table} DEFAULT VALUES")
    } else {
        format!(
            "INSERT INTO {table} ({names}) VALUES ({})",
            texts.join(", ")
        )
    };
    let told = session
        .keep(&format!("{insert} RETURNING tableoid, ctid, *"))
        .await?;
    match told {
        Ok(rows) => Ok(Ok(rows.first().map(Made::of).unwrap_or_default())),
        // A rule that puts something else in the place of the row gives none back.
        Err(trouble) if trouble.sqlstate == "0A000" => {
            Ok(session.keep(&insert).await?.map(|_| Made::default()))
        }
        Err(trouble) => Ok(Err(trouble)),
    }
}
