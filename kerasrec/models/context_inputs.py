"""Keras inputs of the features of a request."""

import dataclasses

from kerasrec.data.query_spec import query_spec
from kerasrec.models.query_input import feature_input


class ContextInputs:
    """The features of a request as inputs of a query, for an `EmbeddingTower` to read.

    The tower may read features of the user beside them. So that no two have one name, it knows
    these as "context.<name>".

    Args:
        schema: `Schema` of the data.

    Attributes:
        inputs: Dict of Keras inputs, by the name of the feature; empty where the data has none.
        features: Of each, what the constructor of the tower takes.
        values: Of each, what its call takes.

    Example:

    >>> from kerasrec.data.schema import Feature, Schema
    >>> from kerasrec.layers import EmbeddingTower
    >>> hour = Feature("hour", "category", size=26)
    >>> context = ContextInputs(Schema(num_users=4, num_items=9, context_features=(hour,)))
    >>> tower = EmbeddingTower(2, 8, context.features, use_id=False)
    >>> tower(context.inputs["hour"], context.values).shape
    (None, 8)
    """

    def __init__(self, schema):
        spec = query_spec(schema)
        self.inputs, self.features, self.values = {}, [], {}
        for feature in schema.context_features:
            self.inputs[feature.name] = feature_input(spec[feature.name])
            # No feature of users has a name with a dot.
            name = f"context.{feature.name}"
            self.features.append({**dataclasses.asdict(feature), "name": name})
            self.values[name] = self.inputs[feature.name]
