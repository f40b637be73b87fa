-- Built without a lock that anybody would notice; so it can't be in a transaction.
CREATE INDEX CONCURRENTLY tasks_search_idx ON tasks
    USING gin (to_tsvector('english', title || ' ' || description));
