"""The declaration of what holds for all clients: one class per section, rows S001–S169 of the reference."""
