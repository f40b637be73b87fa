DROP TABLE organizations;
DROP TYPE plan;
