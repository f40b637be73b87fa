DROP VIEW unpaid_invoices;
DROP TABLE audit_events;
