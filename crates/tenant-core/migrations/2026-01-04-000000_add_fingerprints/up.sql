-- Of each migration that was applied to a schema, what it did: to see whether
-- its text was changed later. By version, as {"20260101000000": "16 digits"}.
ALTER TABLE schema_tracker ADD COLUMN fingerprints JSONB NOT NULL DEFAULT '{}';
ALTER TABLE spare_schemas ADD COLUMN fingerprints JSONB NOT NULL DEFAULT '{}';
