DROP TABLE task_assignees;
DROP TABLE tasks;
DROP FUNCTION close_task();
DROP FUNCTION number_task();
DROP TYPE task_priority;
DROP TYPE task_status;
