"""Models on disk become observations. Needs numpy and a runtime; no TensorFlow but for the Keras runtime."""
