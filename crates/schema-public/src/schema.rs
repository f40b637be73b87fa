// @generated automatically by Diesel CLI.

diesel::table! {
    schema_tracker (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        version -> Nullable<Text>,
        migrated_at -> Nullable<Timestamptz>,
        fingerprints -> Jsonb,
    }
}

diesel::table! {
    spare_schemas (name) {
        name -> Text,
        created_at -> Timestamptz,
        version -> Nullable<Text>,
        migrated_at -> Nullable<Timestamptz>,
        fingerprints -> Jsonb,
    }
}

diesel::allow_tables_to_appear_in_same_query!(schema_tracker, spare_schemas,);
