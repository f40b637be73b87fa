// @generated automatically by Diesel CLI.

diesel::table! {
    dummy_table (id) {
        id -> Uuid,
        name -> Text,
        value -> Nullable<Text>,
        created_at -> Nullable<Timestamp>,
        description -> Nullable<Text>,
    }
}
