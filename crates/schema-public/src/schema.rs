// @generated automatically by Diesel CLI.

diesel::table! {
    schema_tracker (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        version -> Nullable<Text>,
        migrated_at -> Nullable<Timestamptz>,
    }
}
