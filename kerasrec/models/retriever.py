"""Shape 1: a query vector, item vectors, a dot product."""

import dataclasses

import keras
import numpy as np
from keras import ops

from kerasrec.data.vocabulary import PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.layers.all_candidates import AllCandidates
from kerasrec.layers.catalog_table import CatalogTable
from kerasrec.layers.content_encoder import CODE, CODES
from kerasrec.layers.dot_product import DotProduct
from kerasrec.layers.dot_scorer import DotScorer
from kerasrec.layers.feature_code import FeatureCode
from kerasrec.layers.in_batch_candidates import InBatchCandidates
from kerasrec.layers.pair_candidates import PairCandidates
from kerasrec.layers.sampled_candidates import SampledCandidates
from kerasrec.models.item_tower import ItemTower
from kerasrec.models.predict import predict
from kerasrec.models.recommender import Recommender
from kerasrec.tables.rows import vocabulary_of

# Of the mean eigenvalue: items that say the same share what they say.
RIDGE = 0.01
ENCODED_AT_ONCE = 1024
CANDIDATES = ("pair", "in_batch", "sampled", "sampled_by_popularity", "all")


class Retriever(Recommender):
    """A model whose score is one dot product, so that it can be served by a vector search.

    The constructor of a zoo model makes the blocks, wires the query and hands both sides over;
    this class chooses the candidates of the loss and makes the training graph. What is trained,
    evaluated and exported is the same query model and the same item tower.

    Args:
        schema: `Schema` of the data.
        query_inputs: Dict of Keras inputs, among `user` `(batch,)` and `history`, `behavior` and
            `time_gap` `(batch, length)`.
        query: Query vector `(batch, dim)` at the end of the history.
        training_query: What is trained, where it differs: `(batch, length, dim)` for a model that
            learns from every position.
        item_encoder: Functional model from `{"item": rows, **features}` to item vectors.
        catalog: The `CatalogTable` of `item_table(schema)`.
        candidates: What an observed item is held against: "pair" (nothing, for ratings of a model
            that reads no history),
            "in_batch", "sampled" uniformly, "sampled_by_popularity" (log-uniform by rank) or "all"
            items.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn.
        user_catalog: The `CatalogTable` of `user_table(schema)`, where the query reads it.
        scorer: For `Ranker`, whose score is no dot product.
        code: `FeatureCode` that fills the catalogue's column "content_code" at `adapt`.
        training: `(inputs, logits)` of the training graph, where a batch holds something else than
            queries and their items; or a function that gives both and is given the candidates,
            from query vectors and item rows to logits.

    Class attribute:
        bias_columns: How many of the last numbers of an item's vector say how much it is liked by
            all, and not what it is like: biases and popularity.

    A model of ratings ("pair") that has a `level` starts at the mean of the train values, or at its
    logit where they are labels, 0 and 1: what is learnt is how users and items depart from it.

    Output of the training graph: `logits` `(..., 1 + n)`, the observed item first.
    """

    searchable = True
    bias_columns = 0

    def __init__(
        self,
        *,
        schema,
        query_inputs,
        query,
        item_encoder,
        catalog,
        candidates,
        num_negatives=1024,
        log_q=True,
        training_query=None,
        user_catalog=None,
        scorer=None,
        code=None,
        training=None,
        name=None,
    ):
        if candidates == "pair" and "history" in query_inputs:
            raise InputError(
                f"{type(self).__name__} reads a history to find what comes next, and candidates "
                "'pair' holds that against nothing: choose 'in_batch', 'sampled' or 'all'"
            )
        training_query = query if training_query is None else training_query
        targets = (None,) if self.steps == "set" else training_query.shape[1:-1]
        target = keras.Input(targets, dtype="int32", name="item")
        tower = ItemTower(catalog, item_encoder, name="item_tower")
        tower(keras.Input((), dtype="int32"))
        chosen = _make_candidates(candidates, schema.num_items, num_negatives, log_q)
        if training is None:
            logits = chosen(training_query, target, item_model=tower, scorer=scorer)
            training = {**query_inputs, "item": target}, logits
        elif callable(training):
            training = training(
                lambda query, item: chosen(query, item, item_model=tower, scorer=scorer)
            )
        super().__init__(
            schema=schema,
            inputs=training[0],
            outputs=training[1],
            query_model=keras.Model(query_inputs, query, name="query_model"),
            name=name,
        )
        self.candidates = candidates
        self.num_negatives = num_negatives
        self.log_q = log_q
        self.candidate_layer = chosen
        self.scorer = scorer or DotScorer()
        self.catalog = catalog
        self.user_catalog = user_catalog
        self.code = code
        self._started_at = 0.0
        self.item_tower = tower
        rows = keras.Input((), dtype="int32", name="item")
        self.item_model = keras.Model({"item": rows}, tower(rows), name="item_model")

    def adapt(self, train):
        super().adapt(train)
        counts = train.item_counts()
        columns = {**train.items.columns, "count": counts.astype("float32")}
        if self.code is not None:
            self.code.adapt({name: column[counts > 0] for name, column in columns.items()})
            columns[CODE] = self._codes(columns)
        self.catalog.assign(columns)
        if self.user_catalog is not None:
            self.user_catalog.assign(train.users.columns)
        self.candidate_layer.adapt(counts)
        self._start_at_the_mean(train)

    @property
    def predicts_values(self):
        return self.candidates == "pair"

    @property
    def level(self):
        """The weight that is part of every score, None for a model without one."""
        for layer in self.query_model.layers:
            if isinstance(layer, DotProduct) and layer.global_bias:
                return layer.mean
        return None

    @property
    def features_read(self):
        own = set(self.item_tower.encoder.input)
        if CODE in own and self.code is not None:
            own |= {feature["name"] for feature in self.code.features}
        profile = () if self.user_catalog is None else self.user_catalog.features
        return {feature["name"] for feature in profile}, own

    @property
    def candidate_weights(self):
        used = [*self.item_tower.weights, *getattr(self.scorer, "weights", ())]
        items = {id(weight) for weight in used}
        return [weight for weight in self.candidate_layer.weights if id(weight) not in items]

    def load_rows_from(self, directory, trust=False):
        """As for every model; an item whose first interactions are new starts as the unknown row.

        That is how it was scored before. Items that the checkpoint has counted keep that count,
        and with it their alpha and their score.
        """
        count = self.catalog.tables["count"]
        now = ops.convert_to_numpy(count)
        old = super().load_rows_from(directory, trust)
        then = np.where(np.arange(len(now)) < old.num_items, ops.convert_to_numpy(count), 0.0)
        if self.code is not None:
            self.code.forget_words_beyond(old.item_features)
            self.catalog.tables[CODE].assign(self._codes(self.catalog.tables))
        woken = (then == 0) & (now > 0)
        count.assign(np.where(woken, now, then))
        for weight in self.trainable_weights:
            if vocabulary_of(weight) == "items":
                rows = np.array(ops.convert_to_numpy(weight))
                rows[woken] = rows[UNKNOWN]
                weight.assign(rows)
        return old

    def _start_at_the_mean(self, train):
        """Values are learnt from their mean on; labels, 0 and 1, from its logit.

        What training or a checkpoint has moved stays as it is.
        """
        level = self.level
        if not self.predicts_values or level is None or not level.trainable:
            return
        now = float(np.ravel(ops.convert_to_numpy(level))[0])
        if now not in (0.0, self._started_at):
            return
        mean = train.mean_value
        if 0.0 < mean < 1.0 and train.has_labels:
            mean = float(np.log(mean / (1.0 - mean)))
        level.assign(np.full(level.shape, mean))
        self._started_at = float(np.ravel(ops.convert_to_numpy(level))[0])

    def _codes(self, columns):
        """Codes of all items `(rows, code.dim)`, some at a time."""
        names = [feature["name"] for feature in self.code.features]
        columns = {name: ops.convert_to_numpy(columns[name]) for name in names}
        parts = [
            self.code(
                {name: column[start : start + ENCODED_AT_ONCE] for name, column in columns.items()}
            )
            for start in range(0, self.schema.num_items, ENCODED_AT_ONCE)
        ]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def encode_catalog(self):
        """Vectors `(rows, dim)` float32 of all items, in catalogue order."""
        rows = np.arange(self.schema.num_items, dtype="int32")
        return ops.convert_to_tensor(predict(self.item_model, {"item": rows}))

    def score_catalog(self, queries, catalog):
        return self.scorer.score_all(queries, catalog)

    def score_rows(self, queries, catalog, rows):
        return self.scorer.score_pairs(queries, ops.take(catalog, rows, axis=0))

    def score_pairs(self, inputs, items):
        vectors = predict(self.item_model, {"item": np.asarray(items, "int32")})
        return ops.convert_to_numpy(self.scorer.score_pairs(self.encode_queries(inputs), vectors))

    def content_scores(self, queries, vectors):
        """What of the scores of `vectors` `(n, k, dim)` is content's, in `keras.ops`."""
        columns = self.content_columns
        return ops.einsum("nd,nkd->nk", queries[:, columns], vectors[..., columns])

    def contributions(self, inputs, history, items):
        """As for every model.

        Of a query that reads the history, item j adds what the score loses without j. Any other
        query q is written as a sum of the history's item vectors v_j, by ridge regression: a =
        argmin |q - sum a_j v_j|^2 + lambda |a|^2; item j then adds a_j <v_j, v_i>. Biases, the last
        `bias_columns` of the vectors, are nobody's doing.
        """
        if not self.searchable:
            return super().contributions(inputs, history, items)
        if "history" in self.query_inputs:
            return self._losses_without(inputs, history, items)
        rows = np.concatenate([history, items]).astype("int32")
        vectors = predict(self.item_model, {"item": rows}).astype("float64")
        query = self.encode_queries(inputs)[0].astype("float64")
        width = len(query) - self.bias_columns
        query, past, asked = query[:width], *np.split(vectors[:, :width], [len(history)])
        gram = past.T @ past
        ridge = RIDGE * np.trace(gram) / len(gram) + 1e-12
        share = past @ np.linalg.solve(gram + ridge * np.eye(len(gram)), query)
        return asked @ past.T * share

    def _losses_without(self, inputs, history, items):
        read = np.asarray(inputs["history"])
        left = np.where(read == np.asarray(history)[:, None], PADDING, read)
        # Padding is on the right, as of every history.
        places = np.argsort(left == PADDING, axis=1, kind="stable")
        without = {"history": left} | {
            name: np.where(left == PADDING, 0, x)
            for name, x in inputs.items()
            if name in ("behavior", "time_gap")
        }
        without = {name: np.take_along_axis(x, places, axis=1) for name, x in without.items()}
        inputs = {
            name: np.concatenate([x, without.get(name, np.repeat(x, len(left), axis=0))])
            for name, x in inputs.items()
        }
        scores = self._of_all(inputs, np.asarray(items, "int32"))
        return scores[:, :1] - scores[:, 1:]

    def _of_all(self, inputs, items):
        """Scores `(m, n)` of m item rows for n queries."""
        vectors = predict(self.item_model, {"item": items})
        return vectors.astype("float64") @ self.encode_queries(inputs).T


def item_table(schema, code_dim=0):
    """The item features of a schema as a table inside the model, with the `count` column.

    With a `code_dim` also the column "content_code" of that length.
    """
    features = [dataclasses.asdict(feature) for feature in schema.item_features]
    features.append({"name": "count", "kind": "number", "size": 1, "length": 1})
    if code_dim:
        features.append({"name": CODE, "kind": "vector", "size": code_dim, "length": 1})
    return CatalogTable(schema.num_items, features, rows_of="items", name="item_catalog")


def item_code(schema, encoder, dim):
    """The `FeatureCode` of that length which a `ContentEncoder` of that name reads, or None."""
    if encoder not in CODES:
        return None
    features = [dataclasses.asdict(feature) for feature in schema.item_features]
    return FeatureCode(features, dim, CODES[encoder], name="code")


def user_table(schema):
    """The user features of a schema as a table inside the model."""
    features = [dataclasses.asdict(feature) for feature in schema.user_features]
    return CatalogTable(schema.num_users, features, rows_of="users", name="user_catalog")


def _make_candidates(kind, num_items, num_negatives, log_q):
    if kind == "pair":
        return PairCandidates(num_items, name="candidates")
    if kind == "in_batch":
        return InBatchCandidates(num_items, log_q=log_q, name="candidates")
    if kind in ("sampled", "sampled_by_popularity"):
        distribution = "uniform" if kind == "sampled" else "log_uniform"
        return SampledCandidates(
            num_items, num_negatives, distribution, log_q, seed=None, name="candidates"
        )
    if kind == "all":
        return AllCandidates(num_items, name="candidates")
    raise InputError(f"candidates must be one of {', '.join(CANDIDATES)}: got {kind!r}")
