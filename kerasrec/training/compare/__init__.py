"""Several models on one split."""
