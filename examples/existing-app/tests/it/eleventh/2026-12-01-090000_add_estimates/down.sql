ALTER TABLE cards DROP COLUMN estimate;
