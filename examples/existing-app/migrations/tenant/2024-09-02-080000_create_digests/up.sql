ALTER TABLE cards ADD COLUMN due_on DATE;

CREATE TABLE digests (
    day DATE PRIMARY KEY,
    open_cards BIGINT NOT NULL,
    overdue_cards BIGINT NOT NULL,
    comments BIGINT NOT NULL
);
