"""Builds the tables of item and user features that are part of a model."""

import dataclasses

from kerasrec.layers.catalog_table import CatalogTable
from kerasrec.layers.content_encoder import CODE, CODES
from kerasrec.layers.feature_code import FeatureCode
from kerasrec.models.item_statistics import STATISTICS

COUNT = {"name": "count", "kind": "number", "size": 1, "length": 1}
RATED = {"name": STATISTICS, "kind": "vector", "size": 3, "length": 1}


def item_table(schema, code_dim=0, statistics=False):
    """The `CatalogTable` of the item features of a schema, with an additional column `count`.

    Args:
        schema: `Schema` of the data.
        code_dim: Length of an additional column "content_code"; 0 for none.
        statistics: Add the column "item_statistics", see `item_statistics`.
    """
    features = [dataclasses.asdict(feature) for feature in schema.item_features]
    features.append(COUNT)
    if code_dim:
        features.append({"name": CODE, "kind": "vector", "size": code_dim, "length": 1})
    if statistics:
        features.append(RATED)
    return CatalogTable(schema.num_items, features, rows_of="items", name="item_catalog")


def item_code(schema, encoder, dim, feature_weights=None):
    """The `FeatureCode` of length `dim` for a `ContentEncoder` of kind `encoder`, or None."""
    if encoder not in CODES:
        return None
    features = [dataclasses.asdict(feature) for feature in schema.item_features]
    return FeatureCode(features, dim, CODES[encoder], feature_weights, name="code")


def user_table(schema):
    """The `CatalogTable` of the user features of a schema."""
    features = [dataclasses.asdict(feature) for feature in schema.user_features]
    return CatalogTable(schema.num_users, features, rows_of="users", name="user_catalog")
