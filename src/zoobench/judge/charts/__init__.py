"""What do the figures look like? Pure functions from small values to SVG text; the same drawing becomes a PNG."""
