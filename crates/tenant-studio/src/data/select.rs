//! From what is shown to SQL.
//!
//! Names come from the catalog and are quoted; each value is bound, as text, and
//! cast to its column's type by PostgreSQL. Pages are found by the values of the
//! row at their edge (keyset) where rows have a key or a place: the thousandth
//! page then costs what the first does.

use tenant_core::quote_ident;
use tokio_postgres::types::{ToSql, Type};

use super::catalog::{Column, Table};
use super::comparison::{Comparator, Comparison};
use super::cut::{Source, Storage};
use crate::error::Failure;
use crate::query::{Filter, Operator, OrderValues, View, items};

/// A value, bound as text.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    One(String),
    Many(Vec<String>),
}

impl Value {
    fn parameter(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::One(text) => (text, Type::TEXT),
            Self::Many(texts) => (texts, Type::TEXT_ARRAY),
        }
    }
}

/// SQL with the values that its `$1` and so on stand for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    values: Vec<Value>,
}

impl Statement {
    pub(crate) fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }

    /// Adds `$n`, and the value that it stands for.
    pub(super) fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// The values as the driver takes them.
    pub(crate) fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values.iter().map(Value::parameter).collect()
    }
}

/// A column that rows are ordered by.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The column, or the row's place.
    pub(crate) expression: String,
    type_name: String,
    /// Whether it can be NULL.
    is_nullable: bool,
    comparison: Comparison,
    /// What a page remembers of it.
    pub(super) source: Source,
}

/// How many columns tell rows apart that have neither a key nor a place.
const TIES: usize = 100;

impl Table {
    /// The table as SQL names it. Its columns are named with this `t`, whatever columns
    /// it has.
    pub(crate) fn quoted(&self) -> String {
        let (schema, name) = (&self.schema, &self.relation.name);
        format!("{}.{} AS t", quote_ident(schema), quote_ident(name))
    }

    /// The columns that `view` shows: those that it names, or all.
    pub(crate) fn shown(&self, view: &View) -> Vec<&Column> {
        let chosen = |column: &&Column| view.columns.contains(&column.name);
        let shown = self.columns.iter().filter(chosen).collect::<Vec<_>>();
        if shown.is_empty() {
            return self.columns.iter().collect();
        }
        shown
    }

    /// What rows are ordered by: the column to sort by, and then what tells rows
    /// apart. Empty where nothing does and no column is named.
    pub(crate) fn order(&self, view: &View) -> Result<Vec<Order>, Failure> {
        let mut order = Vec::new();
        if let Some(sort) = &view.sort {
            order.push(Order::by(self.named(&sort.column)?));
        }
        order.extend(self.tie_breakers(view));
        Ok(order)
    }

    /// Whether each row has a unique position in the order of [`order`](Self::order).
    pub(crate) fn is_total(&self) -> bool {
        self.key().is_some() || !self.place().is_empty()
    }

    fn tie_breakers(&self, view: &View) -> Vec<Order> {
        let sort = view.sort.as_ref().map(|sort| sort.column.as_str());
        let is_other = |name: &&str| Some(*name) != sort;
        let by = |names: &mut dyn Iterator<Item = &str>| {
            let columns = names.filter(is_other).filter_map(|name| self.column(name));
            columns.map(Order::by).collect::<Vec<_>>()
        };
        let mut key = self
            .declared_key()
            .into_iter()
            .flatten()
            .map(String::as_str);
        let mut ties = by(&mut key);
        if self.key().is_none() {
            ties.extend(self.place().iter().map(Order::by_place));
        }
        if !self.is_total() && sort.is_some() {
            // Else two pages could have different orders of rows that have the same value.
            let mut all = self.columns.iter().map(|column| column.name.as_str());
            ties = by(&mut all);
            ties.truncate(TIES);
        }
        ties
    }

    /// The column that an address names.
    pub(crate) fn named(&self, name: &str) -> Result<&Column, Failure> {
        let unknown = || Failure::Wrong(format!("the table has no column `{name}`"));
        self.column(name).ok_or_else(unknown)
    }

    /// Adds ` WHERE` with the filters of `view`, and returns what joins a further
    /// condition.
    pub(crate) fn filter(
        &self,
        statement: &mut Statement,
        view: &View,
    ) -> Result<&'static str, Failure> {
        let mut joint = " WHERE ";
        for filter in &view.filters {
            let condition = self.condition(statement, filter)?;
            statement.push(joint);
            statement.push(&condition);
            joint = " AND ";
        }
        Ok(joint)
    }

    fn condition(&self, statement: &mut Statement, filter: &Filter) -> Result<String, Failure> {
        let column = self.named(&filter.column)?;
        let (left, type_name) = (column.compared(), column.compared_type());
        let quoted = column.quoted();
        let mut is_negated = false;
        let comparator = match filter.operator {
            Operator::IsNull => return Ok(is_null(&quoted)),
            Operator::IsNotNull => return Ok(is_not_null(&quoted)),
            Operator::Contains => {
                let value = statement.bind(Value::One(filter.value.clone()));
                return Ok(contains(&format!("{quoted}::pg_catalog.text"), &value));
            }
            Operator::In => {
                let value = statement.bind(Value::Many(items(&filter.value)));
                let equals = column.comparison.sql(Comparator::Equal);
                return Ok(format!(
                    "{left} {equals} ANY (CAST({value} AS {type_name}[]))"
                ));
            }
            Operator::Equal => Comparator::Equal,
            Operator::NotEqual => {
                is_negated = true;
                Comparator::Equal
            }
            Operator::Less => Comparator::Less,
            Operator::LessOrEqual => Comparator::LessOrEqual,
            Operator::Greater => Comparator::Greater,
            Operator::GreaterOrEqual => Comparator::GreaterOrEqual,
        };
        let value = statement.bind(Value::One(filter.value.clone()));
        let operator = column.comparison.sql(comparator);
        let condition = format!("{left} {operator} CAST({value} AS {type_name})");
        Ok(match is_negated {
            true => format!("NOT ({condition})"),
            false => condition,
        })
    }
}

/// That a text contains another, whatever the case. Some collations have no order of
/// letters to search in, so it is not theirs that counts.
pub(super) fn contains(text: &str, part: &str) -> String {
    format!(
        "pg_catalog.strpos(pg_catalog.lower({text}) COLLATE pg_catalog.\"C\", \
         pg_catalog.lower({part}) COLLATE pg_catalog.\"C\") OPERATOR(pg_catalog.>) 0"
    )
}

/// That it begins with it.
pub(super) fn begins(text: &str, part: &str) -> String {
    format!(
        "pg_catalog.starts_with(pg_catalog.lower({text}) COLLATE pg_catalog.\"C\", \
         pg_catalog.lower({part}) COLLATE pg_catalog.\"C\")"
    )
}

impl Column {
    pub(crate) fn quoted(&self) -> String {
        format!("t.{}", quote_ident(&self.name))
    }

    /// What is read of it.
    pub(super) fn source(&self) -> Source {
        Source {
            value: self.quoted(),
            storage: self.storage,
        }
    }

    /// What stands in comparisons: the text where the type has no order.
    pub(super) fn compared(&self) -> String {
        match self.comparison {
            Comparison::AsText => format!("{}::pg_catalog.text", self.quoted()),
            Comparison::OfServer | Comparison::Own(_) => self.quoted(),
        }
    }

    /// What a value is cast to that it is compared with.
    pub(super) fn compared_type(&self) -> &str {
        match self.comparison {
            Comparison::AsText => "pg_catalog.text",
            Comparison::OfServer | Comparison::Own(_) => &self.base_type,
        }
    }

    /// That it has the value `value`, which is SQL; `name` is what it is called there.
    pub(super) fn equals(&self, name: &str, value: &str) -> String {
        let operator = self.comparison.sql(Comparator::Equal);
        match self.comparison {
            Comparison::AsText => format!("{name}::pg_catalog.text {operator} {value}"),
            Comparison::OfServer | Comparison::Own(_) => format!("{name} {operator} {value}"),
        }
    }
}

impl Order {
    fn by(column: &Column) -> Self {
        Self {
            expression: column.compared(),
            type_name: column.compared_type().to_owned(),
            is_nullable: !column.not_null,
            comparison: column.comparison.clone(),
            source: column.source(),
        }
    }

    fn by_place((column, type_name): &(&str, &str)) -> Self {
        let expression = format!("t.{column}");
        Self {
            source: Source {
                value: expression.clone(),
                storage: Storage::Fixed,
            },
            expression,
            type_name: (*type_name).to_owned(),
            is_nullable: false,
            comparison: Comparison::OfServer,
        }
    }
}

/// Which rows follow on another.
#[derive(Debug, Clone)]
pub(crate) enum Following<'a> {
    /// All.
    All,
    /// Those whose first column is NULL.
    Null(&'a Order),
    /// Those whose first column is not.
    NotNull(&'a Order),
    /// Those that are beyond these values.
    Beyond(&'a [Order], &'a [Option<String>]),
    /// Those whose first column is NULL, and the others are beyond these values.
    NullBeyond(&'a Order, &'a [Order], &'a [Option<String>]),
}

/// Which rows follow on a row with the values `edge`, as conditions that are
/// asked for one after the other: each an index can answer, where one condition
/// for all would not be. NULL stands above everything, as PostgreSQL has it.
pub(crate) fn following<'a>(
    order: &'a [Order],
    edge: &'a OrderValues,
    is_down: bool,
) -> Vec<Following<'a>> {
    let beyond = Following::Beyond(order, edge);
    let Some((first, rest)) = order.split_first().filter(|(first, _)| first.is_nullable) else {
        return vec![beyond];
    };
    match (edge.split_first(), is_down) {
        (Some((None, values)), false) => vec![Following::NullBeyond(first, rest, values)],
        (Some((None, values)), true) => vec![
            Following::NullBeyond(first, rest, values),
            Following::NotNull(first),
        ],
        (_, false) => vec![beyond, Following::Null(first)],
        (_, true) => vec![beyond],
    }
}

impl Following<'_> {
    /// Adds the condition, with `joint` before it.
    pub(crate) fn write(&self, statement: &mut Statement, joint: &str, is_down: bool) {
        let condition = match self {
            Self::All => return,
            Self::Null(first) => is_null(&first.expression),
            Self::NotNull(first) => is_not_null(&first.expression),
            Self::Beyond(order, edge) => beyond(statement, order, edge, is_down),
            Self::NullBeyond(first, order, edge) => {
                let beyond = beyond(statement, order, edge, is_down);
                format!("{} AND {beyond}", is_null(&first.expression))
            }
        };
        statement.push(joint);
        statement.push(&condition);
    }
}

/// That there is no value. `IS NULL` is also true of a row whose fields are all NULL,
/// which is a value; an index is used in either form.
fn is_null(expression: &str) -> String {
    format!("{expression} IS NOT DISTINCT FROM NULL")
}

/// That there is a value: `IS NOT NULL` is false for a row with a NULL among its fields.
fn is_not_null(expression: &str) -> String {
    format!("{expression} IS DISTINCT FROM NULL")
}

/// That the columns of `order` together are beyond `edge`.
fn beyond(
    statement: &mut Statement,
    order: &[Order],
    edge: &[Option<String>],
    is_down: bool,
) -> String {
    let values = order.iter().enumerate().map(|(at, one)| {
        let value = edge.get(at).cloned().flatten().unwrap_or_default();
        let value = statement.bind(Value::One(value));
        format!("CAST({value} AS {})", one.type_name)
    });
    let values = values.collect::<Vec<_>>();
    let is_own = |one: &Order| matches!(one.comparison, Comparison::Own(_));
    if order.iter().any(is_own) {
        return beyond_each(order, &values, is_down);
    }
    let left = order.iter().map(|one| one.expression.as_str());
    let left = left.collect::<Vec<_>>().join(", ");
    let right = values.join(", ");
    let operator = Comparison::OfServer.sql(match is_down {
        true => Comparator::Less,
        false => Comparator::Greater,
    });
    match order.is_empty() {
        // Nothing tells these rows apart, so that none comes later.
        true => "false".to_owned(),
        false => format!("({left}) {operator} ({right})"),
    }
}

/// The same, column by column: each has its own operators.
fn beyond_each(order: &[Order], values: &[String], is_down: bool) -> String {
    let pairs = order.iter().zip(values).rev();
    pairs.fold("false".to_owned(), |rest, (one, value)| {
        let compare = |comparator| {
            let operator = one.comparison.sql(comparator);
            format!("{} {operator} {value}", one.expression)
        };
        let (beyond, or_same) = match is_down {
            true => (Comparator::Less, Comparator::LessOrEqual),
            false => (Comparator::Greater, Comparator::GreaterOrEqual),
        };
        // The first half is what an index answers.
        let (beyond, or_same) = (compare(beyond), compare(or_same));
        format!("{or_same} AND ({beyond} OR {rest})")
    })
}

/// ` ORDER BY` these.
pub(crate) fn order_by(order: &[Order], is_down: bool) -> String {
    let direction = if is_down { " DESC" } else { "" };
    let terms = order
        .iter()
        .map(|one| format!("{}{direction}", one.expression));
    let terms = terms.collect::<Vec<_>>().join(", ");
    if terms.is_empty() {
        return terms;
    }
    format!(" ORDER BY {terms}")
}
