"""Clients of other servers: one module for each source, which reads its records into drafts and tells what it did."""
