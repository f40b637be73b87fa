DROP TABLE schema_tracker;
