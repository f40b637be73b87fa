CREATE TABLE comments (
    id BIGSERIAL PRIMARY KEY,
    card_id BIGINT NOT NULL REFERENCES cards ON DELETE CASCADE,
    author_id BIGINT NOT NULL REFERENCES members ON DELETE CASCADE,
    body TEXT NOT NULL CHECK (body <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX comments_by_card ON comments (card_id, id);
