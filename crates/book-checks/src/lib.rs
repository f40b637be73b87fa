//! Nothing to use: the tests of this crate build the book in `docs/book` and compile the Rust
//! code of its pages.
