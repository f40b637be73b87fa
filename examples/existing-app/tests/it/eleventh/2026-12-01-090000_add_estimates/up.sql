ALTER TABLE cards ADD COLUMN estimate INTEGER CHECK (estimate > 0);
