"""Which backbone, quantized how, run by what, should I ship?"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("zoobench")
except PackageNotFoundError:  # lent to the interpreter of an environment that it is not installed in
    __version__ = "not installed"
