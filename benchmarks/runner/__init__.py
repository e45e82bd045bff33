"""How it is measured and shown."""
