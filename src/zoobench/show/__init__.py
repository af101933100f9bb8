"""How results reach a reader."""
