"""The benchmarks: one file, one question, asked of every cell. `zoobench run` finds them in the package by this."""
