"""What does an error of Keras or TensorFlow say, in one sentence?"""

import re

_LONGEST = 240
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NO_OPERATOR = re.compile(r"(?:loc\([^'\n]*\): )?'tf\.(\w+)' op is neither a custom op nor a flex op")
_PLACE = re.compile(r'loc\(fused\["[^"]*", "(?:\d+/)?([^"]+)"\]\): \'tf\.')
_CAUSES = ("Exception encountered: ", "Exception encountered when calling ")
_DUMPS = (
    "Full object config",
    "Full config",
    "\n\\s*config=",
    "using config=",
    "Arguments received",
    "Inputs received",
)
_DUMP = re.compile(rf"\s*(?:{'|'.join(_DUMPS)}).*", re.DOTALL)
_FROM_MLIR = re.compile(r"^<unknown>:0: error: (?:loc\(.*?\]\): )?")
_FROM_TRACING = "in user code:"


def sentence(error: BaseException) -> str:
    """Returns what an error says is wrong, on one line: such errors quote configurations, graphs and weights whole."""
    text = _COLOURS.sub("", str(error)) or type(error).__name__
    if missing := dict.fromkeys(_NO_OPERATOR.findall(text)):
        places = dict.fromkeys(_PLACE.findall(text))
        where = f" (in {', '.join(places)})" if places else ""
        return (
            f"TFLite has no built-in operator for {', '.join(missing)}{where}; leave out of the model what computes "
            "it, or compute it otherwise"
        )
    if _FROM_TRACING in text:
        text = text.split("\n\n")[-1] if not any(cause in text for cause in _CAUSES) else text
    for cause in _CAUSES:
        text = text.rpartition(cause)[2]
    text = _FROM_MLIR.sub("", text)
    line = " ".join((_DUMP.sub("", text).strip() or text).split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
