// @generated automatically by Diesel CLI.

diesel::table! {
    expected_shapes (key) {
        key -> Text,
        expectation -> Text,
        made_at -> Timestamptz,
    }
}

diesel::table! {
    schema_tracker (id) {
        id -> Uuid,
        name -> Text,
        created_at -> Timestamptz,
        version -> Nullable<Text>,
        migrated_at -> Nullable<Timestamptz>,
        fingerprints -> Jsonb,
        suspension -> Nullable<Jsonb>,
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

diesel::allow_tables_to_appear_in_same_query!(expected_shapes, schema_tracker, spare_schemas,);
