ALTER TABLE dummy_table DROP COLUMN description;
