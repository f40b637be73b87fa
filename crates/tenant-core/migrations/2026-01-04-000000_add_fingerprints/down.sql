ALTER TABLE spare_schemas DROP COLUMN fingerprints;
ALTER TABLE schema_tracker DROP COLUMN fingerprints;
