"""People: who they are, how they prove it, what they approve, and what they are called."""
