DROP TABLE dummy_table;
