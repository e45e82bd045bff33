"""Requests in external ids, and their answers."""
