DROP TRIGGER tasks_log ON tasks;
DROP FUNCTION log_task();
DROP TABLE activity_log;
DROP TYPE activity_kind;
