"""`python -m zoobench` is `zoobench`."""

import sys
from pathlib import Path

if sys.path[0] in ("", str(Path.cwd())):  # where `-m` would look for all that is imported from here on
    del sys.path[0]

from zoobench.cli import main

main()
