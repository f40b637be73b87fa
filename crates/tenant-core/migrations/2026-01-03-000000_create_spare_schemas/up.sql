-- Schemas that are made and migrated beforehand, and nobody's yet. A new tenant
-- takes one by giving it its name.
CREATE TABLE spare_schemas (
    name TEXT PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    version TEXT,
    migrated_at TIMESTAMPTZ
);
