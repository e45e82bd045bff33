import numpy as np

# With more categories almost any two items differ, which says nothing about diversity.
_MAX_CATEGORIES = 1024


class ItemVectors:
    """Vectors of items made of their features, for the diversity of a list.

    Categories become indicators, vectors stay; each feature is scaled to length one so that all
    count the same. Numbers, text and features of more than 1,024 categories are left out. The
    vectors of all items can be larger than memory, so they are made when they are read.

    Attributes:
        names: the features used; empty when nothing is left.
        shape: (rows, width) of the vectors of all items.

    Args:
        catalog: the items.
    """

    def __init__(self, catalog):
        # A loaded catalog has no columns: the values are in the model's weights.
        present = [feature for feature in catalog.features if feature.name in catalog.columns]
        features = [
            feature
            for feature in present
            if feature.kind == "vector"
            or (feature.kind in ("category", "categories") and feature.size <= _MAX_CATEGORIES)
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
                block[:, :2] = 0.0  # padding and unknown are not categories of an item
            norms = np.linalg.norm(block, axis=1, keepdims=True)
            block /= np.where(norms > 0, norms, 1.0)
        return vectors
