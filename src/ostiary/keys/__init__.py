"""Key material: the key file, what is derived from it, and the signing keys."""
