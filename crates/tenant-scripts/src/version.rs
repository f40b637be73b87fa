//! The version of a migration, as people write it.

use std::convert::Infallible;

/// The version that `text` means: a version, or the name of a migration's folder, from
/// which Diesel takes what stands before the first `_`, without its hyphens.
#[expect(clippy::unnecessary_wraps, reason = "this is how clap wants it")]
pub(crate) fn of(text: &str) -> Result<String, Infallible> {
    let version = text.split('_').next().unwrap_or(text);
    Ok(version.replace('-', ""))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_version_is_known_by_the_name_of_its_folder_as_well() {
        for text in [
            "20260102000000",
            "2026-01-02-000000",
            "2026-01-02-000000_add_dummy_description",
        ] {
            assert_eq!(of(text).unwrap(), "20260102000000", "{text}");
        }
        assert_eq!(of("0").unwrap(), "0");
    }
}
