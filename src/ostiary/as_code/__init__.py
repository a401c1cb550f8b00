"""Clients as code: a folder of files that says what there should be, and what it takes to make that true."""
