"""Pictures of results: one engine, a module for each picture."""
