-- What a customer can subscribe to. It is the same for everybody, so it stands
-- here once; a tenant's "subscription" points to it.
CREATE TABLE plans (
    code TEXT PRIMARY KEY CHECK (code ~ '^[a-z]+$'),
    title TEXT NOT NULL,
    seats INTEGER NOT NULL CHECK (seats > 0),
    price_per_month NUMERIC(8, 2) NOT NULL DEFAULT 0 CHECK (price_per_month >= 0)
);

INSERT INTO plans (code, title, seats, price_per_month) VALUES
    ('free', 'Free; for up to three', 3, 0),
    ('team', 'The team''s choice', 25, 49.00),
    ('company', 'Company', 1000, 390.00);
