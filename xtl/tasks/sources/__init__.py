"""Where the examples of a task come from: the laboratory, the Hub, its mirror, folders, translation."""
