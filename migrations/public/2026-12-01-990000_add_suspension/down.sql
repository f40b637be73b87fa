ALTER TABLE schema_tracker DROP COLUMN suspension;
