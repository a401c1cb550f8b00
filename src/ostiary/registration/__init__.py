"""Clients that register themselves: RFC 7591, RFC 7592, and what a server asks of them before it lets them."""
