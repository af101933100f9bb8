"""One benchmark run: options, plan, inputs, session."""
