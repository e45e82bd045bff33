"""The values of an item feature that a model knows."""

import numpy as np
from keras import ops

from kerasrec.layers.catalog_table import CatalogTable


def item_column(model, name):
    """The encoded values of an item feature by row, from the data or from the model's weights.

    Args:
        model: An adapted `Recommender`.
        name: Of the feature.

    Returns:
        Array with one row for each row of the items; None for a loaded model that keeps no item
        features.
    """
    if name in model.items.columns:
        return np.asarray(model.items.columns[name])
    return kept_column(model, name)


def kept_column(model, name):
    """As `item_column`, of the weights alone: what a checkpoint of the model keeps."""
    for layer in model._flatten_layers():
        if isinstance(layer, CatalogTable) and layer.rows_of == "items" and name in layer.tables:
            return ops.convert_to_numpy(layer.tables[name])
    return None
