"""Shape: a score that a network reads off a query vector and an item vector together."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.errors import InputError
from kerasrec.layers.joint_scorer import JointScorer
from kerasrec.models import recommender
from kerasrec.models.predict import finite, predict
from kerasrec.models.top_k import NEVER, TopK
from kerasrec.models.tower_model import TowerModel


class Ranker(TowerModel):
    """A model whose score is no dot product: it ranks pairs and cannot be searched.

    A ranker does what a retriever does: candidates of every kind in training, ranking of the whole
    catalog, checkpoint and export. The price is one run of the head for every pair. For training
    choose "sampled" with few negatives, or "pair". Where `allow` names some items, the head runs
    for those alone. A catalog is ranked a few pairs at a time, see `JointScorer`. The export has no
    `embed_user` and `embed_items`, since their dot product would mean nothing.

    Args:
        head: Functional model from `{"query": (n, a), "candidate": (n, b)}` to the score `(n, 1)`.
        The others as of `TowerModel`, without `scorer`.
    """

    def __init__(self, *, head, **arguments):
        super().__init__(scorer=JointScorer(head, name="scorer"), **arguments)
        one, other = self.query_model.output, self.item_model.output
        queries = keras.Input(one.shape[1:], dtype=one.dtype, name="queries")
        shape = (self.schema.num_items, *other.shape[1:])
        catalog = keras.Input(batch_shape=shape, dtype=other.dtype, name="catalog")
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
            # Not traced into a graph, as the export does: compiled here, or each pair costs Python.
            given = {"queries": ops.convert_to_tensor(queries), "catalog": catalog}
            scores = self.catalog_model.predict_on_batch(given)[: len(queries)]
            return finite(scores, self.catalog_model)
        return self.scorer(queries, catalog, all_pairs=True)

    def score_pairs(self, inputs, items):
        rows, places = np.unique(np.asarray(items, "int32"), return_inverse=True)
        vectors = predict(self.item_model, {"item": rows})
        return self._score(self.encode_queries(inputs), vectors, np.arange(len(places)), places)

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None):
        """As of every model; of the pairs only the allowed ones are scored."""
        num_items = self.schema.num_items
        # A row of padding alone is no whitelist: everything is scored for it, and so for all.
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
            queries = self.encode_queries({name: inputs[name][part] for name in self.query_inputs})
            rows = allow[part]
            pairs = np.repeat(np.arange(len(rows)), rows.shape[1]), rows.ravel()
            scores = np.full((len(rows), num_items), NEVER, "float32")
            scores[pairs] = self._score(queries, catalog, *pairs)
            answers.append(TopK(k)(scores, exclude=None if exclude is None else exclude[part]))
        return tuple(
            np.concatenate([ops.convert_to_numpy(answer[name]) for answer in answers])
            for name in ("rows", "scores")
        )

    def _score(self, queries, vectors, one, other):
        """Scores of `queries[one]` with `vectors[other]`, a few at a time."""
        size, parts = self.scorer.pairs_at_once, []
        for start in range(0, len(one), size):
            part = slice(start, start + size)
            pairs = {"query": queries[one[part]], "candidate": vectors[other[part]]}
            parts.append(predict(self.scorer.head, pairs, size)[:, 0])
        return np.concatenate(parts)
