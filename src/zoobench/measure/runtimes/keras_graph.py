"""How does Keras run its own model file as a TensorFlow graph, one image at a time?"""

from zoobench.measure.runtimes.keras import open_graph_session

__all__ = ["open_graph_session", "open_session"]

open_session = open_graph_session
