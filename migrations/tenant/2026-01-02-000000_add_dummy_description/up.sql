ALTER TABLE dummy_table ADD COLUMN description TEXT;
