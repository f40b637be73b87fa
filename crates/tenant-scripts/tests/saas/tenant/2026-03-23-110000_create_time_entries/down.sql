ALTER TABLE projects DROP COLUMN is_billable, DROP COLUMN hourly_rate;
DROP TABLE time_entries;
