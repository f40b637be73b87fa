-- lint:ignore prefer-timestamp-tz the example keeps the type of the original
CREATE TABLE dummy_table (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL,
    value TEXT,
    created_at TIMESTAMP DEFAULT now()
);
