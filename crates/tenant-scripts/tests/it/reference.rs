//! The published schema of the demo, which only this repository has.

use std::path::Path;
use std::{env, fs};

use command_line::json::Documents;

#[test]
fn the_published_schema_of_the_demo_is_what_it_prints() {
    let file = "docs/json-schema/demo-tenant-schema.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(file);
    let documents = tenant_scripts::entry::DEMO_TENANT_SCHEMA.documents(Documents::of_failure());
    let schema = documents.schema("What `demo-tenant-schema --json` prints.");
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if env::var_os("UPDATE_BOOK").is_some() {
        fs::write(path, schema).unwrap();
        return;
    }
    let present = fs::read_to_string(path).unwrap_or_default();
    assert!(
        present == schema,
        "{file} is not what the code says. Run `cargo xtask reference`."
    );
}
