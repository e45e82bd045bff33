"""What `adapt`, `compile` and `fit` refuse."""
