//! What names and versions are as values: text in and out, and in documents.

use std::collections::HashMap;

use tenant_core::{Node, TenantName, Version};

#[test]
fn a_name_is_text_and_text_becomes_a_name_by_the_check_only() {
    let name = TenantName::try_from("acme").unwrap();
    assert_eq!(TenantName::try_from("acme".to_owned()), Ok(name.clone()));
    assert!(TenantName::try_from("acme corp").is_err());
    let tenants = HashMap::from([(name.clone(), 1)]);
    assert_eq!(tenants.get("acme"), Some(&1));
    let text: &str = name.as_ref();
    assert_eq!(text, String::from(name.clone()));

    let node = Node::try_from("[::1]:5432").unwrap();
    assert_eq!(String::from(node), "[::1]:5432");
}

#[test]
fn a_version_is_read_as_diesel_reads_it_and_ordered_as_text() {
    let version: Version = "2026-01-02-000000_add_due".parse().unwrap();
    assert_eq!(version, "20260102000000");
    assert_eq!(version.to_string(), "20260102000000");
    let newer: Version = "20260102000001".parse().unwrap();
    assert!(version < newer);
    assert_eq!(format!("{newer:?}"), "\"20260102000001\"");
    for nothing in ["", "_add_due", "--"] {
        assert!(nothing.parse::<Version>().is_err(), "{nothing}");
    }
}

#[test]
fn a_document_holds_them_as_text_and_is_checked_when_it_is_read() {
    let name: TenantName = "acme".parse().unwrap();
    let version: Version = "20260102000000".parse().unwrap();
    let node: Node = "10.0.0.1:5432".parse().unwrap();
    let document = serde_json::to_string(&(&name, &version, &node)).unwrap();
    assert_eq!(document, r#"["acme","20260102000000","10.0.0.1:5432"]"#);
    let read = serde_json::from_str::<(TenantName, Version, Node)>(&document);
    assert_eq!(read.unwrap(), (name, version, node));

    let error = serde_json::from_str::<TenantName>(r#""select""#).unwrap_err();
    assert!(error.to_string().contains("reserved word"), "{error}");
    assert!(serde_json::from_str::<Version>(r#""""#).is_err());
    assert!(serde_json::from_str::<Node>(r#""host""#).is_err());
}
