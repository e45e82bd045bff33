"""AttributeToFactor: factors of behaviour, and a map from item features to them."""

import numpy as np
import scipy.sparse
from keras import ops

from kerasrec.data.vocabulary import PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.layers import EmbeddingTable, KernelRegression, PopularWhenEmpty
from kerasrec.layers.content_encoder import CODE
from kerasrec.models import ItemInputs, Retriever, item_code, item_table
from kerasrec.models.neighbours.similarity import interaction_matrix, last_interactions
from kerasrec.models.query_input import query_input
from kerasrec.register import register
from kerasrec.tables.memory import check_memory
from kerasrec.tables.principal_directions import principal_directions


@register
class AttributeToFactor(Retriever):
    """Scores new items by factors that are predicted from their features, without training.

        X / sqrt(n)  ~ L S V'                     users x items, each item divided by sqrt(n_i)
        u            = sum over the history of V_j / sqrt(n_j)
        y_i          = sqrt(n_i) V_i S^2 / (S^2 + l2)
        f            = kernel ridge regression from the code of the features of i to y_i
        v_i          = f(code_i) + n_i / (n_i + damping) (y_i - f(code_i))
        score(u, i)  = <u, v_i>

    n_i is the number of train interactions of i. So an item nobody took has the factors that its
    features predict, and with each interaction it moves to its own. <u, y_i> is the ridge
    regression of each item on all others, over cosine similarities, with `dim` components. An
    empty history gets the popular items.

    Args:
        schema: `Schema` of the data; it needs an item feature.
        dim: Number of factors.
        code_dim: Length of the code, the principal components of all features.
        feature_weights: Dict of name to how many times a feature counts; 1 for those left out.
        ridge: Ridge penalty of the map from codes to factors.
        square: Weight of pairs of features in the kernel, see `KernelRegression`.
        l2: Ridge penalty of the factors; items have a mean eigenvalue of 1.
        damping: Interactions after which an item's own factors count as much as its features.
        max_items: The map is learned from this many items, those with most interactions. It takes
            `8 max_items^2` bytes and max_items^3 multiplications.

    Raises:
        InputError: at construction, for a number out of range, an unknown feature or data without
            item features; at `adapt`, if the map does not fit in memory.

    References:
        Gantner et al., Learning attribute-to-feature mappings for cold-start recommendations, ICDM
        2010; Cremonesi, Koren, Turrin, Performance of recommender algorithms on top-n
        recommendation tasks, RecSys 2010 (the factors).

    Example:

    >>> from kerasrec.data import load
    >>> train = load("synthetic", users=50, items=100)
    >>> model = AttributeToFactor(train.schema(), dim=8, code_dim=16)
    >>> model.adapt(train)
    >>> first = train.items.vocabulary.ids[0]
    >>> model.recommend(histories=[[first]], k=2)["rank"].tolist()
    [1, 2]
    """

    capabilities = frozenset({"users", "histories", "cold_items"})
    steps = "last"
    trained = False

    def __init__(
        self,
        schema,
        dim=200,
        code_dim=512,
        feature_weights=None,
        ridge=0.3,
        square=0.1,
        l2=3.0,
        damping=10.0,
        max_items=5000,
        name=None,
    ):
        _check_numbers(dim=dim, code_dim=code_dim, max_items=max_items)
        _check_above_zero(ridge=ridge, l2=l2, damping=damping)
        if not 0 <= square < np.inf:
            raise InputError(f"square: expected a number of at least 0, got {square!r}")

        # === Layers ===
        code = item_code(schema, "code", code_dim, feature_weights)
        catalog = item_table(schema, code_dim)
        fixed = {"stddev": 0.0, "rows_of": "items", "trainable": False}
        past = EmbeddingTable(schema.num_items, dim, name="history_vectors", **fixed)
        deltas = EmbeddingTable(schema.num_items, dim, name="deltas", **fixed)
        points = min(max_items, schema.num_items)
        regression = KernelRegression(points, code_dim, dim, ridge, square, name="map")
        fallback = PopularWhenEmpty(name="popular_when_empty")

        # === Item ===
        item = ItemInputs(catalog.inputs([CODE]))
        vector = regression(item.features[CODE]) + deltas(item.known)

        # === Query ===
        history = query_input("history")
        query = ops.sum(past(history), axis=1)

        super().__init__(
            schema=schema,
            inputs={"history": history},
            query=fallback.query(query, history),
            item_encoder=item.encoder(fallback.candidate(vector, item.count)),
            catalog=catalog,
            candidates="all",
            code=code,
            name=name,
        )
        self.history_vectors, self.deltas, self.regression = past, deltas, regression

    def adapt(self, train):
        super().adapt(train)
        past, own = self._find_factors(train)
        counts = train.item_counts()
        known = np.flatnonzero(counts)
        learned = known[np.argsort(-counts[known], kind="stable")[: self.max_items]]
        check_memory("AttributeToFactor", [(len(learned),) * 2] * 2, "lower max_items", 8)
        codes = ops.convert_to_numpy(self.catalog.tables[CODE])
        self.regression.solve(codes[learned], own[learned])
        predicted = ops.convert_to_numpy(self.regression(codes[known]))
        share = (counts[known] / (counts[known] + self.damping))[:, None]
        deltas = np.zeros_like(own)
        deltas[known] = share * (own[known] - predicted)
        self.history_vectors.embeddings.assign(past)
        self.deltas.embeddings.assign(deltas)

    def _find_factors(self, train):
        """Vectors of a history `(num_items, dim)`, and an item's own factors, the same shape."""
        train = train.select(last_interactions(train))
        matrix = interaction_matrix(train, "user", np.ones(len(train)))
        root = np.sqrt(train.item_counts())
        inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
        matrix = (matrix @ scipy.sparse.diags(inverse)).tocsr()
        directions = principal_directions(matrix, self.dim)
        squares = np.sum((matrix @ directions) ** 2, axis=0)
        past = directions * inverse[:, None]
        own = directions * root[:, None] * (squares / (squares + self.l2))
        past[[PADDING, UNKNOWN]] = own[[PADDING, UNKNOWN]] = 0.0
        return past, own


def _check_numbers(**numbers):
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name}: expected a whole number from 1, got {value!r}")


def _check_above_zero(**numbers):
    for name, value in numbers.items():
        if not 0 < value < np.inf:
            raise InputError(f"{name}: expected a number above 0, got {value!r}")
