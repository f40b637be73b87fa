CREATE TABLE board_templates (
    id BIGSERIAL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    column_names TEXT[] NOT NULL CHECK (cardinality(column_names) > 0),
    position INTEGER NOT NULL
);

INSERT INTO board_templates (name, column_names, position) VALUES
    ('Work', ARRAY['Next', 'In progress', 'Done'], 1),
    ('Hiring', ARRAY['Applied', 'Interview', 'Offer'], 2),
    ('Ideas', ARRAY['New', 'Worth a try'], 3);
