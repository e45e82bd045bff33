"""The base class of models that score an item in a request: the second stage."""

import math

import keras
import numpy as np
from keras import ops

from kerasrec.data import host_arrays
from kerasrec.data.impression_batches import rows
from kerasrec.data.query_spec import ITEM
from kerasrec.errors import InputError
from kerasrec.layers.field_vectors import FieldVectors
from kerasrec.layers.task_bias import TaskBias
from kerasrec.layers.uncertainty_weights import UncertaintyWeights
from kerasrec.models.calibrations import Calibrations
from kerasrec.models.checks.check_train import check_impressions
from kerasrec.models.group_contributions import feature_groups, group_contributions
from kerasrec.models.predict import predict
from kerasrec.models.product_logit import with_products
from kerasrec.models.recommender import Recommender
from kerasrec.models.task_blend import blended, checked_blend, linked
from kerasrec.models.trained_on import TrainedOn

# Pairs of a request and an item that are scored at a time, for each number of the widest layer.
NUMBERS_AT_ONCE = 2**22


class Ranker(Recommender):
    """A model that learns from `Impressions`: what an item is worth in one request.

    A zoo model makes its blocks from `RankerInputs` and hands over a logit for each task. The score
    is a blend of what the tasks predict:

        score = product over tasks of prediction ** weight

    It reads the features of the request as a query's inputs, so `recommend`, `score` and the export
    take them by name. The whole catalog can be ranked; a large one is left to `TwoStage`.

    Args:
        schema: `Schema` of impressions, with `tasks`.
        inputs: `RankerInputs` of the schema.
        logits: `(batch,)` by task.
        blend: Weight of each task in the score; None is the first task alone. A task of kind
            rating, which may be negative, cannot be blended with others.
        given: `{"purchase": "click"}`: the logit of purchase is that of its probability after a
            click, and its prediction is the product of both. Both are binary.

    With `position` of the inputs each task has a bias for each position in training. It is left out
    of all predictions: they are those at no position. With `uncertainty` the weights of the tasks'
    losses are learned, see `UncertaintyWeights`: compile each task with `UncertaintyWeighted`.

    Raises:
        InputError: for a blend of unknown tasks.
    """

    context_read = False

    def __init__(
        self, *, schema, inputs, logits, blend=None, given=None, uncertainty=False, name=None
    ):
        self._check(schema, logits)
        biases = {task.name: TaskBias(name=f"{task.name}_bias") for task in schema.tasks}
        logits = {task.name: biases[task.name](logits[task.name]) for task in schema.tasks}
        trained, outputs = {**inputs.request, ITEM: inputs.item}, logits
        if inputs.fold is not None:
            trained["fold"] = inputs.fold
        if inputs.position is not None:
            trained["position"] = inputs.position
            outputs = {task: one + inputs.position_bias(task) for task, one in outputs.items()}
        given = given or {}
        logits, outputs = with_products(logits, given), with_products(outputs, given)
        calibrations = Calibrations(schema.tasks)
        if uncertainty:
            outputs = UncertaintyWeights(list(outputs), name="uncertainty")(outputs)
        logits = calibrations(logits)
        known = inputs.given_model(logits, name="given_logit_model")
        asked = None
        if known is not None:
            asked = {
                key: keras.Input(x.shape[1:], dtype=x.dtype, name=key)
                for key, x in known.input.items()
                if key != ITEM
            }
            asked = keras.Model(asked, dict(asked), name="given_query_model")
        super().__init__(
            schema=schema,
            inputs=trained,
            outputs=outputs,
            query_model=keras.Model(inputs.request, dict(inputs.request), name="query_model"),
            given_query_model=asked,
            name=name,
        )
        self.blend = checked_blend(blend, schema.tasks)
        self.given = given
        self.biases = biases
        self.calibrations = calibrations
        self.logit_model = inputs.model(logits, name="logit_model")
        self.given_logit_model = known
        self.learns_weights = uncertainty
        self.crosses = inputs.crosses
        self.item_catalog = inputs.catalogs.get("item")
        self.user_catalog = inputs.catalogs.get("user")
        widest = max(
            math.prod(n or schema.history_length for n in one.shape[1:])
            for one in keras.tree.flatten([node.output for node in self.operations])
        )
        self._pairs_at_once = max(1, NUMBERS_AT_ONCE // widest)

    @property
    def tasks(self):
        """The `Task`s, in the order of the data."""
        return self.schema.tasks

    @property
    def capabilities(self):
        found = {"users"}
        found |= {"histories"} if "history" in self.query_inputs else set()
        found |= {"cold_items"} if self.item_catalog is not None else set()
        return frozenset(found)

    @property
    def candidate_weights(self):
        # Calibrations describe weights that are about to be trained, and the data.
        return [*self.crosses.weights, *self.calibrations.weights]

    def moved_rows(self, old):
        rows = self.crosses.rows_of(old.crosses)
        tables = [one.tables for one in self._flatten_layers() if isinstance(one, FieldVectors)]
        # A cross with a label is read as its count and rate, and has no table.
        return {
            id(each[name].embeddings): rows[name]
            for each in tables
            for name in rows.keys() & each.keys()
        }

    @property
    def features_read(self):
        sides = (self.user_catalog, self.item_catalog)
        return tuple(
            {feature["name"] for feature in side.features} if side is not None else set()
            for side in sides
        )

    def adapt(self, train):
        """Takes vocabularies, features, histories and the mean of each label.

        Args:
            train: `Impressions` of the train part only.

        Raises:
            InputError: if the data does not fit the schema, has no row, or a label without values.
        """
        check_impressions(self, train)
        self.users, self.items = train.users, train.items
        self.behaviors = train.past.behaviors if train.past is not None else None
        self.context = dict(train.encoders)
        self.histories = train.histories()
        vocabularies = train.users.vocabulary, train.items.vocabulary
        record = TrainedOn.of_rows(train.user, train.item, *vocabularies)
        if self.trained_on is not None and self.trained_on.learned:
            record = record.after(self.trained_on)
        self.trained_on = record
        for side, catalog in ((self.user_catalog, train.users), (self.item_catalog, train.items)):
            if side is not None:
                side.assign(catalog.columns)
        self.crosses.adapt(train)
        self.calibrations.adapt(train)
        for task in self.tasks:
            labels = train.labels[task.name]
            if task.name in self.given:
                labels = labels[train.labels[self.given[task.name]] == 1]
            self.biases[task.name].start_at(labels, task.kind)

    def encode_queries(self, inputs):
        """The inputs themselves: a ranker has no query vector."""
        return {name: np.asarray(x) for name, x in self.of_query(inputs).items()}

    def encode_catalog(self):
        """The rows of all items `(rows,)` int32."""
        return np.arange(self.schema.num_items, dtype="int32")

    @property
    def feature_groups(self):
        return feature_groups(self)

    def group_contributions(self, queries, rows, catalog=None):
        return group_contributions(self, queries, rows)

    def score_catalog(self, queries, catalog):
        size = len(next(iter(queries.values()))) if _is_numpy(queries) else None
        if size is not None:
            rows = np.broadcast_to(ops.convert_to_numpy(catalog), (size, len(catalog)))
            return self.score_candidates(queries, rows)
        return self._score_all(queries, catalog)

    def score_rows(self, queries, catalog, rows):
        return self.blended(self.score_tasks(queries, rows))

    def score_pairs(self, inputs, items):
        return self.blended(self.predict_tasks(inputs, items))

    def score_items(self, inputs, items):
        catalog = np.asarray(items, "int32")
        return self.score_catalog(self.encode_queries(inputs), catalog).astype("float64").T

    def predict_tasks(self, inputs, items):
        """What each task predicts `(n,)` float32 for n queries with one item row each, by task."""
        logits = self._logits(inputs, items)
        return {name: ops.convert_to_numpy(x) for name, x in self.linked(logits).items()}

    def _logits(self, inputs, items):
        inputs = {**self.encode_queries(inputs), ITEM: np.asarray(items, "int32")}
        size, model = self._pairs_at_once, self._logit_model_of(inputs)
        parts = [
            predict(model, {name: x[start : start + size] for name, x in inputs.items()})
            for start in range(0, len(inputs[ITEM]), size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _logit_model_of(self, inputs):
        return self.given_logit_model if self.brings_features(inputs) else self.logit_model

    def calibrate(self, data, method="platt"):
        """Fits the probabilities to `Impressions` that were not trained on, see `Calibrations`."""
        self.calibrations.fit(self, data, method)

    def predict_impressions(self, data, batch_size=8192):
        """What each task predicts `(n,)` for the rows of `Impressions`, by task."""
        logits = self.predict_logits(data, batch_size)
        return {name: ops.convert_to_numpy(x) for name, x in self.linked(logits).items()}

    def predict_logits(self, data, batch_size=8192):
        """The logits of each task `(n,)` float32 for the rows of `Impressions`, by task."""
        parts = []
        for start in range(0, len(data), batch_size):
            x = self.inputs_of(data.select(slice(start, start + batch_size)))
            parts.append(self._logits(x, x[ITEM]))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def inputs_of(self, data):
        """The inputs of a request and "item" by name, for the rows of `Impressions`."""
        names, length = (*self.query_inputs, ITEM), self.schema.history_length
        return rows(host_arrays, data, names, length)[1](np.arange(len(data)), length)

    def score_candidates(self, queries, rows, of_pairs=None):
        """Scores `(n, m)` of n queries with m item rows each.

        Args:
            queries: As of `encode_queries`.
            rows: Item rows `(n, m)`.
            of_pairs: Inputs `(n, m)` by name that differ by item, such as a retriever's score.
        """
        of_pairs = of_pairs or {}
        if _is_numpy(queries):
            rows = ops.convert_to_numpy(rows)
            n, m = rows.shape
            repeated = {name: np.repeat(x, m, axis=0) for name, x in queries.items()}
            for name, x in of_pairs.items():
                repeated[name] = ops.convert_to_numpy(x).reshape(-1)
            return self.score_pairs(repeated, rows.reshape(-1)).reshape(n, m)

        def score_query(given):
            # A query at a time: the histories of all pairs of many queries may not fit into memory.
            return self._score_flat(*keras.tree.map_structure(lambda x: x[None], given))[0]

        return ops.map(score_query, (queries, rows, of_pairs))

    def _score_flat(self, queries, rows, of_pairs):
        n, m = ops.shape(rows)[0], ops.shape(rows)[1]
        repeated = {name: ops.repeat(x, m, axis=0) for name, x in queries.items()}
        repeated |= {name: ops.reshape(x, (-1,)) for name, x in of_pairs.items()}
        scores = self.blended(self.score_tasks(repeated, ops.reshape(rows, (-1,))))
        return ops.reshape(scores, (n, m))

    def linked(self, logits):
        """Predictions by task from logits by task, see `Task`."""
        return linked(self.tasks, logits)

    def blended(self, predictions):
        """The score `(n,)` from predictions by task."""
        return blended(self.blend, predictions)

    def score_tasks(self, queries, rows, catalog=None):
        return self.linked(self._logit_model_of(queries)({**queries, ITEM: rows}))

    def _score_all(self, queries, catalog):
        """Scores of a graph: a query at a time, and of it a chunk of the catalog."""
        num_rows = catalog.shape[0]
        num_chunks = -(-num_rows // self._pairs_at_once)
        width = -(-num_rows // num_chunks)
        chunks = ops.reshape(
            ops.pad(catalog, [[0, num_chunks * width - num_rows]]), (num_chunks, width)
        )

        def score_query(query):
            query = {name: x[None] for name, x in query.items()}

            def score_chunk(rows):
                return self._score_flat(query, rows[None], {})[0]

            return ops.reshape(ops.map(score_chunk, chunks), (-1,))[:num_rows]

        return ops.map(score_query, queries)

    def _check(self, schema, logits):
        name = type(self).__name__
        if set(logits) != {task.name for task in schema.tasks}:
            raise InputError(
                f"{name}: logits of {', '.join(logits)}, and the tasks are "
                f"{', '.join(task.name for task in schema.tasks)}"
            )


def _is_numpy(queries):
    return isinstance(next(iter(queries.values())), np.ndarray)
