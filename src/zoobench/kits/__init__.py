"""What travels to a device: model files and test samples in one file that is not trusted where it arrives."""
