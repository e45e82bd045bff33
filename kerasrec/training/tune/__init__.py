"""The search for better hyper-parameters."""
