"""Models whose scores come from a table of neighbours, and their similarities."""
