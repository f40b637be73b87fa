DROP TABLE expected_shapes;
