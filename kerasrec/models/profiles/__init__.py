"""Portraits of users and of groups of items, by the features of the items."""
