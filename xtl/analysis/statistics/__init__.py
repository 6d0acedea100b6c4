"""Statistics: intervals, tests within families, power and contrasts."""
