DROP VIEW workload;
DROP VIEW overdue_tasks;
DROP VIEW project_progress;
