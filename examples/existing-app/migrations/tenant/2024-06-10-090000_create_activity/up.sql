CREATE TABLE activity (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    card_id BIGINT REFERENCES cards ON DELETE SET NULL,
    action TEXT NOT NULL,
    details JSONB NOT NULL DEFAULT '{}',
    happened_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX activity_by_card ON activity (card_id, id);
