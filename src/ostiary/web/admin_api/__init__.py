"""The administrative API ``/pf-admin-api/v1`` (behaviour §17): one table of operations, from which calls are routed and
the machine-readable description is made."""
