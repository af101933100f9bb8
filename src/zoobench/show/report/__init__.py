"""One page that holds a run."""
