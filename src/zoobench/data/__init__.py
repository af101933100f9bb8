"""Images become pixels and splits."""
