"""Which benchmarks run by default? Those of models; zoobench's own only when asked for: `pytest bench/pipeline`."""

collect_ignore = ["pipeline"]
