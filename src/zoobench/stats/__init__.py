"""Intervals, tests and bootstraps; they know nothing of benchmarks."""
