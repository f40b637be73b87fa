//! Names of tenants in a message: a few of many.

use command_line::output::shown;
use command_line::words::counted;

/// How many tenants are named.
const NAMED: usize = 5;

/// The tenants that a message is about: the name of one, or how many and a few of them.
pub(crate) fn whom(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(shown(name).into_owned()),
        several => {
            let count = counted(several.len(), "tenant");
            Some(format!("{count}: {}", a_few(several)))
        }
    }
}

/// A few of these names, and how many more there are: `a, b, c, d, e and 31 more`.
pub(crate) fn a_few(names: &[&str]) -> String {
    let named = names.iter().take(NAMED).map(|name| shown(name));
    let named = named.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
