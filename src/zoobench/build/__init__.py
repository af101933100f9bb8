"""Images and a backbone become models on disk. Needs TensorFlow."""
