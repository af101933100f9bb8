"""Which cell should be shipped? Limits, how probable it is that they hold, the Pareto front, and the choice."""
