"""Items as vectors of what is known about them, for the diversity of a list."""

import numpy as np

_WIDEST = 1024  # categories of a feature; beyond, almost any two items differ and it says nothing


def item_vectors(catalog):
    """Vectors (rows, width) float32 of a catalog's items, and the names of the features used.

    Categories become indicators, given vectors stay; each feature is scaled to length one so that
    each counts the same. Numbers, text and features of more than 1,024 categories are left out.
    (None, ()) when nothing is left.
    """
    blocks, names = [], []
    for feature in catalog.features:
        column = catalog.columns.get(feature.name)
        if column is None:  # a loaded catalog: the values are in the model's weights
            continue
        if feature.kind == "vector":
            block = column.astype("float32")
        elif feature.kind in ("category", "categories") and feature.size <= _WIDEST:
            column = column.reshape(len(column), -1)
            block = np.zeros((len(column), feature.size), dtype="float32")
            block[np.arange(len(column))[:, None], column] = 1.0
            block[:, :2] = 0.0  # padding and unknown say nothing about an item
        else:
            continue
        norms = np.linalg.norm(block, axis=1, keepdims=True)
        blocks.append(block / np.where(norms > 0, norms, 1.0))
        names.append(feature.name)
    return (np.concatenate(blocks, axis=1) if blocks else None), tuple(names)
