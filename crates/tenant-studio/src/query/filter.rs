//! Conditions on columns.

/// A condition on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) column: String,
    pub(crate) operator: Operator,
    pub(crate) value: String,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    In,
    IsNull,
    IsNotNull,
}

impl Operator {
    /// All, in the order in which they are offered, with their words in addresses
    /// and in pages.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Equal, "eq", "="),
        (Self::NotEqual, "ne", "<>"),
        (Self::Less, "lt", "<"),
        (Self::LessOrEqual, "le", "<="),
        (Self::Greater, "gt", ">"),
        (Self::GreaterOrEqual, "ge", ">="),
        (Self::Contains, "has", "contains"),
        (Self::In, "in", "in (a, b)"),
        (Self::IsNull, "null", "is NULL"),
        (Self::IsNotNull, "some", "is not NULL"),
    ];

    fn of(word: &str) -> Option<Self> {
        let mut found = Self::ALL.into_iter().filter(|(_, short, _)| *short == word);
        found.next().map(|(operator, _, _)| operator)
    }

    /// Its word in addresses.
    pub(crate) fn word(self) -> &'static str {
        let mut found = Self::ALL.into_iter().filter(|(one, _, _)| *one == self);
        found.next().map_or("", |(_, word, _)| word)
    }
}

impl Filter {
    /// That a column has a value.
    pub(crate) fn equal(column: &str, value: &str) -> Self {
        Self {
            column: column.to_owned(),
            operator: Operator::Equal,
            value: value.to_owned(),
        }
    }

    pub(super) fn parameters(&self) -> [(&'static str, String); 3] {
        [
            ("fc", self.column.clone()),
            ("fo", self.operator.word().to_owned()),
            ("fv", self.value.clone()),
        ]
    }
}

/// The conditions among `parameters`. Each begins with its column; operator and
/// value follow, as the fields of a form do.
pub(super) fn all(parameters: &[(String, String)]) -> Vec<Filter> {
    let mut filters = Vec::<Filter>::new();
    let mut is_open = false;
    for (name, value) in parameters {
        if name == "fc" {
            is_open = !value.is_empty();
            if is_open {
                filters.push(Filter::equal(value, ""));
            }
        }
        let Some(filter) = filters.last_mut().filter(|_| is_open) else {
            continue;
        };
        match name.as_str() {
            "fo" => filter.operator = Operator::of(value).unwrap_or(Operator::Equal),
            "fv" => filter.value.clone_from(value),
            _ => {}
        }
    }
    filters
}

/// The items of a list with commas in between. In double quotes an item may
/// have commas, and quotes that are doubled.
pub(crate) fn items(list: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = list.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(item) = items.last_mut() else { break };
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                item.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => items.push(String::new()),
            ' ' if !is_quoted && item.is_empty() => {}
            letter => item.push(letter),
        }
    }
    items
}
