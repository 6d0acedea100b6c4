"""Score tables of a grid: gathering them, gains, aggregates, and where numbers come from."""
