DROP TABLE settings;
DROP TABLE webhooks;
