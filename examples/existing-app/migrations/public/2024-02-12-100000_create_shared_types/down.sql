DROP DOMAIN color;
DROP TYPE visibility;
