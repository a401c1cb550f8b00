"""What a request costs: Ostiary, its peer and the floor under both, driven alternately on the same machine."""
