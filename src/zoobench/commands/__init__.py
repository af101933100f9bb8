"""A thing a user can ask: each command's options, its use case and what it shows."""
