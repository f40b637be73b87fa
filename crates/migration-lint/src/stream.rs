//! The rules that look at a whole stream of migrations, one statement after the other.
//!
//! What a function names and whether an index calls it is written in several files, and
//! so are a column and its default. Statements are read as tokens here, like a person
//! would who looks for one clause in them.

mod blocks;
mod columns;
mod functions;
mod moment;
mod shared;
mod signature;
mod statement;

use crate::finding::Found;
use crate::text::{is_too_complex, mask, statements};
use columns::Columns;
use functions::Functions;
pub use shared::SharedNames;
use statement::Statement;

/// What is found in each of the texts, which are applied in this order.
pub(crate) fn check(texts: &[&str]) -> Vec<Vec<Found>> {
    let mut columns = Columns::default();
    let mut functions = Functions::default();
    let mut found = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let masked = mask(text).sql;
        let mut here = Vec::new();
        if !is_too_complex(&masked) {
            for range in statements(&masked) {
                let text = masked.get(range.clone()).unwrap_or_default();
                let statement = Statement::new(text, range.start);
                columns.read(&statement);
                functions.read(&statement, number);
                here.extend(moment::constants(&statement, &columns));
                here.extend(blocks::computed(&statement, &mut columns));
            }
        }
        found.push(here);
    }
    for (number, one) in functions.unqualified() {
        if let Some(here) = found.get_mut(number) {
            here.push(one);
        }
    }
    found
}

/// The same of one text.
pub(crate) fn check_one(text: &str) -> Vec<Found> {
    check(&[text]).into_iter().flatten().collect()
}
