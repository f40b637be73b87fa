-- One row for each tenant; `name` is also the name of the tenant's schema.
-- Every column but `name` has a default, so that a tenant can be registered
-- by hand: INSERT INTO schema_tracker (name) VALUES ('acme_corp');
CREATE TABLE schema_tracker (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    version TEXT,
    migrated_at TIMESTAMPTZ
);

COMMENT ON COLUMN schema_tracker.version IS
    'Newest migration when a run last changed this tenant. The tenant''s own __diesel_schema_migrations is the truth.';
