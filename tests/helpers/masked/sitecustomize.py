"""Python imports this as it starts, where the tests run without what Linux alone has; see `elsewhere`."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from elsewhere import mask

sys.path.pop()
mask()
