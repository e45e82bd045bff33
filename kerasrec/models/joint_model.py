"""The base class of models whose score is a network over a query vector and an item vector."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.joint_scorer import JointScorer
from kerasrec.models import recommender
from kerasrec.models.predict import finite_float32, predict
from kerasrec.models.top_k import NEVER, TopK
from kerasrec.models.tower_model import TowerModel


class JointModel(TowerModel):
    """A model whose score is not a dot product, so an index cannot search it.

    A joint model supports the same operations as a retriever: all kinds of candidates in training,
    ranking of the whole catalog, checkpoint and export. It runs the head for every pair of query
    and item. For training choose "sampled" with few negatives, or "pair". With `allow`, the head
    runs only for the allowed items. The catalog is ranked a few pairs at a time, see `JointScorer`.
    The export has no `embed_user` and `embed_items`, since a dot product is not its score.

    Args:
        head: Functional model from `{"query": (n, a), "candidate": (n, b)}` to the score `(n, 1)`.
        arguments: As for `TowerModel`, without `scorer`.
    """

    def __init__(self, *, head, **arguments):
        super().__init__(scorer=JointScorer(head, name="scorer"), **arguments)
        query, item = self.query_model.output, self.item_model.output
        queries = keras.Input(query.shape[1:], dtype=query.dtype, name="queries")
        shape = (self.schema.num_items, *item.shape[1:])
        catalog = keras.Input(batch_shape=shape, dtype=item.dtype, name="catalog")
        self.catalog_model = keras.Model(
            {"queries": queries, "catalog": catalog}, self.scorer(queries, catalog, all_pairs=True)
        )

    @property
    def level(self):
        """The bias of the head's last layer, a dense layer with one unit."""
        for layer in self.scorer.head.layers:
            if isinstance(layer, keras.layers.Dense) and layer.units == 1 and layer.use_bias:
                return layer.bias
        return None

    def score_catalog(self, queries, catalog):
        if isinstance(queries, np.ndarray):
            # Called outside a graph: run as a compiled model, since eager execution is slow.
            inputs = {
                "queries": ops.convert_to_tensor(queries),
                "catalog": ops.convert_to_tensor(catalog),
            }
            scores = self.catalog_model.predict_on_batch(inputs)[: len(queries)]
            return finite_float32(scores, self.catalog_model)
        return self.scorer(queries, catalog, all_pairs=True)

    def score_pairs(self, inputs, items):
        rows, places = np.unique(np.asarray(items, "int32"), return_inverse=True)
        vectors = predict(self.item_model, {"item": rows})
        return self._score(self.encode_queries(inputs), vectors, np.arange(len(places)), places)

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None):
        """As for every model; with `allow`, only the allowed pairs are scored."""
        num_items = self.schema.num_items
        # A row of only padding allows all items. If there is one, all pairs are scored.
        whitelists = allow is not None and np.any(np.asarray(allow) != PADDING, axis=1).all()
        if not whitelists or np.shape(allow)[1] >= num_items:
            return super().top_k(inputs, k, exclude, allow, catalog)
        if not 1 <= k <= num_items - FIRST:
            raise InputError(
                f"k must be between 1 and the number of items, {num_items - FIRST}: got {k}"
            )
        if catalog is None:
            self.check_finite("top_k")
            catalog = self.encode_catalog()
        catalog = ops.convert_to_numpy(catalog)
        allow, answers = np.asarray(allow), []
        at_once = max(1, recommender.SCORES_AT_ONCE // num_items)
        for start in range(0, len(allow), at_once):
            part = slice(start, start + at_once)
            one = {name: x[part] for name, x in self.of_query(inputs).items()}
            queries = self.encode_queries(one)
            rows = allow[part]
            pairs = np.repeat(np.arange(len(rows)), rows.shape[1]), rows.ravel()
            scores = np.full((len(rows), num_items), NEVER, "float32")
            scores[pairs] = self._score(queries, catalog, *pairs)
            answers.append(TopK(k)(scores, exclude=None if exclude is None else exclude[part]))
        return tuple(
            np.concatenate([ops.convert_to_numpy(answer[name]) for answer in answers])
            for name in ("rows", "scores")
        )

    def _score(self, queries, vectors, query_index, item_index):
        """Scores of `queries[query_index]` with `vectors[item_index]`, some pairs at a time."""
        size, parts = self.scorer.pairs_at_once, []
        for start in range(0, len(query_index), size):
            part = slice(start, start + size)
            pairs = {"query": queries[query_index[part]], "candidate": vectors[item_index[part]]}
            parts.append(predict(self.scorer.head, pairs, size)[:, 0])
        return np.concatenate(parts)
