"""What was made already, kept by the hash of all that determines it."""
