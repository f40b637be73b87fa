DROP TABLE digests;
ALTER TABLE cards DROP COLUMN due_on;
