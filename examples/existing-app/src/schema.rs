//! The tables after all migrations: two in `public`, then the tables of each
//! organization.

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::PlanType;

    organizations (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        plan -> PlanType,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    board_templates (id) {
        id -> BigInt,
        name -> Text,
        column_names -> Array<Text>,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use diesel::pg::sql_types::Citext;
    use crate::types::MemberRoleType;

    members (id) {
        id -> BigInt,
        email -> Citext,
        name -> Text,
        role -> MemberRoleType,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::types::VisibilityType;

    boards (id) {
        id -> BigInt,
        name -> Text,
        visibility -> VisibilityType,
        archived_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    board_columns (id) {
        id -> BigInt,
        board_id -> BigInt,
        name -> Text,
        position -> Integer,
    }
}

diesel::table! {
    cards (id) {
        id -> BigInt,
        column_id -> BigInt,
        title -> Text,
        body -> Text,
        assignee_id -> Nullable<BigInt>,
        position -> Integer,
        archived_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        due_on -> Nullable<Date>,
    }
}

diesel::table! {
    templates (id) {
        id -> BigInt,
        name -> Text,
        column_names -> Array<Text>,
        position -> Integer,
    }
}

diesel::table! {
    comments (id) {
        id -> BigInt,
        card_id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use diesel::pg::sql_types::Citext;

    labels (id) {
        id -> BigInt,
        name -> Citext,
        color -> Text,
    }
}

diesel::table! {
    card_labels (card_id, label_id) {
        card_id -> BigInt,
        label_id -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        card_id -> BigInt,
        file_name -> Text,
        size_bytes -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    activity (id) {
        id -> BigInt,
        card_id -> Nullable<BigInt>,
        action -> Text,
        details -> Jsonb,
        happened_at -> Timestamptz,
    }
}

diesel::table! {
    digests (day) {
        day -> Date,
        open_cards -> BigInt,
        overdue_cards -> BigInt,
        comments -> BigInt,
    }
}

diesel::joinable!(attachments -> cards (card_id));
diesel::joinable!(board_columns -> boards (board_id));
diesel::joinable!(card_labels -> cards (card_id));
diesel::joinable!(card_labels -> labels (label_id));
diesel::joinable!(cards -> board_columns (column_id));
diesel::joinable!(cards -> members (assignee_id));
diesel::joinable!(comments -> cards (card_id));
diesel::joinable!(comments -> members (author_id));

diesel::allow_tables_to_appear_in_same_query!(
    attachments,
    board_columns,
    boards,
    card_labels,
    cards,
    comments,
    labels,
    members,
);
diesel::allow_tables_to_appear_in_same_query!(board_templates, templates);
