"""What a ranker reads of a request and of the item that it scores."""

import dataclasses

import keras
from keras import ops

from kerasrec.data.query_spec import ITEM, QUERY_INPUTS, query_spec, step_context
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.layers.catalog_table import CatalogTable
from kerasrec.layers.conv2d_item_encoder import Conv2DItemEncoder
from kerasrec.layers.embedding_table import EmbeddingTable
from kerasrec.layers.field_vectors import FieldVectors
from kerasrec.layers.step_context import StepContext
from kerasrec.models.crosses import Crosses
from kerasrec.models.history_inputs import TIME_GAP_BUCKETS
from kerasrec.models.query_input import feature_input, query_input
from kerasrec.models.rate_logits import rate_logits
from kerasrec.models.user_inputs import after_lookup

# Share of the histories that are read without behaviors, and without times, in training.
CONTEXT_DROPOUT = 0.1
NUMBERS = ("number", "vector")
# Length of the vector of a picture.
PICTURE_DIM = 32
# A later position has the bias of this one.
LAST_POSITION = 100


class RankerInputs:
    """Keras inputs of a ranker, and the vectors of its fields.

    The fields are the user and the item, where the data has them, their features, and the features
    of the request. Features of users and items are looked up by row, see `CatalogTable`.

    Args:
        schema: `Schema` of the data.
        history: Whether the history is read.
        position: Whether the position is an input of training, see `Ranker`.
        l2: Of all vectors and weights of fields, see `FieldVectors`.

    Attributes:
        request: Keras inputs of the request, by name.
        item: Keras input of the item rows `(n,)`.
        catalogs: `CatalogTable`s of the features, by "user" and "item", where there are some.
        fields: The fields of the request, the crosses, and then the fields of the item, as
            `FieldVectors` takes them.
        fold: Keras input of the fold of a train row, where a cross has a label; else None.

    Example:

    >>> from kerasrec.data.schema import Schema, Task
    >>> from kerasrec.models.ranker_inputs import RankerInputs
    >>> RankerInputs(Schema(num_users=9, num_items=7, tasks=(Task("click"),))).vectors(4).shape
    (None, 2, 4)
    """

    def __init__(self, schema, history=False, position=False, l2=0.0):
        self.schema, self._l2, self._pictures = schema, l2, {}
        spec = query_spec(schema)
        read = [name for name, each in spec.items() if _is_read(schema, each, history)]
        self.request = {
            name: query_input(name) if name in QUERY_INPUTS else feature_input(spec[name])
            for name in read
        }
        self.item = keras.Input((), dtype="int32", name=ITEM)
        self.position = keras.Input((), dtype="int32", name="position") if position else None
        self.catalogs = {
            side: CatalogTable(rows, features, rows_of=f"{side}s", name=f"{side}_catalog")
            for side, rows, features in (
                ("user", schema.num_users, _plain(schema.user_features)),
                ("item", schema.num_items, _plain(schema.item_features)),
            )
            if features and rows > FIRST
        }
        self._found = {}
        self._request_fields, self._request_values = self._fields("user", self.request.get("user"))
        self._request_fields += _plain(schema.context_features)
        self._request_values |= {f.name: self.request[f.name] for f in schema.context_features}
        self._item_fields, self._item_values = self._fields("item", self.item)
        self.fold = None
        if any(cross.label is not None for cross in schema.crosses):
            self.fold = keras.Input((), dtype="int32", name="fold")
        self.crosses = Crosses(schema.crosses, self._columns(), self.fold)
        self._request_fields += self.crosses.fields
        kinds = {task.name: task.kind for task in schema.tasks}
        for cross in schema.crosses:
            value = self.crosses.values[cross.name]
            if cross.label is not None:
                value = rate_logits(value, kinds[cross.label])
            self._request_values[cross.name] = value
        self.fields = self._request_fields + self._item_fields
        if not self.fields:
            raise InputError(
                "the data has no users, no items and no features of the request: give columns of "
                "at least one of them"
            )
        # Here, before layers are made of a number of labels.
        if not schema.tasks:
            raise InputError(
                "a ranker learns from impressions, and this schema has no labels: build it with "
                "the schema of Impressions, or in a config give data.impressions"
            )
        if not self.request:
            raise InputError(
                "the data has no users, no history and no features of the request: every request "
                "would get the same answer; give columns of at least one of them"
            )
        self._vectors = {}

    @property
    def num_item_fields(self):
        """How many of the `fields`, at their end, are of the item."""
        return len(self._item_fields)

    def vectors(self, dim, name="vectors", numbers=True):
        """Vectors of all fields `(batch, fields, dim)`, those of the item last.

        Args:
            dim: Length of the vectors.
            name: Of the tables; with another name they are others.
            numbers: False leaves out the fields of `numbers()`; the result may then be None.
        """
        if not numbers:
            fields = [field for field in self.fields if field["kind"] not in NUMBERS]
            values = {**self._request_values, **self._item_values}
            return FieldVectors(fields, dim, l2=self._l2, name=name)(values) if fields else None
        parts = []
        if self._request_fields:
            layer = FieldVectors(self._request_fields, dim, l2=self._l2, name=f"request_{name}")
            parts.append(layer(self._request_values))
        if self._item_fields:
            parts.append(self._item_layer(dim, name)(self._item_values))
        return ops.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]

    def numbers(self):
        """All numbers and given vectors in a row `(batch, width)`; None without one."""
        values = {**self._request_values, **self._item_values}
        fields = [field for field in self.fields if field["kind"] in NUMBERS]
        parts = [
            values[field["name"]][:, None] if field["kind"] == "number" else values[field["name"]]
            for field in fields
        ]
        return ops.concatenate(parts, axis=1) if len(parts) > 1 else (parts or [None])[0]

    def linear(self, name="linear"):
        """The sum of a weight for each value of each field `(batch,)`, which starts at 0."""
        values = {**self._request_values, **self._item_values}
        return ops.sum(FieldVectors(self.fields, 1, 0.0, self._l2, name=name)(values), axis=(1, 2))

    def target(self, dim, name="vectors"):
        """The item as one vector `(batch, item fields * dim)`, from the tables of `vectors`."""
        return _flat(self._item_layer(dim, name)(self._item_values))

    def steps(self, dim, name="vectors"):
        """The steps of the history `(batch, length, item fields * dim)` as `target`; a mask.

        Vectors of the behavior and of the time since the step before are added where the data has
        them, see `StepContext`.
        """
        history = self.request["history"]
        _, values = self._fields("item", history)
        context = {one.name: self.request[one.name] for one in step_context(self.request)}
        add = StepContext(
            self.schema.num_behaviors,
            TIME_GAP_BUCKETS if self.schema.timed else 0,
            CONTEXT_DROPOUT,
            name="step_context",
        )
        steps = add(_flat(self._item_layer(dim, name)(values)), **context)
        return steps, ops.not_equal(history, 0)

    def model(self, outputs, name=None):
        """A Keras model from the request and the item to `outputs`, as for no row of training."""
        asked = {**self.request, ITEM: self.item}
        if self.fold is not None:
            trained = keras.Model({**asked, "fold": self.fold}, outputs)
            outputs = trained({**asked, "fold": ops.zeros_like(self.item)})
        return keras.Model(asked, outputs, name=name)

    def given_model(self, outputs, name):
        """As `model`, of the features of the user as inputs; None where the data has none."""
        if "user" not in self.catalogs:
            return None
        asked = {**self.request, ITEM: self.item}
        trained = asked if self.fold is None else {**asked, "fold": self.fold}
        model = after_lookup(trained, outputs, self.catalogs["user"], self._found["user"], name)
        if self.fold is None:
            return model
        asked |= {
            key: keras.Input(x.shape[1:], dtype=x.dtype, name=key)
            for key, x in model.input.items()
            if key not in trained
        }
        return keras.Model(asked, model({**asked, "fold": ops.zeros_like(self.item)}), name=name)

    def position_bias(self, task):
        """A learned number for each position `(batch,)`; 0 where it is not known."""
        table = EmbeddingTable(LAST_POSITION + 1, 1, 0.0, name=f"{task}_position")
        return table(ops.clip(self.position, 0, LAST_POSITION))[:, 0]

    def _columns(self):
        """The categories that a cross may be made of: tensor and number of rows, by column."""
        fields = self._request_fields + self._item_fields
        values = {**self._request_values, **self._item_values}
        return {
            field["name"]: (values[field["name"]], field["size"])
            for field in fields
            if field["kind"] == "category"
        }

    def _item_layer(self, dim, name):
        if not self._item_fields:
            raise InputError("the data has no items, and the model compares items")
        key = f"item_{name}"
        if key not in self._vectors:
            self._vectors[key] = FieldVectors(self._item_fields, dim, l2=self._l2, name=key)
        return self._vectors[key]

    def _fields(self, side, rows):
        """The fields of users or items, and their values for some rows."""
        size = getattr(self.schema, f"num_{side}s")
        if size <= FIRST:
            return [], {}
        fields = [
            {"name": side, "kind": "category", "size": size, "length": 1, "rows_of": f"{side}s"}
        ]
        values = {side: rows}
        if side in self.catalogs:
            found = self._found[side] = self.catalogs[side](rows)
            for feature in self.catalogs[side].features:
                name = f"{side}_{feature['name']}"
                fields.append({**feature, "name": name})
                values[name] = found[feature["name"]]
                if feature["kind"] == "image":
                    fields[-1] |= {"kind": "vector", "size": PICTURE_DIM}
                    values[name] = self._picture(name)(values[name])
        return fields, values

    def _picture(self, name):
        if name not in self._pictures:
            layer = Conv2DItemEncoder(PICTURE_DIM, name=f"{name}_encoder")
            self._pictures[name] = layer
        return self._pictures[name]


def _plain(features):
    return [dataclasses.asdict(feature) for feature in features]


def _is_read(schema, each, history):
    if each.per_step:
        return history
    return each.name != "user" or schema.num_users > FIRST


def _flat(vectors):
    *batch, fields, dim = vectors.shape
    return keras.layers.Reshape((*(-1 for _ in batch[1:]), fields * dim))(vectors)
