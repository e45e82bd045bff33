"""Models on disk: checkpoint folders and `.keras` files."""
