import numpy as np

_WIDEST = 1024  # categories of a feature; beyond, almost any two items differ and it says nothing


class ItemVectors:
    """Items as vectors of what is known about them, for the diversity of a list.

    Categories become indicators, given vectors stay; each feature is scaled to length one so that
    each counts the same. Numbers, text and features of more than 1,024 categories are left out.
    The vectors of all items can be larger than memory: only those asked for are made.

    Attributes:
        names: the features used; empty when nothing is left.
        shape: (rows, width) of the vectors of all items.

    Args:
        catalog: the items.
    """

    def __init__(self, catalog):
        # A loaded catalog has no columns: the values are in the model's weights.
        given = [feature for feature in catalog.features if feature.name in catalog.columns]
        features = [
            feature
            for feature in given
            if feature.kind == "vector"
            or (feature.kind in ("category", "categories") and feature.size <= _WIDEST)
        ]
        self.names = tuple(feature.name for feature in features)
        self._features = [(feature, catalog.columns[feature.name]) for feature in features]
        self.shape = (len(catalog), sum(feature.size for feature in features))

    def __getitem__(self, rows):
        """float32 (n, width) of n item rows."""
        vectors = np.zeros((len(rows), self.shape[1]), dtype="float32")
        start = 0
        for feature, column in self._features:
            block = vectors[:, start : start + feature.size]
            start += feature.size
            if feature.kind == "vector":
                block[:] = column[rows]
            else:
                values = column[rows].reshape(len(rows), -1)
                block[np.arange(len(rows))[:, None], values] = 1.0
                block[:, :2] = 0.0  # padding and unknown say nothing about an item
            norms = np.linalg.norm(block, axis=1, keepdims=True)
            block /= np.where(norms > 0, norms, 1.0)
        return vectors
