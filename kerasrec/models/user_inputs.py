"""The features of users as a part of a query."""

import dataclasses
import warnings

import keras

from kerasrec.data.query_spec import user_input
from kerasrec.errors import InputError
from kerasrec.layers.embedding_tower import EmbeddingTower
from kerasrec.models.catalog_tables import user_table
from kerasrec.models.query_input import query_input

# Largest share of the histories that are left out in training, so that the features learn to
# answer alone.
ALONE = 0.1


class UserInputs:
    """The features of users, looked up by row, for the tower of a query to read.

    A batch and a stored user have a row only. A request may bring features of its own, of somebody
    who is not in the table: they take the place of the values that were looked up.

    Args:
        schema: `Schema` of the data.

    Attributes:
        inputs: Dict of the Keras input `user`.
        catalog: The `CatalogTable` of `user_table(schema)`.
        features: Of each feature, what the constructor of an `EmbeddingTower` takes.
        values: Of each, what its call takes.

    Raises:
        InputError: if the data has no user feature.

    Example:

    >>> from kerasrec.data.schema import Feature, Schema
    >>> from kerasrec.models import UserInputs
    >>> land = Feature("land", "category", size=9)
    >>> user = UserInputs(Schema(num_users=4, num_items=9, user_features=(land,)))
    >>> user.vector(8).shape, sorted(user.inputs)
    ((None, 8), ['user'])
    """

    def __init__(self, schema):
        if not schema.user_features:
            raise InputError(
                "user_features=True needs a user feature, and this data has none: leave it out"
            )
        self.features = [dataclasses.asdict(feature) for feature in schema.user_features]
        self.catalog = user_table(schema)
        self.inputs = {"user": query_input("user")}
        self.values = self.catalog(self.inputs["user"])

    def vector(self, dim, name="user_profile"):
        """All features as one vector `(batch, dim)`, see `EmbeddingTower`; no id is looked up."""
        tower = EmbeddingTower(2, dim, self.features, use_id=False, name=name)
        return tower(self.inputs["user"], self.values)

    def after_lookup(self, inputs, outputs, name):
        """`after_lookup` of a graph that reads these features."""
        return after_lookup(inputs, outputs, self.catalog, self.values, name)


def after_lookup(inputs, outputs, catalog, values, name):
    """A model that shares all weights, and takes the features of users as inputs.

    Args:
        inputs: Dict of Keras inputs.
        outputs: What the model computes of them.
        catalog: The `CatalogTable` of users.
        values: What its call in the graph returned.
        name: Of the model.

    Returns:
        A functional model from `{**inputs, "user.<name>": ...}`.
    """
    given = {user_input(name): values[name] for name in catalog.tables}
    with warnings.catch_warnings():
        # Keras names the inputs that it makes of tensors inside a graph, and warns of the names.
        warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
        return keras.Model({**inputs, **given}, outputs, name=name)
