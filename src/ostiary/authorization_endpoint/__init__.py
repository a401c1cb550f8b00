"""The authorization endpoint: from a browser's request to a code, by way of the pages it needs (RFC 6749 §4.1)."""
