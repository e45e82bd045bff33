"""Comparisons of several models on one split."""
