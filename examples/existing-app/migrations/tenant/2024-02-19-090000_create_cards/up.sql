CREATE TABLE cards (
    id BIGSERIAL PRIMARY KEY,
    column_id BIGINT NOT NULL REFERENCES board_columns ON DELETE CASCADE,
    title TEXT NOT NULL CHECK (title <> ''),
    body TEXT NOT NULL DEFAULT '',
    assignee_id BIGINT REFERENCES members ON DELETE SET NULL,
    position INTEGER NOT NULL,
    archived_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX cards_by_column ON cards (column_id, position) WHERE archived_at IS NULL;
CREATE INDEX cards_by_title ON cards USING gin (title gin_trgm_ops);

SELECT diesel_manage_updated_at('cards');
