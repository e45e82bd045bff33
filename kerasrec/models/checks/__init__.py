"""Checks of `adapt`, `compile` and `fit`."""
