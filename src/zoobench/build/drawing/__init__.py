"""How are the animals of the embedded data set drawn? Its users need `zoobench.build.drawn` alone."""
