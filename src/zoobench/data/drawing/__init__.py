"""Animals, drawn."""
