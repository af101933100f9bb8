"""Which benchmarks run by default? Those of models; those of zoobench itself only when asked for: `pytest bench/pipeline`."""

collect_ignore = ["pipeline"]
