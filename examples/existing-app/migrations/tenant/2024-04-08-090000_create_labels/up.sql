CREATE TABLE labels (
    id BIGSERIAL PRIMARY KEY,
    name CITEXT NOT NULL UNIQUE,
    color color NOT NULL DEFAULT '#888888'
);

CREATE TABLE card_labels (
    card_id BIGINT NOT NULL REFERENCES cards ON DELETE CASCADE,
    label_id BIGINT NOT NULL REFERENCES labels ON DELETE CASCADE,
    PRIMARY KEY (card_id, label_id)
);

CREATE INDEX card_labels_by_label ON card_labels (label_id);
