"""The base class of models whose user and item vectors are computed by a solver."""

import dataclasses

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import PADDING
from kerasrec.errors import InputError
from kerasrec.layers.dot_product import DotProduct
from kerasrec.layers.embedding_tower import EmbeddingTower
from kerasrec.models.catalog_tables import item_table
from kerasrec.models.item_inputs import ItemInputs
from kerasrec.models.query_input import query_input
from kerasrec.models.retriever import Retriever


@dataclasses.dataclass(frozen=True, eq=False)
class Factors:
    """The result of a solver: one row for each row of the vocabularies.

    Row 1 is used for an unknown user and for an item without train interactions.

    Args:
        users: `(num_users, dim)` float, or None for biases only.
        items: `(num_items, dim)` float, or None for biases only.
        user_bias: `(num_users,)`, or None for zeros.
        item_bias: `(num_items,)`, or None for zeros.
        mean: Added to every score.
    """

    users: np.ndarray | None = None
    items: np.ndarray | None = None
    user_bias: np.ndarray | None = None
    item_bias: np.ndarray | None = None
    mean: float = 0.0


class FactorModel(Retriever):
    """A retriever whose user and item vectors are solved for, not trained.

        score(u, i) = <p_u, q_i> [+ b_u + b_i + mu]

    `adapt` calls `find_factors` and assigns the result. Ranking, evaluation, checkpoint and export
    work as for every other model.

    Args:
        schema: `Schema` of the data.
        dim: Length of the vectors; 0 for biases only.
        biases: Add user, item and global bias.
        cold_items: `find_factors` has vectors for items without train interactions, so they are not
            shown as the unknown item.
    """

    predicts_values = False
    unknown_user = "as the mean of all users"
    trained = False

    def __init__(self, *, schema, dim, biases=False, cold_items=False, name=None):
        # === Layers ===
        users = items = _zero_vector
        if dim:
            users = EmbeddingTower(schema.num_users, dim, rows_of="users", name="user_tower")
            items = EmbeddingTower(schema.num_items, dim, rows_of="items", name="item_tower_ids")
        sizes = (schema.num_users, schema.num_items) if biases else (0, 0)
        dot = DotProduct(*sizes, global_bias=biases, name="dot_product")
        for layer in (users, items, dot) if dim else (dot,):
            layer.trainable = False

        # === Wiring ===
        user = query_input("user")
        item = ItemInputs()
        rows = item.row if cold_items else item.known
        super().__init__(
            schema=schema,
            inputs={"user": user},
            query=dot.query(users(user), user),
            item_encoder=item.encoder(dot.candidate(items(rows), rows)),
            catalog=item_table(schema),
            candidates="pair",
            name=name,
        )
        self.dim = dim
        self.biases = biases
        self.user_vectors = users.table if dim else None
        self.item_vectors = items.table if dim else None
        self.dot_product = dot

    def adapt(self, train):
        super().adapt(train)
        factors = self.find_factors(train)
        if self.dim:
            self._assign(self.user_vectors, factors.users)
            self._assign(self.item_vectors, factors.items)
        if self.biases:
            self._assign(self.dot_product.user_bias, factors.user_bias)
            self._assign(self.dot_product.item_bias, factors.item_bias)
            self.dot_product.mean.assign(factors.mean)

    def _assign(self, table, values):
        weight = table.embeddings
        if values is None:
            values = np.zeros(weight.shape)
        with np.errstate(over="ignore"):
            values = np.array(values, "float32")
        if values.ndim == 1:
            values = values[:, None]
        if values.shape != weight.shape:
            raise InputError(
                f"{type(self).__name__}.find_factors: expected {tuple(weight.shape)} for "
                f"{table.path}, received {values.shape}"
            )
        values[PADDING] = 0.0
        if not np.isfinite(values).all():
            raise InputError(
                f"{type(self).__name__} finds no finite solution: look for NaN and extreme values "
                "in the data, or increase the model's regularization"
            )
        weight.assign(values)


def _zero_vector(rows):
    """`(n, 1)` zeros: `DotProduct` needs a vector even if there are only biases."""
    return ops.zeros_like(rows[:, None], dtype="float32")
