"""Tasks: a catalog of them as data, the sources of their examples, and a module for each format."""
