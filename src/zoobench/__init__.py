"""Which backbone, quantized how, run by what, should I ship?"""

from importlib.metadata import version

__version__ = version("zoobench")
