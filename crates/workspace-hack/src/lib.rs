//! Nothing: only this crate's dependencies count.
