"""`python -m zoobench` is `zoobench`."""

from zoobench.cli import main

main()
