"""How big races, fuzz cases and heaps of rows are: small in `make test`, those of the threat model in `make soak`."""

import os

SCALE = 50 if os.environ.get("OSTIARY_TEST_SCALE") == "soak" else 1
"""Multiply every count of rounds, cases and rows with this one number."""
