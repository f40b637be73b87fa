//! The version of a migration, as people write it.

use tenant_core::{At, InvalidVersion};

/// How far a tenant is, as an option says it: a version, the name of a migration's
/// folder, or `0` for no migration at all.
pub(crate) fn of(text: &str) -> Result<At, InvalidVersion> {
    match text {
        "0" => Ok(At::Nothing),
        version => Ok(At::Version(version.parse()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_by_the_name_of_its_folder_as_well() {
        let version = At::Version("20260102000000".parse().unwrap());
        for text in [
            "20260102000000",
            "2026-01-02-000000",
            "2026-01-02-000000_add_dummy_description",
        ] {
            assert_eq!(of(text).unwrap(), version, "{text}");
        }
        assert_eq!(of("0").unwrap(), At::Nothing);
        assert!(of("").is_err());
    }
}
