"""Files that are there whole or not at all, and bounded readers of files from outside."""
