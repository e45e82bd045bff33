"""Atomic writes, folder locks, and bounded readers of files from outside."""
