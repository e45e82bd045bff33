"""The keys in which two configs differ."""


def differing_keys(one, other):
    """Dotted keys in which two trees of plain dicts differ, sorted; a missing key is None.

    >>> differing_keys({"train": {"epochs": 3, "seed": 0}}, {"train": {"epochs": 5, "seed": 0}})
    ['train.epochs']
    """
    one, other = dict(_flattened(one)), dict(_flattened(other))
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def _flattened(tree, prefix=""):
    """Pairs of a dotted key and its value."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
