"""The grid file: its blocks, reading it, the plan of its runs, and what they will cost."""
