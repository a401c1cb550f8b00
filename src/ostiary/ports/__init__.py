"""The doors to the outside world, as promises without code: stores, clock, events, limits."""
