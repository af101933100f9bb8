"""What a run leaves: records, rounds, provenance, machine."""
