"""Embeddings of users and items, propagated over their bipartite graph."""

import contextlib

import keras
import numpy as np
from keras import ops

from kerasrec.distinct import distinct
from kerasrec.layers.embedding_table import PADDING, UNKNOWN, EmbeddingTable
from kerasrec.layers.graph_propagation import GraphPropagation
from kerasrec.register import register
from kerasrec.tables import rows


@register
class GraphEmbedding(keras.layers.Layer):
    """Looks up users and items in tables propagated over their interaction graph.

        [U; V] = GraphPropagation([E_user; E_item]),   and U[user] or V[item]

    Training propagates the whole graph, once for all lookups within `one_propagation`. Otherwise
    the vectors are gathered from a stored table. Call `store` to update it after a change of the
    weights. It holds U and V. A user without edges gets the mean of all users with edges, an item
    without edges the vector of the unknown item.

    Args:
        num_users: Rows of the user table, padding and unknown included.
        num_items: Rows of the item table, padding and unknown included.
        dim: Length of a vector.
        num_layers: Layers of the propagation; 0 does not propagate.
        l2: Weight of a loss: the mean over the edges of |E_user|^2 + |E_item|^2.
        num_edges: See `GraphPropagation`.

    Call arguments:
        ids: Int rows.
        part: "user" or "item", the table of the ids.

    Input shape:
        Any shape.

    Output shape:
        `ids.shape + (dim,)`.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import GraphEmbedding
    >>> layer = GraphEmbedding(num_users=4, num_items=6, dim=8)
    >>> layer.assign(users=np.array([2, 2, 3]), items=np.array([2, 3, 3]))
    >>> layer(np.array([2, 3]), part="user").shape
    TensorShape([2, 8])
    """

    def __init__(self, num_users, num_items, dim, num_layers=3, l2=0.0, num_edges=-1, **kwargs):
        super().__init__(**kwargs)
        self.num_users = num_users
        self.num_items = num_items
        self.dim = dim
        self.num_layers = num_layers
        self.l2 = l2
        self.user_table = EmbeddingTable(num_users, dim, rows_of="users", name="user_table")
        self.item_table = EmbeddingTable(num_items, dim, rows_of="items", name="item_table")
        self.graph = GraphPropagation(num_users + num_items, num_layers, num_edges, name="graph")
        self._share_propagation, self._shared_vectors = False, None

    @property
    def num_edges(self):
        return self.graph.num_edges

    def build(self, input_shape=None):
        self.user_table.build()
        self.item_table.build()
        self.vectors = self.add_weight(
            shape=(self.num_users + self.num_items, self.dim),
            initializer="zeros",
            trainable=False,
            autocast=False,
            dtype="float32",
            name="vectors",
        )

    def assign(self, users, items):
        """Sets the edges from rows of interactions, `(n,)` each; repeated pairs are one edge."""
        if not self.built:
            self.build()
        pairs = distinct(np.asarray(users, "int64") * self.num_items + np.asarray(items, "int64"))
        users, items = np.divmod(pairs, self.num_items)
        self.graph.assign(users, self.num_users + items)
        self.store()

    def store(self):
        """Propagates the current tables and stores the result for calls outside of training."""
        vectors = np.array(ops.convert_to_numpy(self.graph(self._tables())))
        isolated = ops.convert_to_numpy(self.graph.degrees) == 0
        users, items = vectors[: self.num_users], vectors[self.num_users :]
        isolated_users, isolated_items = isolated[: self.num_users], isolated[self.num_users :]
        if not isolated_users.all():
            users[isolated_users] = users[~isolated_users].mean(axis=0)
        items[isolated_items] = items[UNKNOWN]
        users[PADDING] = items[PADDING] = 0.0
        self.vectors.assign(vectors)

    @contextlib.contextmanager
    def one_propagation(self):
        """Context in which all calls of one training step share one propagation."""
        self._share_propagation, self._shared_vectors = True, None
        try:
            yield
        finally:
            self._share_propagation, self._shared_vectors = False, None

    def call(self, ids, part="user", training=None):
        first, size = (0, self.num_users) if part == "user" else (self.num_users, self.num_items)
        ids = rows.check_ids(ops.cast(ids, "int32"), size, f"table {self.path}/{part}_table")
        vectors = self._propagated() if training else self.vectors
        vectors = ops.cast(ops.take(vectors, ids + first, axis=0), self.compute_dtype)
        # The mask also zeroes the gradient of the padding row.
        return vectors * ops.cast(ops.not_equal(ids, PADDING), self.compute_dtype)[..., None]

    def compute_output_spec(self, ids, part="user", training=None):
        return keras.KerasTensor((*ids.shape, self.dim), self.compute_dtype)

    def get_config(self):
        names = ("num_users", "num_items", "dim", "num_layers", "l2", "num_edges")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _propagated(self):
        if self._shared_vectors is not None:
            return self._shared_vectors
        tables = self._tables()
        if self.l2:
            edge_share = self.graph.degrees / ops.maximum(float(self.num_edges), 1.0)
            loss = self.l2 * ops.sum(edge_share * ops.sum(ops.square(tables), axis=-1))
            self.add_loss(ops.cast(loss, keras.config.floatx()))
        vectors = self.graph(tables)
        if self._share_propagation:
            self._shared_vectors = vectors
        return vectors

    def _tables(self):
        tables = self.user_table.embeddings, self.item_table.embeddings
        return ops.concatenate([ops.cast(table, "float32") for table in tables])
