"""A run in one file that nobody needs to trust."""
