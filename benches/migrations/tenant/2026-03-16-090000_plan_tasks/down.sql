ALTER TABLE tasks DROP COLUMN priority;
ALTER TABLE tasks DROP COLUMN estimate_minutes;
