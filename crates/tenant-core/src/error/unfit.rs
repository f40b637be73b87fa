//! Invalid data of the application about its tenants: a list, a row of it, a path.

mod list;
mod path;
mod row;

pub use list::UnfitList;
pub use path::{PathFault, UnfitPath};
pub use row::UnfitRow;
