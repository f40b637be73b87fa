DROP INDEX CONCURRENTLY tasks_search_idx;
