"""Files, processes, terminal, units."""
