//! Types that are not Diesel's.

use sql_text::{Quote, literal};

use super::Step;
use crate::catalog::StoredType;

/// Makes a type; `definition` is what follows `AS`.
pub(crate) fn create(quote: &Quote, name: &str, definition: &str) -> Step {
    let sql = quote.ident(name);
    Step::new(
        format!("create type `{name}`"),
        format!("CREATE TYPE {sql} AS {definition};"),
        format!("DROP TYPE {sql};"),
    )
}

/// Drops an enum with these labels.
pub(crate) fn drop(quote: &Quote, ty: &StoredType, labels: &[String]) -> Step {
    let sql = quote.ident(&ty.name);
    let labels = labels.iter().map(|label| literal(label));
    let labels = labels.collect::<Vec<_>>().join(", ");
    let mut down = vec![format!("CREATE TYPE {sql} AS ENUM ({labels});")];
    down.extend(
        ty.comment
            .as_ref()
            .map(|comment| format!("COMMENT ON TYPE {sql} IS {};", literal(comment))),
    );
    Step {
        summary: format!("drop unused type `{}`", ty.name),
        up: vec![format!("DROP TYPE {sql};")],
        down,
    }
}
