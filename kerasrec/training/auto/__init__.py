"""One command from a table to its best model: what `kerasrec auto` does."""
