"""What models with item vectors share: a query model, an item tower, a scorer, candidates."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.vocabulary import UNKNOWN
from kerasrec.errors import InputError
from kerasrec.layers.content_encoder import CODE
from kerasrec.models.catalog_cache import CatalogCache
from kerasrec.models.item_statistics import STATISTICS, item_statistics
from kerasrec.models.item_tower import ItemTower
from kerasrec.models.make_candidates import make_candidates
from kerasrec.models.predict import predict
from kerasrec.models.recommender import Recommender
from kerasrec.tables.rows import vocabulary_of

ENCODED_AT_ONCE = 1024


class TowerModel(Recommender):
    """Abstract: a score is read off a query vector and an item vector by a scorer.

    The constructor of a zoo model makes the blocks, wires both sides and hands them over; this
    class chooses the candidates of the loss and makes the training graph. The query model and the
    item tower that are trained are those that are evaluated and exported.

    Args:
        schema: `Schema` of the data.
        inputs: Dict of the Keras inputs of a query, by the names of `kerasrec.data.query_spec`.
        query: Query vector `(batch, dim)`.
        training_query: What is trained, where it differs: `(batch, length, dim)` for a model that
            learns from every position of a history.
        item_encoder: Functional model from `{"item": rows, "count": counts, **features}`, or a part
            of these, to item vectors: see `ItemInputs`.
        catalog: The `CatalogTable` of `item_table(schema)`.
        scorer: Scores a query vector with an item vector: `DotScorer` or `JointScorer`.
        candidates: What an observed item is trained against: "pair" (nothing, for ratings),
            "in_batch", "sampled" uniformly, "sampled_by_popularity" (log-uniform by rank), or
            "all" items.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Correct "in_batch" and the sampled kinds for how often an item is drawn.
        train_only: Dict of Keras inputs that `training_query` reads besides those of a query.
        user: `UserInputs`, where the query reads the features of users.
        code: `FeatureCode` that fills the column "content_code" of the catalog at `adapt`.
        training: `(inputs, logits)` of the training graph, where a batch holds something else than
            queries and their items; or a function from the candidates layer, which maps query
            vectors and item rows to logits, to that pair.

    Output of the training graph: `logits` `(..., 1 + n)`, the observed item in column 0.

    A model of ratings ("pair") with a `level` starts at the mean of the train values, or at its
    logit where the values are labels 0 and 1.

    Raises:
        InputError: for "pair" with a history, and a training query whose rank does not fit `steps`.
    """

    def __init__(
        self,
        *,
        schema,
        inputs,
        query,
        item_encoder,
        catalog,
        scorer,
        candidates,
        num_negatives=1024,
        log_q=True,
        training_query=None,
        train_only=None,
        user=None,
        code=None,
        training=None,
        name=None,
    ):
        training_query = query if training_query is None else training_query
        self._check_query(inputs, training_query, candidates, training)
        targets = (None,) if self.steps == "set" else training_query.shape[1:-1]
        target = keras.Input(targets, dtype="int32", name="item")
        tower = ItemTower(catalog, item_encoder, name="item_tower")
        tower(keras.Input((), dtype="int32"))
        layer = make_candidates(candidates, schema.num_items, num_negatives, log_q)

        def logits_of(query, item):
            # A dot product is what the candidates take by default, and it has no weights.
            own = scorer if isinstance(scorer, keras.layers.Layer) else None
            return layer(query, item, item_model=tower, scorer=own)

        if training is None:
            read = {**inputs, **(train_only or {}), "item": target}
            training = read, logits_of(training_query, target)
        elif callable(training):
            training = training(logits_of)
        given = None
        if user is not None:
            given = user.after_lookup(inputs, query, name="given_query_model")
        super().__init__(
            schema=schema,
            inputs=training[0],
            outputs=training[1],
            query_model=keras.Model(inputs, query, name="query_model"),
            given_query_model=given,
            name=name,
        )
        self.candidates = candidates
        self.num_negatives = num_negatives
        self.log_q = log_q
        self.candidate_layer = layer
        self.scorer = scorer
        self.catalog = catalog
        self.user_catalog = None if user is None else user.catalog
        self.code = code
        self._started_at = 0.0
        self._catalog_cache = CatalogCache()
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
        if STATISTICS in self.catalog.tables:
            columns[STATISTICS] = item_statistics(train)
        self.catalog.assign(columns)
        if self.user_catalog is not None:
            self.user_catalog.assign(train.users.columns)
        self.candidate_layer.adapt(counts)
        self._start_at_the_mean(train)

    @property
    def predicts_values(self):
        return self.candidates == "pair"

    @property
    def values_read(self):
        found = super().values_read
        if STATISTICS not in self.catalog.tables:
            return found
        of_items = "mean and deviation of each item"
        return of_items if found is None else f"{found}; {of_items}"

    @property
    def features_read(self):
        own = set(self.item_tower.encoder.input)
        if CODE in own and self.code is not None:
            own |= {feature["name"] for feature in self.code.features}
        profile = () if self.user_catalog is None else self.user_catalog.features
        return {feature["name"] for feature in profile}, own

    @property
    def candidate_weights(self):
        shared = {id(weight) for weight in self.item_tower.weights}
        if isinstance(self.scorer, keras.layers.Layer):
            shared |= {id(weight) for weight in self.scorer.weights}
        return [weight for weight in self.candidate_layer.weights if id(weight) not in shared]

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
        first_seen = (then == 0) & (now > 0)
        count.assign(np.where(first_seen, now, then))
        for weight in self.trainable_weights:
            if vocabulary_of(weight) == "items":
                rows = np.array(ops.convert_to_numpy(weight))
                rows[first_seen] = rows[UNKNOWN]
                weight.assign(rows)
        return old

    def encode_catalog(self):
        """Vectors `(rows, dim)` float32 of all items, kept until a weight of the tower changes."""
        return self._catalog_cache.get(self.item_tower.weights, self._encode_catalog)

    def score_catalog(self, queries, catalog):
        return self.scorer.score_all(queries, catalog)

    def score_rows(self, queries, catalog, rows):
        return self.scorer.score_pairs(queries, ops.take(catalog, rows, axis=0))

    def score_pairs(self, inputs, items):
        vectors = predict(self.item_model, {"item": np.asarray(items, "int32")})
        return ops.convert_to_numpy(self.scorer.score_pairs(self.encode_queries(inputs), vectors))

    def _encode_catalog(self):
        rows = np.arange(self.schema.num_items, dtype="int32")
        return ops.convert_to_tensor(predict(self.item_model, {"item": rows}))

    def _check_query(self, inputs, training_query, candidates, training):
        name = type(self).__name__
        if "history" not in inputs:
            return
        if candidates == "pair":
            raise InputError(
                f"{name} reads a history to find what comes next, and candidates 'pair' holds that "
                "against nothing: choose 'in_batch', 'sampled' or 'all'"
            )
        rank = len(training_query.shape)
        if training is None and self.steps == "all" and rank < 3:
            raise InputError(
                f"{name} learns from every position of a history (steps 'all') and its training "
                f"query has the shape {training_query.shape}: give training_query with one vector "
                "a step, (batch, length, dim), or set steps = 'last'"
            )
        if training is None and self.steps in ("last", "set") and rank != 2:
            raise InputError(
                f"{name} learns one vector a history (steps {self.steps!r}) and its training query "
                f"has the shape {training_query.shape}: expected (batch, dim)"
            )

    def _start_at_the_mean(self, train):
        """Sets the level to the mean value, or for labels to its logit.

        A level that training or a checkpoint has moved stays as it is.
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
