CREATE TABLE templates (
    id BIGSERIAL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    column_names TEXT[] NOT NULL CHECK (cardinality(column_names) > 0),
    position INTEGER NOT NULL
);
