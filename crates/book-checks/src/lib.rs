//! Nothing to use: this crate's tests build the book in `docs/book`, and compile the Rust code
//! of its pages as documentation tests.

#![cfg_attr(
    doctest,
    expect(
        rustdoc::invalid_codeblock_attributes,
        reason = "blocks of the book name the file that they are, as in `sql,file=a.sql`"
    )
)]

/// The pages with Rust code. Only rustdoc, looking for tests, reads them.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/book/src/tutorials/web-service.md")]
    mod web_service {}
    #[doc = include_str!("../../../docs/book/src/how-to/existing-project.md")]
    mod existing_project {}
    #[doc = include_str!("../../../docs/book/src/how-to/observing.md")]
    mod observing {}
    #[doc = include_str!("../../../docs/book/src/how-to/sign-ups.md")]
    mod sign_ups {}
    #[doc = include_str!("../../../docs/book/src/how-to/suspend-a-tenant.md")]
    mod suspend_a_tenant {}
    #[doc = include_str!("../../../docs/book/src/how-to/testing.md")]
    mod testing {}
    #[doc = include_str!("../../../docs/book/src/how-to/two-releases.md")]
    mod two_releases {}
    #[doc = include_str!("../../../docs/book/src/how-to/write-a-migration.md")]
    mod write_a_migration {}
}
