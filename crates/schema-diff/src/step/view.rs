//! Views that are in the way of a change.

use sql_text::Quote;

use super::Step;
use crate::catalog::StoredView;

/// Drops views, given in an order in which they can be made, and on the way back
/// makes them again.
pub(crate) fn take_down(quote: &Quote, views: &[&StoredView]) -> Step {
    Step {
        summary: String::new(),
        up: drops(quote, views),
        down: creations(views),
    }
}

/// The opposite of [`take_down`].
pub(crate) fn put_back(quote: &Quote, views: &[&StoredView]) -> Step {
    Step {
        summary: String::new(),
        up: creations(views),
        down: drops(quote, views),
    }
}

fn creations(views: &[&StoredView]) -> Vec<String> {
    let statements = views.iter().flat_map(|view| &view.statements);
    statements.cloned().collect()
}

/// Without CASCADE: what else depends on a view stops the migration.
fn drops(quote: &Quote, views: &[&StoredView]) -> Vec<String> {
    let views = views.iter().rev();
    let drops = views.map(|view| format!("DROP {} {};", view.kind.sql(), quote.ident(&view.name)));
    drops.collect()
}
